package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;

/** What kernels are told of the memory of codes and scales together. */
class TensorStorageTest {

  @Test
  void storageIsThatOfTheMoreRestrictedPart() {
    try (Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      Tensor codes = Tensor.allocate(confined, Formats.E2M1, 2, 32);
      assertEquals(Storage.HEAP, with(codes, Tensor.allocateHeap(Formats.E8M0, 2, 1)).storage());
      assertEquals(
          Storage.SHARED, with(codes, Tensor.allocate(shared, Formats.E8M0, 2, 1)).storage());
      assertEquals(
          Storage.CONFINED,
          with(codes, Tensor.allocate(Arena.global(), Formats.E8M0, 2, 1)).storage());
    }
  }

  @Test
  void scalesThatLieApartCountAsColumnsApart() {
    Tensor codes = Tensor.allocateHeap(Formats.E2M1, 2, 64);
    Tensor rows = Tensor.allocateHeap(Formats.E8M0, 2, 2);
    assertTrue(with(codes, rows).unitColumnStride());
    assertFalse(with(codes, rows.transpose()).unitColumnStride());
  }

  private static Tensor with(Tensor codes, Tensor scales) {
    return Tensor.ofBlocks(Formats.MXFP4, codes.data(), scales, MemorySegment.NULL, codes.shape());
  }
}
