package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PackedMatrixTest {

  private static final List<Packing> PACKINGS =
      List.of(
          new Packing(1, 1, 2),
          new Packing(16, 1, 1),
          new Packing(64, 4, 1),
          new Packing(8, 2, 4),
          new Packing(6, 3, 2));

  static Stream<Format> formats() {
    return Stream.concat(Formats.elements().stream(), Formats.blocks().stream());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void holdsTheSameNumbersAndComesBackCodeForCode(Format format) {
    int columns = format instanceof BlockFormat block && !block.partialBlocks() ? 96 : 77;
    for (Packing packing : PACKINGS) {
      for (long rows : new long[] {0, 1, 5, 64, 131}) {
        Tensor source = random(format, rows, columns);
        MatrixPacker packer = MatrixPacker.of(source, packing, Arena.ofAuto());
        for (long panel = 0; panel < packer.packed().panels(); panel++) {
          packer.pack(panel);
        }
        PackedMatrix packed = packer.packed();
        for (long i = 0; i < rows; i++) {
          for (long k = 0; k < columns; k++) {
            assertEquals(source.code(i, k), packed.code(i, k));
            assertEquals(source.scale(i, k), packed.scale(i, k));
            assertEquals(source.get(i, k), packed.get(i, k));
          }
        }
        MatrixPacker back = MatrixPacker.of(packed, Arena.ofAuto());
        for (long panel = 0; panel < packed.panels(); panel++) {
          back.unpack(panel);
        }
        assertEquals(-1, source.data().mismatch(back.rows().data()));
        assertEquals(source.tensorScale(), back.rows().tensorScale());
        if (format instanceof BlockFormat) {
          assertEquals(-1, source.scales().data().mismatch(back.rows().scales().data()));
        }
      }
    }
  }

  private static Tensor random(Format format, long rows, long columns) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, rows, columns);
    SplittableRandom random = new SplittableRandom(rows * 31 + columns);
    for (long i = 0; i < rows; i++) {
      for (long k = 0; k < columns; k++) {
        tensor.setCode(random.nextInt(), i, k);
      }
    }
    if (format instanceof BlockFormat block) {
      Tensor scales = tensor.scales();
      for (long at = 0; at < scales.data().byteSize(); at++) {
        // No NaN scale: NaN differs from itself.
        scales.data().set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(0x3F));
      }
      if (block.tensorScale()) {
        tensor.setTensorScale(0.375f);
      }
    }
    return tensor;
  }

  /** The order of the codes, worked out by hand from the definition. */
  @Test
  void orderOfBytes() {
    Tensor source = Tensor.allocateHeap(Formats.E4M3FN, 5, 3);
    for (long i = 0; i < 5; i++) {
      for (long k = 0; k < 3; k++) {
        source.setCode((int) (16 * i + k), i, k);
      }
    }
    MatrixPacker packer = MatrixPacker.of(source, new Packing(4, 2, 2), Arena.ofAuto());
    packer.pack(0);
    packer.pack(1);
    // Rows 0, 2, 1, 3 in turn, two columns each.
    byte[] expected = {
      0x00, 0x01, 0x20, 0x21, 0x10, 0x11, 0x30, 0x31, 0x02, 0, 0x22, 0, 0x12, 0, 0x32, 0,
      0x40, 0x41, 0, 0, 0, 0, 0, 0, 0x42, 0, 0, 0, 0, 0, 0, 0
    };
    assertEquals(
        -1, packer.packed().data().mismatch(java.lang.foreign.MemorySegment.ofArray(expected)));
  }

  @Test
  void fourBitCodesFillBytes() {
    Tensor source = Tensor.allocateHeap(Formats.E2M1, 2, 3);
    for (long i = 0; i < 2; i++) {
      for (long k = 0; k < 3; k++) {
        source.setCode((int) (4 * i + k + 1), i, k);
      }
    }
    MatrixPacker packer = MatrixPacker.of(source, new Packing(2, 1, 1), Arena.ofAuto());
    packer.pack(0);
    byte[] expected = {0x51, 0x62, 0x73};
    assertEquals(
        -1, packer.packed().data().mismatch(java.lang.foreign.MemorySegment.ofArray(expected)));
    IllegalArgumentException odd =
        assertThrows(
            IllegalArgumentException.class,
            () -> MatrixPacker.of(source, new Packing(3, 1, 1), Arena.ofAuto()));
    assertEquals(
        "packed 3/1/1: a group of 3 codes of E2M1 ends within a byte; take an even number of rows or columns",
        odd.getMessage());
  }

  @Test
  void packingsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> new Packing(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Packing(16, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> new Packing(16, 1, 5000));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            PackedMatrix.of(
                Formats.E4M3FN,
                new Packing(16, 1, 1),
                5,
                5,
                java.lang.foreign.MemorySegment.ofArray(new byte[79]),
                null,
                1));
  }
}
