package octavo.format;

/**
 * A two's complement integer with an implied power-of-two scale: a code {@code c} stands for {@code
 * c * 2^-fractionBits}.
 *
 * <p>Encoding saturates whatever the {@link Overflow} says, as integers have neither infinity nor
 * NaN; NaN becomes 0.
 *
 * <p>Source: OCP Microscaling Formats (MX) Specification 1.0, section 5.3.4, for MXINT8's element;
 * saturation and nearest even also for the integer conversions of AWS Trainium (Neuron SDK, NKI
 * release notes 0.6.0).
 *
 * @param name the format's name
 * @param bits the width of a code, 2 to 8
 * @param fractionBits how many bits stand after the binary point
 * @param symmetric whether encoding leaves out the lowest code, which has no positive counterpart
 */
public record IntegerFormat(String name, int bits, int fractionBits, boolean symmetric)
    implements ElementFormat {

  /**
   * Checks that the fields describe a format.
   *
   * @throws IllegalArgumentException if the width is not 2 to 8 or the point lies outside the code
   */
  public IntegerFormat {
    if (bits < 2 || bits > 8 || fractionBits < 0 || fractionBits >= bits) {
      throw new IllegalArgumentException(
          "integer format %s: %d bits with %d after the point; 2 to 8 bits and a point inside"
              .formatted(name, bits, fractionBits));
    }
  }

  @Override
  public int mantissaBits() {
    return fractionBits;
  }

  @Override
  public float maxFinite() {
    return Math.scalb((float) maxInteger(), -fractionBits);
  }

  @Override
  public boolean hasNan() {
    return false;
  }

  @Override
  public float decode(int code) {
    int unused = 32 - bits;
    return Math.scalb((float) (code << unused >> unused), -fractionBits);
  }

  @Override
  public int encode(float value, Rounding rounding, Overflow overflow, int randomBits) {
    int mask = (1 << bits) - 1;
    if (Float.isNaN(value)) {
      return 0;
    }
    int limit = value < 0 && !symmetric ? maxInteger() + 1 : maxInteger();
    double scaled = Math.scalb(Math.abs((double) value), fractionBits);
    long magnitude;
    if (scaled >= limit) {
      magnitude = limit;
    } else {
      // 32 bits after the point say all: a number with lower bits is below 2^-8, far from a tie.
      long significand = (long) Math.scalb(scaled, 32);
      magnitude = SignificandRounding.round(significand, 32, rounding, randomBits);
    }
    long clamped = Math.min(magnitude, limit);
    return (int) (value < 0 ? -clamped : clamped) & mask;
  }

  private int maxInteger() {
    return (1 << (bits - 1)) - 1;
  }

  /** As that of {@link FloatFormat}, quick in a fresh process. */
  @Override
  public int hashCode() {
    return name.hashCode();
  }

  /** {@return the name} */
  @Override
  public String toString() {
    return name;
  }
}
