package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Working memory is kept: after warm-up only small objects are made, whatever the size of tiles.
 */
class AllocationTest {

  private static final int MOST_RUNS = 3000;
  private static final long SMALL = 4096;

  /** Runs until the compiler is done, which is when no vector is an object any more. */
  private static void assertSmall(String what, Runnable instruction) {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < MOST_RUNS && least > SMALL; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      instruction.run();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertTrue(least <= SMALL, what + " allocated " + least + " bytes");
  }

  @Test
  void instructionsKeepTheirMemory() {
    try (Arena arena = Arena.ofConfined()) {
      Nisa nisa = Nisa.on(NeuronCore.V4);
      MxTile tile = MxTile.allocate(arena, Formats.E4M3FN, 128, 64);
      Tensor psum = Tensor.allocate(arena, Formats.FP32, 64, 64);
      Tensor bf16 = Tensor.allocate(arena, Formats.BF16, 128, 64);
      Tensor out = Tensor.allocate(arena, Formats.BF16, 64, 128);
      Tensor sums = Tensor.allocate(arena, Formats.FP32, 128, 1);

      assertSmall("nc_matmul_mx", () -> nisa.ncMatmulMx(psum, tile, tile, true));
      assertSmall("nc_matmul", () -> nisa.ncMatmul(psum, bf16, bf16, true));
      assertSmall("nc_transpose", () -> nisa.ncTranspose(out, bf16));
      assertSmall("tensor_tensor", () -> nisa.tensorTensor(bf16, bf16, bf16, AluOperator.ADD));
      assertSmall(
          "activation",
          () -> nisa.activation(bf16, ActivationFunction.TANH, bf16, Operand.ZERO, Operand.ONE));
      assertSmall("tensor_reduce", () -> nisa.tensorReduce(sums, AluOperator.ADD, bf16, 1, false));
    }
  }
}
