package octavo.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.List;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * What a plan remembers of a tensor, and that it recognizes the tensors it is for, and no other.
 */
class OperandTest {

  @Test
  void describesTensorsAlikeAndNoOthers() {
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      List<Tensor> tensors =
          List.of(
              Tensor.allocateHeap(Formats.BF16, 4, 8),
              Tensor.allocateHeap(Formats.FP16, 4, 8),
              Tensor.allocateHeap(Formats.BF16, 5, 8),
              Tensor.allocateHeap(Formats.BF16, 4, 9),
              Tensor.allocateHeap(Formats.BF16, 8, 4).transpose(),
              Tensor.allocate(confined, Formats.BF16, 4, 8),
              Tensor.allocate(shared, Formats.BF16, 4, 8),
              Tensor.allocate(Arena.ofAuto(), Formats.BF16, 4, 8),
              Tensor.allocate(Arena.global(), Formats.BF16, 4, 8));
      for (int i = 0; i < tensors.size(); i++) {
        for (int j = 0; j < tensors.size(); j++) {
          Operand operand = Operand.of(tensors.get(i));
          assertEquals(i == j, operand.describes(tensors.get(j)), i + " and " + j);
          assertEquals(i == j, operand.equals(Operand.of(tensors.get(j))), i + " and " + j);
        }
      }
    }
    Operand first = Operand.of(Tensor.allocateHeap(Formats.BF16, 2, 3, 8));
    assertEquals(true, first.describes(Tensor.allocateHeap(Formats.BF16, 6, 8)));
    assertEquals("BF16 [6 x 8] heap", first.toString());
    assertEquals(
        "FP32 [3 x 2] strided",
        Operand.of(Tensor.allocate(Arena.ofAuto(), Formats.FP32, 2, 3).transpose()).toString());
  }
}
