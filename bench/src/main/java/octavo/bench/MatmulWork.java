package octavo.bench;

import java.lang.foreign.Arena;
import octavo.Engine;
import octavo.format.Formats;
import octavo.tensor.Tensor;

/** One product, set up and checked: what both matmul benchmarks time. */
final class MatmulWork {

  private final Engine engine;
  private final Tensor a;
  private final Tensor b;
  private final Tensor out;

  /**
   * Sets up a product and compares it with that of the reference.
   *
   * @param backend who multiplies
   * @param formats two formats with a star between them
   * @param shape M, N and K with an x between each
   */
  MatmulWork(String backend, String formats, String shape) {
    Arena arena = Arena.ofAuto();
    String[] operands = formats.split("\\*");
    long[] mnk = sizes(shape);
    a = Workload.normal(arena, Formats.byName(operands[0]), mnk[0], mnk[2], 1);
    b = Workload.normal(arena, Formats.byName(operands[1]), mnk[1], mnk[2], 2);
    out = Tensor.allocate(arena, Formats.FP32, mnk[0], mnk[1]);
    engine = Workload.engine(backend);
    run();
    Workload.requireSameBits(out, Workload.engine("reference").matmul(a, b, arena));
  }

  Tensor run() {
    engine.matmul(a, b, out);
    return out;
  }

  /** {@return the floating-point operations of one product} */
  static double operations(String shape) {
    long[] mnk = sizes(shape);
    return 2.0 * mnk[0] * mnk[1] * mnk[2];
  }

  private static long[] sizes(String shape) {
    String[] parts = shape.split("x");
    return new long[] {
      Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2])
    };
  }
}
