package octavo.cli;

import java.lang.foreign.Arena;
import java.util.Random;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * Invented activations that look like what a layer normalization in a transformer gives: standard
 * normal numbers, except for a few channels (columns) that are an order of magnitude larger in
 * every row.
 *
 * <p>Of K channels, {@code ceil(K / 128)} chosen at random are multiplied by 10. The numbers come
 * from {@link Random}, whose algorithm is part of its specification: equal seeds give equal bits on
 * every Java.
 */
final class Activations {

  /** One channel of this many is an outlier. */
  static final int CHANNELS_PER_OUTLIER = 128;

  /** The factor of an outlier channel. */
  static final float OUTLIER_FACTOR = 10.0f;

  /** The distribution in words. */
  static final String DESCRIPTION =
      "standard normal, 1 channel in %d times %.0f".formatted(CHANNELS_PER_OUTLIER, OUTLIER_FACTOR);

  private Activations() {}

  /**
   * {@return an FP32 matrix of activations}
   *
   * @param rows the number of rows, or tokens
   * @param columns the number of columns, or channels
   * @param seed equal seeds give equal activations
   * @param arena owns the matrix
   */
  static Tensor create(int rows, long columns, long seed, Arena arena) {
    int width = Math.toIntExact(columns);
    var random = new Random(seed);
    float[] factors = new float[width];
    java.util.Arrays.fill(factors, 1.0f);
    for (int outliers = Math.ceilDiv(width, CHANNELS_PER_OUTLIER); outliers > 0; ) {
      int channel = random.nextInt(width);
      if (factors[channel] == 1.0f) {
        factors[channel] = OUTLIER_FACTOR;
        outliers--;
      }
    }
    Tensor x = Tensor.allocate(arena, Formats.FP32, rows, columns);
    for (long i = 0; i < rows * columns; i++) {
      float value = (float) random.nextGaussian() * factors[(int) (i % width)];
      x.data().set(Codes.FLOAT, i * Float.BYTES, value);
    }
    return x;
  }
}
