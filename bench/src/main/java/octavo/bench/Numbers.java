package octavo.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import octavo.Cast;
import octavo.Engine;
import octavo.Quantization;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Tensor;

/** The numbers that everybody works on: standard normal, the same in every process. */
public final class Numbers {

  private static final int TABLE = 1 << 16;

  private Numbers() {}

  /** {@return standard normal numbers} */
  public static float[] normal(long count, long seed) {
    Random random = new Random(seed);
    float[] table = new float[TABLE];
    for (int i = 0; i < TABLE; i++) {
      table[i] = (float) random.nextGaussian();
    }
    float[] numbers = new float[Math.toIntExact(count)];
    long state = seed;
    for (int i = 0; i < numbers.length; i++) {
      state = state * 6364136223846793005L + 1442695040888963407L;
      numbers[i] = table[(int) (state >>> 48)];
    }
    return numbers;
  }

  /** {@return the numbers off-heap, aligned to 64 bytes} */
  public static MemorySegment offHeap(Arena arena, float[] numbers) {
    MemorySegment memory = arena.allocate(4L * numbers.length, 64);
    return memory.copyFrom(MemorySegment.ofArray(numbers));
  }

  /** {@return normal numbers in a format, off-heap} */
  static Tensor tensor(
      Engine engine, Arena arena, Format format, long rows, long columns, long seed) {
    Tensor numbers =
        Tensor.of(Formats.FP32, offHeap(arena, normal(rows * columns, seed)), rows, columns);
    return switch (format) {
      case ElementFormat element when element.equals(Formats.FP32) -> numbers;
      case ElementFormat element -> engine.convert(numbers, element, Cast.SATURATE, arena);
      case BlockFormat block -> engine.quantize(numbers, block, Quantization.OCP, arena);
    };
  }

  /**
   * Compares a product with one computed in double precision, at some places.
   *
   * @param a M x K
   * @param b N x K
   * @param out M x N
   * @param tolerance the error allowed, in units of the product of the norms of both rows
   * @throws IllegalStateException if an element is off by more
   */
  public static void requireProduct(
      float[] a, float[] b, float[] out, int m, int n, int k, double tolerance) {
    for (int i = 0; i < m; i += Math.max(1, m / 3)) {
      for (int j = 0; j < n; j += Math.max(1, n / 37)) {
        double sum = 0;
        double normA = 0;
        double normB = 0;
        for (int l = 0; l < k; l++) {
          double x = a[i * k + l];
          double y = b[j * k + l];
          sum += x * y;
          normA += x * x;
          normB += y * y;
        }
        double allowed = tolerance * Math.sqrt(normA * normB);
        if (!(Math.abs(out[i * n + j] - sum) <= allowed)) {
          throw new IllegalStateException(
              "element (%d, %d) is %s, not %s +- %s".formatted(i, j, out[i * n + j], sum, allowed));
        }
      }
    }
  }
}
