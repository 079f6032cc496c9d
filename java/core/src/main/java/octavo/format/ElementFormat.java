package octavo.format;

/**
 * A format that gives each number a code of its own.
 *
 * <p>Codes travel as {@code int} in their low {@link #bits()} bits. Every finite value of every
 * element format is exact in FP32, so decoding is exact and {@code float} is the common currency.
 */
public sealed interface ElementFormat extends Format permits FloatFormat, IntegerFormat {

  /** {@return this format} */
  @Override
  default ElementFormat element() {
    return this;
  }

  /**
   * {@return the width of a code in memory, in bits: 4, 8, 16 or 32} Six-bit codes occupy the low
   * bits of a byte each. Four-bit codes are packed two to a byte, the even element in the low half.
   */
  default int storageBits() {
    int bits = bits();
    return bits <= 4 ? 4 : bits <= 8 ? 8 : bits <= 16 ? 16 : 32;
  }

  /** {@return the width of a code in bits} */
  int bits();

  /**
   * {@return the number of distinct codes below the leading bit: significand bits after the point}
   */
  int mantissaBits();

  /** {@return the largest finite value} */
  float maxFinite();

  /** {@return {@code floor(log2(maxFinite()))}, called emax in the OCP MX specification} */
  default int maxExponent() {
    return Math.getExponent(maxFinite());
  }

  /** {@return whether some code means NaN} */
  boolean hasNan();

  /**
   * {@return the number that a code stands for, exactly; for NaN codes the quiet NaN with the
   * code's sign}
   *
   * @param code the code in the low {@link #bits()} bits; higher bits are ignored
   */
  float decode(int code);

  /**
   * {@return the code of a number}
   *
   * <p>NaN becomes the format's quiet NaN with the same sign. In float formats without NaN it
   * becomes the largest positive finite value, in integer formats 0.
   *
   * @param value any number, also NaN, infinite, subnormal or negative zero
   * @param rounding how to round
   * @param overflow what to do beyond the largest finite value
   * @param randomBits 32 random bits, used by {@link Rounding#STOCHASTIC} only: with {@code f} the
   *     discarded fraction of a unit in the last place, truncated to 32 bits, the magnitude is
   *     rounded up if and only if {@code f * 2^32 + randomBits >= 2^32}, {@code randomBits} taken
   *     as unsigned
   */
  int encode(float value, Rounding rounding, Overflow overflow, int randomBits);

  /**
   * {@return the code of a number, rounded to nearest even}
   *
   * @param value any number
   * @param overflow what to do beyond the largest finite value
   */
  default int encode(float value, Overflow overflow) {
    return encode(value, Rounding.NEAREST_EVEN, overflow, 0);
  }
}
