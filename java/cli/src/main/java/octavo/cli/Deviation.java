package octavo.cli;

/**
 * How far numbers are from those they stand for, summed up over any number of arrays in double
 * precision.
 */
final class Deviation {

  private double signal;
  private double noise;

  /** Starts with nothing summed up. */
  Deviation() {}

  /**
   * Adds numbers.
   *
   * @param exact what they should be
   * @param actual what they are
   * @throws IllegalArgumentException if there are not as many of both
   */
  void add(float[] exact, float[] actual) {
    if (exact.length != actual.length) {
      throw new IllegalArgumentException(
          "%d numbers against %d".formatted(exact.length, actual.length));
    }
    for (int i = 0; i < exact.length; i++) {
      double difference = (double) actual[i] - exact[i];
      signal += (double) exact[i] * exact[i];
      noise += difference * difference;
    }
  }

  /**
   * {@return the signal-to-quantization-noise ratio in decibels}: 10 log10 of the sum of squares of
   * the exact numbers over that of the differences; infinite if there are no differences
   */
  double sqnrDecibels() {
    return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  }

  /**
   * {@return the relative error in the Frobenius norm}: the root of the sum of squares of the
   * differences over that of the exact numbers; 0 if there are no differences
   */
  double relativeError() {
    return noise == 0 ? 0 : Math.sqrt(noise / signal);
  }
}
