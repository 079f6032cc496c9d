package octavo.bench;

import java.lang.foreign.Arena;
import java.util.Random;
import octavo.Engine;
import octavo.Quantization;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.spi.Overrides;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** What benchmarks work on: engines of one backend, and tensors of reproducible numbers. */
final class Workload {

  private Workload() {}

  /** {@return an engine that uses one backend only} */
  static Engine engine(String backend) {
    return Engine.create(Overrides.ofSystemProperties().withBackends(backend));
  }

  /** {@return standard normal numbers in a format, off-heap} */
  static Tensor normal(Arena arena, Format format, long rows, long columns, long seed) {
    Tensor numbers = Tensor.allocate(arena, Formats.FP32, rows, columns);
    Random random = new Random(seed);
    for (long i = 0; i < numbers.size(); i++) {
      numbers.data().set(Codes.FLOAT, i * Float.BYTES, (float) random.nextGaussian());
    }
    Engine reference = engine("reference");
    return switch (format) {
      case ElementFormat element when element.equals(Formats.FP32) -> numbers;
      case ElementFormat element ->
          reference.convert(numbers, element, octavo.Cast.SATURATE, arena);
      case BlockFormat block -> reference.quantize(numbers, block, Quantization.OCP, arena);
    };
  }

  /**
   * Compares two results bit for bit, so that nothing wrong is ever timed.
   *
   * @throws IllegalStateException if they differ
   */
  static void requireSameBits(Tensor actual, Tensor expected) {
    long mismatch = actual.data().mismatch(expected.data());
    if (mismatch != -1) {
      throw new IllegalStateException(
          "%s differs from the reference at byte %d".formatted(actual, mismatch));
    }
  }
}
