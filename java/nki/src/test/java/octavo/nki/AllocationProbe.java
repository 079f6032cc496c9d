package octavo.nki;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import octavo.Cast;
import octavo.Engine;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.spi.Overrides;
import octavo.tensor.Tensor;

/**
 * Calls instructions and conversions of layouts until they allocate nothing, and exits with 1 if
 * one still does when its patience ends. Run by {@link AllocationTest} in a virtual machine of its
 * own: what other tests did there would decide what the compiler inlines. The kernels are those
 * without vectors; those of the Vector API are guarded where they are.
 */
final class AllocationProbe {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int CALLS = 50;

  /**
   * In CPU time of this thread: on a busy machine it and the compiler's threads get little, but
   * alike.
   */
  private static final long PATIENCE = 30_000_000_000L;

  private static boolean quiet = true;

  private AllocationProbe() {}

  public static void main(String[] arguments) {
    instructions();
    products();
    layouts();
    System.exit(quiet ? 0 : 1);
  }

  /** Runs until the compiler is done, which is when nothing short-lived is an object any more. */
  private static void settle(String what, Runnable call) {
    long start = THREADS.getCurrentThreadCpuTime();
    long bytes;
    do {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        call.run();
      }
      bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    } while (bytes > 0 && THREADS.getCurrentThreadCpuTime() - start < PATIENCE);
    if (bytes > 0) {
      quiet = false;
      System.out.printf("%s: %d bytes in %d calls%n", what, bytes, CALLS);
    }
  }

  private static void instructions() {
    try (Arena arena = Arena.ofConfined()) {
      Engine engine = Engine.create(Overrides.NONE.withBackends("scalar"));
      Nisa nisa = new Nisa(NeuronCore.V4, engine, Cast.IEEE);
      MxTile tile = MxTile.allocate(arena, Formats.E4M3FN, 32, 16);
      MxTile fp4 = MxTile.allocate(arena, Formats.E2M1, 32, 16);
      Tensor psum = Tensor.allocate(arena, Formats.FP32, 16, 16);
      Tensor bf16 = Tensor.allocate(arena, Formats.BF16, 32, 16);
      Tensor turned = Tensor.allocate(arena, Formats.BF16, 16, 32);
      Tensor wide = Tensor.allocate(arena, Formats.BF16, 32, 64);
      Tensor sums = Tensor.allocate(arena, Formats.FP32, 32, 1);
      Operand vector = Operand.of(sums);
      Reduction reduction = Reduction.of(AluOperator.MAXIMUM, sums);

      settle("nc_matmul_mx", () -> nisa.ncMatmulMx(psum, tile, tile, true));
      settle("nc_matmul_mx of FP4", () -> nisa.ncMatmulMx(psum, fp4, tile, false));
      settle("nc_matmul", () -> nisa.ncMatmul(psum, bf16, bf16, true));
      settle("nc_transpose", () -> nisa.ncTranspose(turned, bf16));
      settle("quantize_mx", () -> nisa.quantizeMx(tile, wide));
      settle("tensor_copy", () -> nisa.tensorCopy(bf16, bf16));
      settle("tensor_tensor", () -> nisa.tensorTensor(bf16, bf16, bf16, AluOperator.ADD));
      settle("tensor_reduce", () -> nisa.tensorReduce(sums, AluOperator.ADD, bf16, 1, false));
      for (ActivationFunction function : ActivationFunction.values()) {
        settle(
            "activation by " + function,
            () -> nisa.activation(bf16, function, bf16, Operand.ZERO, vector));
      }
      settle(
          "activate2",
          () ->
              nisa.activate2(
                  bf16,
                  ActivationFunction.EXP,
                  bf16,
                  Operand.ONE,
                  Operand.ZERO,
                  AluOperator.MULTIPLY,
                  AluOperator.ADD,
                  Operand.ZERO,
                  false,
                  false,
                  reduction,
                  OutOfRange.NAN));
    }
  }

  /** Operands of three K tiles. */
  private static void products() {
    try (Arena arena = Arena.ofConfined()) {
      TiledMatmul matmul =
          new TiledMatmul(NeuronCore.V4, Engine.create(Overrides.NONE.withBackends("scalar")));
      Tensor dst = Tensor.allocate(arena, Formats.FP32, 5, 7);
      MxTile stationary = MxTile.allocate(arena, Formats.E4M3FN, 288, 5);
      MxTile moving = MxTile.allocate(arena, Formats.E2M1, 288, 7);
      Tensor a = Tensor.allocate(arena, Formats.BF16, 300, 5);
      Tensor b = Tensor.allocate(arena, Formats.BF16, 300, 7);
      settle("tiled product of MX tiles", () -> matmul.matmulMx(dst, stationary, moving));
      settle("tiled product", () -> matmul.matmul(dst, a, b));
      settle(
          "tiled products in turns",
          () -> {
            matmul.matmul(dst, a, b);
            matmul.matmulMx(dst, stationary, moving);
          });
    }
  }

  private static void layouts() {
    try (Arena arena = Arena.ofConfined()) {
      for (ElementFormat format :
          List.of(Formats.E2M1, Formats.E4M3FN, Formats.BF16, Formats.FP32)) {
        Tensor rows = Tensor.allocate(arena, format, 9, 640);
        Tensor columns = Tensor.allocate(arena, format, 640, 9);
        Tensor packed = Tensor.allocate(arena, format, 160, 9, 4);
        for (Interleaving order : Interleaving.values()) {
          String what = "%s %s".formatted(format, order);
          settle("pack rows " + what, () -> MxLayout.packRows(rows, order, packed));
          settle("unpack rows " + what, () -> MxLayout.unpackRows(packed, order, rows));
          settle("pack columns " + what, () -> MxLayout.packColumns(columns, order, packed));
          settle("unpack columns " + what, () -> MxLayout.unpackColumns(packed, order, columns));
        }
      }
      for (BlockFormat format : List.of(Formats.MXFP8_E4M3, Formats.MXFP4)) {
        Tensor blocks = Tensor.allocate(arena, format, 9, 544); // padded: the tile holds 640
        MxTile tile = MxTile.allocate(arena, format.element(), 160, 9);
        settle("pack " + format, () -> MxLayout.pack(blocks, tile));
        settle("unpack " + format, () -> MxLayout.unpack(tile, blocks));
      }
      Tensor scales = Tensor.allocate(arena, Formats.E8M0, 16, 9);
      Tensor tile = Tensor.allocate(arena, Formats.E8M0, 128, 9);
      settle("scatter scales", () -> MxLayout.scatterScales(scales, tile, 4));
      settle("gather scales", () -> MxLayout.gatherScales(tile, 4, scales));
    }
  }
}
