package octavo.format;

import org.jspecify.annotations.Nullable;

/**
 * A binary floating-point format, described by its fields.
 *
 * <pre>
 *   S E...E M...M P...P      sign (if signed), exponent, mantissa, padding (TF32 only)
 * </pre>
 *
 * <p>With {@code e} the exponent field, {@code f} the mantissa field and {@code m} their mantissa
 * width, a code that is neither NaN nor infinite stands for
 *
 * <ul>
 *   <li>{@code f * 2^(1 - bias - m)} if {@code e = 0} and the format has subnormals,
 *   <li>{@code (1 + f * 2^-m) * 2^(e - bias)} otherwise,
 * </ul>
 *
 * negated if the sign bit is set. A format without sign and mantissa is a pure power-of-two scale
 * (E8M0): it has no zero, so that its exponent field 0 is an ordinary power.
 *
 * <p>Sources: IEEE 754-2019; OCP 8-bit Floating Point Specification 1.0, tables 1 to 3; OCP
 * Microscaling Formats (MX) Specification 1.0, section 5.3; for E3M4 and the IEEE-like E4M3 the
 * data types of AWS Trainium as published by the Neuron SDK and ml_dtypes.
 *
 * @param name the specification's name
 * @param bits the width of a code
 * @param exponentBits the width of the exponent field
 * @param mantissaBits the width of the mantissa field
 * @param bias the exponent bias
 * @param signed whether the top bit is a sign
 * @param infinities whether exponent all ones with mantissa zero is infinite
 * @param nanCodes which codes are NaN
 * @param negativeZero whether sign set with all else zero is negative zero
 * @param subnormals whether exponent field 0 holds zero and the subnormals
 */
