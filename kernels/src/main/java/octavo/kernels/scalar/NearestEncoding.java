package octavo.kernels.scalar;

import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Overflow;

/**
 * Encoding to nearest even as a few steps without branches, for signed float formats narrower than
 * FP32.
 *
 * <p>With u the magnitude's FP32 bits, m the format's mantissa bits, s = 23 - m. From the smallest
 * normal number on, {@code (u + (2^(s-1) - 1) + bit s of u) >>> s} is u rounded in units of the
 * format's mantissa, as FP32 bits are linear within a binade and a carry belongs in the exponent;
 * the difference of the exponent biases is in the same addend. Below, FP32 itself rounds: {@code
 * |x| + magic} with magic = 2^23 smallest subnormals is a whole number of them.
 */
final class NearestEncoding {

  private static final int MAGNITUDE = 0x7FFF_FFFF;
  private static final int INFINITY = 0x7F80_0000;

  private final int shift;
  private final int bias;
  private final int minNormal;
  private final float magic;
  private final int maxFinite;
  private final int overflow;
  private final int nan;
  private final int signedNan;
  private final int signShift;
  private final int signBit;
  private final boolean negativeZero;
  private final int padding;

  private NearestEncoding(FloatFormat format, Overflow beyond) {
    padding = format.paddingBits();
    int mantissaBits = format.mantissaBits();
    shift = 23 - mantissaBits;
    int minField = format.minExponent() + 127;
    bias = (1 << (shift - 1)) - 1 - ((minField - 1) << 23);
    minNormal = minField << 23;
    magic = (float) Math.scalb(1.0, format.minExponent() - mantissaBits + 23);
    maxFinite = format.maxFiniteCode() >>> padding;
    int most = maxFinite;
    if (beyond == Overflow.IEEE && format.infinities()) {
      most = format.infinityCode(false) >>> padding;
    } else if (beyond == Overflow.IEEE && format.hasNan()) {
      most = format.nanCode(false) >>> padding;
    }
    overflow = most;
    nan = format.hasNan() ? format.nanCode(false) >>> padding : maxFinite;
    signShift = 32 - (format.bits() - padding);
    signBit = 1 << (31 - signShift);
    signedNan = format.hasNan() ? signBit : 0;
    negativeZero = format.negativeZero();
  }

  /** {@return whether a format is one of those} */
  static boolean covers(ElementFormat format) {
    return format instanceof FloatFormat narrow
        && narrow.signed()
        && narrow.mantissaBits() < 23
        && narrow.minExponent() >= -126;
  }

  /** {@return the encoding of a format that {@link #covers} accepts} */
  static NearestEncoding of(ElementFormat format, Overflow overflow) {
    return new NearestEncoding((FloatFormat) format, overflow);
  }

  /** Encodes some numbers. */
  void encode(float[] numbers, int[] codes, int count) {
    int magicBits = Float.floatToRawIntBits(magic);
    boolean special = false;
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(numbers[i]);
      int u = bits & MAGNITUDE;
      int normal = (u + bias + ((u >>> shift) & 1)) >>> shift;
      int units = Float.floatToRawIntBits(Float.intBitsToFloat(u) + magic) - magicBits;
      int code = u < minNormal ? units : normal;
      code = code > maxFinite ? overflow : code;
      codes[i] = ((bits >>> signShift) & signBit) | code;
      special |= u >= INFINITY;
    }
    if (special) {
      specials(numbers, codes, count);
    }
    if (!negativeZero) {
      for (int i = 0; i < count; i++) {
        boolean small = (Float.floatToRawIntBits(numbers[i]) & MAGNITUDE) < minNormal;
        codes[i] = small && codes[i] == signBit ? 0 : codes[i];
      }
    }
    if (padding != 0) {
      for (int i = 0; i < count; i++) {
        codes[i] <<= padding;
      }
    }
  }

  private void specials(float[] numbers, int[] codes, int count) {
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(numbers[i]);
      int u = bits & MAGNITUDE;
      int sign = (bits >>> signShift) & signBit;
      if (u == INFINITY) {
        codes[i] = overflow | sign;
      } else if (u > INFINITY) {
        codes[i] = nan | (signedNan & sign);
      }
    }
  }
}