public record FloatFormat(
    String name,
    int bits,
    int exponentBits,
    int mantissaBits,
    int bias,
    boolean signed,
    boolean infinities,
    NanCodes nanCodes,
    boolean negativeZero,
    boolean subnormals)
    implements ElementFormat {

  private static final int FP32_MANTISSA = 23;
  private static final int FP32_INFINITY = 0x7F80_0000;
  private static final int FP32_LEAST_EXPONENT = -149;

  /**
   * Checks that the fields describe a format.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  public FloatFormat {
    int used = (signed ? 1 : 0) + exponentBits + mantissaBits;
    require(bits >= 1 && bits <= 32, name, "bits must be 1 to 32, not " + bits);
    require(used <= bits, name, "the fields take " + used + " bits of " + bits);
    require(exponentBits >= 1 && exponentBits <= 8, name, "FP32 holds exponents of 1 to 8 bits");
    require(
        mantissaBits >= 0 && mantissaBits <= FP32_MANTISSA, name, "FP32 holds 23 mantissa bits");
    require(signed == subnormals, name, "only pure scales lack the sign, and they lack subnormals");
    require(signed || mantissaBits == 0, name, "an unsigned format is a pure power of two");
    require(infinities == (nanCodes == NanCodes.IEEE), name, "infinity goes with IEEE NaN codes");
    require(
        !negativeZero || nanCodes != NanCodes.NEGATIVE_ZERO,
        name,
        "negative zero and its NaN share a code");
    boolean topReserved =
        nanCodes == NanCodes.IEEE || (nanCodes == NanCodes.ALL_ONES && mantissaBits == 0);
    int maxExponent = (1 << exponentBits) - (topReserved ? 2 : 1) - bias;
    int leastExponent = subnormals ? 1 - bias - mantissaBits : -bias;
    require(
        maxExponent <= Float.MAX_EXPONENT && leastExponent >= FP32_LEAST_EXPONENT,
        name,
        "values from 2^" + leastExponent + " to 2^" + maxExponent + " are not all exact in FP32");
  }

  private static void require(boolean holds, String name, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("float format " + name + ": " + rule);
    }
  }

  /** {@return the low bits of a code that carry nothing: 13 for TF32, which lives in 32 bits} */
  public int paddingBits() {
    return bits - (signed ? 1 : 0) - exponentBits - mantissaBits;
  }

  /** {@return the exponent of the smallest normal number, {@code 1 - bias}; E8M0: {@code -bias}} */
  public int minExponent() {
    return subnormals ? 1 - bias : -bias;
  }

  /** {@return the smallest positive normal number} */
  public float minNormal() {
    return (float) Math.scalb(1.0, minExponent());
  }

  /** {@return the smallest positive number} */
  public float minPositive() {
    return subnormals ? (float) Math.scalb(1.0, minExponent() - mantissaBits) : minNormal();
  }

  /** {@return the code of the largest finite value} */
  public int maxFiniteCode() {
    return maxFiniteMagnitude() << paddingBits();
  }

  @Override
  public float maxFinite() {
    return decode(maxFiniteCode());
  }

  @Override
  public boolean hasNan() {
    return nanCodes != NanCodes.NONE;
  }

  /**
   * {@return the code of the quiet NaN}
   *
   * @param negative whether its sign is set, where the format distinguishes that
   * @throws UnsupportedOperationException if the format has no NaN
   */
  public int nanCode(boolean negative) {
    int sign = negative ? signBit() : 0;
    return switch (nanCodes) {
      case NONE -> throw new UnsupportedOperationException(name + " has no NaN");
      case IEEE ->
          (sign | infinityMagnitude() | (1 << Math.max(mantissaBits - 1, 0))) << paddingBits();
      case ALL_ONES -> (sign | allOnesMagnitude()) << paddingBits();
      case NEGATIVE_ZERO -> signBit() << paddingBits();
    };
  }

  /**
   * {@return the code of infinity}
   *
   * @param negative whether it is negative infinity
   * @throws UnsupportedOperationException if the format has no infinity
   */
  public int infinityCode(boolean negative) {
    if (!infinities) {
      throw new UnsupportedOperationException(name + " has no infinity");
    }
    return ((negative ? signBit() : 0) | infinityMagnitude()) << paddingBits();
  }

  /**
   * {@return whether a code means NaN}
   *
   * @param code the code; bits above {@link #bits()} are ignored
   */
  public boolean isNan(int code) {
    int unpadded = (code & codeMask()) >>> paddingBits();
    int magnitude = unpadded & allOnesMagnitude();
    return switch (nanCodes) {
      case NONE -> false;
      case IEEE -> magnitude > infinityMagnitude();
      case ALL_ONES -> magnitude == allOnesMagnitude();
      case NEGATIVE_ZERO -> unpadded == signBit();
    };
  }

  @Override
  public float decode(int code) {
    if (exponentBits == 8 && mantissaBits == FP32_MANTISSA) {
      // FP32 itself: the fields are in place, and only NaN needs its quiet bits.
      float value = Float.intBitsToFloat(code);
      return Float.isNaN(value) ? Float.intBitsToFloat(nanCode(code < 0)) : value;
    }
    int unpadded = (code & codeMask()) >>> paddingBits();
    boolean negative = signed && (unpadded & signBit()) != 0;
    if (isNan(code)) {
      return Float.intBitsToFloat(negative ? 0xFFC0_0000 : 0x7FC0_0000);
    }
    int magnitude = unpadded & allOnesMagnitude();
    double value;
    if (infinities && magnitude == infinityMagnitude()) {
      value = Double.POSITIVE_INFINITY;
    } else {
      int exponent = magnitude >>> mantissaBits;
      int mantissa = magnitude & ((1 << mantissaBits) - 1);
      value =
          exponent == 0 && subnormals
              ? Math.scalb((double) mantissa, 1 - bias - mantissaBits)
              : Math.scalb((double) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
    }
    return (float) (negative ? -value : value);
  }

  @Override
  public int encode(float value, Rounding rounding, Overflow overflow, int randomBits) {
    int bits32 = Float.floatToRawIntBits(value);
    boolean negative = bits32 < 0;
    int magnitude32 = bits32 & 0x7FFF_FFFF;
    if (magnitude32 > FP32_INFINITY) {
      return hasNan() ? nanCode(negative) : maxFiniteCode();
    }
    if (!signed) {
      return encodePowerOfTwo(negative, magnitude32, rounding, overflow, randomBits);
    }
    if (magnitude32 == FP32_INFINITY) {
      return overflowCode(negative, overflow);
    }
    // value = significand * 2^(exponent32 - 150), also where it is subnormal in FP32
    int exponent32 = Math.max(magnitude32 >>> FP32_MANTISSA, 1);
    int significand = (magnitude32 & 0x007F_FFFF) | (magnitude32 >= 0x0080_0000 ? 0x0080_0000 : 0);
    int leading = 31 - Integer.numberOfLeadingZeros(significand | 1);
    int binade = Math.max(exponent32 - 150 + leading, minExponent());
    int shift = (binade - mantissaBits) - (exponent32 - 150);
    long units = SignificandRounding.round(significand, shift, rounding, randomBits);
    // A carry out of the mantissa lands in the exponent field, which is what it should do.
    long magnitude = ((long) (binade - minExponent()) << mantissaBits) + units;
    if (magnitude > maxFiniteMagnitude()) {
      return overflowCode(
          negative, rounding == Rounding.TOWARD_ZERO ? Overflow.SATURATE : overflow);
    }
    boolean signKept = negative && (magnitude != 0 || negativeZero);
    return ((signKept ? signBit() : 0) | (int) magnitude) << paddingBits();
  }

  /*
   * E8M0. No specification defines a cast to it (MX scales come from a ScaleRule, in exponents), so
   * the nearest mode follows ml_dtypes: halfway cases go up, and everything strictly between 2^-127
   * and 2^-126 goes up. Whatever is not above zero has no code: NaN, but for zero when saturating.
   */
  private int encodePowerOfTwo(
      boolean negative, int magnitude32, Rounding rounding, Overflow overflow, int randomBits) {
    boolean saturate = overflow == Overflow.SATURATE;
    if (magnitude32 == 0) {
      return saturate ? 0 : nanCode(false);
    }
    if (negative) {
      return nanCode(true);
    }
    if (magnitude32 == FP32_INFINITY) {
      return saturate ? maxFiniteCode() : nanCode(false);
    }
    int exponent32 = Math.max(magnitude32 >>> FP32_MANTISSA, 1);
    int significand = (magnitude32 & 0x007F_FFFF) | (magnitude32 >= 0x0080_0000 ? 0x0080_0000 : 0);
    int leading = 31 - Integer.numberOfLeadingZeros(significand);
    int binade = exponent32 - 150 + leading;
    if (binade < minExponent()) {
      return 0;
    }
    long fraction = significand ^ (1 << leading);
    boolean up =
        switch (rounding) {
          case TOWARD_ZERO -> false;
          case NEAREST_EVEN ->
              binade == minExponent() ? fraction != 0 : fraction << 1 >= 1L << leading;
          case STOCHASTIC ->
              (fraction << (32 - leading)) + Integer.toUnsignedLong(randomBits) >= 1L << 32;
        };
    int code = binade - minExponent() + (up ? 1 : 0);
    return code <= maxFiniteCode() ? code : saturate ? maxFiniteCode() : nanCode(false);
  }

  private int overflowCode(boolean negative, Overflow overflow) {
    if (overflow == Overflow.IEEE && infinities) {
      return infinityCode(negative);
    }
    if (overflow == Overflow.IEEE && hasNan()) {
      return nanCode(negative);
    }
    return ((negative ? signBit() : 0) | maxFiniteMagnitude()) << paddingBits();
  }

  private int codeMask() {
    return bits == 32 ? -1 : (1 << bits) - 1;
  }

  private int signBit() {
    return signed ? 1 << (exponentBits + mantissaBits) : 0;
  }

  private int allOnesMagnitude() {
    return (1 << (exponentBits + mantissaBits)) - 1;
  }

  private int infinityMagnitude() {
    return ((1 << exponentBits) - 1) << mantissaBits;
  }

  private int maxFiniteMagnitude() {
    return switch (nanCodes) {
      case IEEE -> infinityMagnitude() - 1;
      case ALL_ONES -> allOnesMagnitude() - 1;
      case NONE, NEGATIVE_ZERO -> allOnesMagnitude();
    };
  }

  // A record's own equals and hashCode are linked when first called, which took a tenth of the time
  // until a fresh process had its first product.

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof FloatFormat its
            && name.equals(its.name)
            && bits == its.bits
            && exponentBits == its.exponentBits
            && mantissaBits == its.mantissaBits
            && bias == its.bias
            && signed == its.signed
            && infinities == its.infinities
            && nanCodes == its.nanCodes
            && negativeZero == its.negativeZero
            && subnormals == its.subnormals);
  }

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
