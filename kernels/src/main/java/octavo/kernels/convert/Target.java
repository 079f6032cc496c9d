package octavo.kernels.convert;

import octavo.format.FloatFormat;
import octavo.format.NanCodes;
import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * A float format and overflow rule as the numbers that {@link Encoder} computes with. Magnitudes are
 * codes without sign and padding.
 *
 * @param shift the mantissa bits of FP32 that the format lacks, at least 1
 * @param mantissaBits its mantissa bits
 * @param minNormal its smallest normal number, as FP32 bits
 * @param minField the exponent field of that number in FP32
 * @param magic the power of two whose unit in the last place is the format's smallest subnormal
 * @param maxFinite the magnitude of its largest finite value
 * @param overflow the magnitude of what a finite number beyond it becomes
 * @param infinity the magnitude of what an infinite number becomes
 * @param nan the magnitude of what NaN becomes; with the sign bit where NaN is the negative zero
 * @param signShift how far right the sign of FP32 goes
 * @param zeroSign -1 if zeros keep their sign, 0 if not
 * @param nanSign -1 if NaN keeps its sign, 0 if not
 * @param padding the bits below the code
 */
record Target(
    int shift,
    int mantissaBits,
    int minNormal,
    int minField,
    float magic,
    int maxFinite,
    int overflow,
    int infinity,
    int nan,
    int signShift,
    int zeroSign,
    int nanSign,
    int padding) {

  /** {@return whether {@link Encoder} can encode a format} */
  static boolean covers(FloatFormat format) {
    return format.signed() && format.mantissaBits() < 23 && format.minExponent() >= -126;
  }

  /** {@return the numbers of a format that {@link #covers} accepts} */
  static Target of(FloatFormat format, Rounding rounding, Overflow overflow) {
    int padding = format.paddingBits();
    int maxFinite = format.maxFiniteCode() >>> padding;
    int infinity = maxFinite;
    if (overflow == Overflow.IEEE && format.infinities()) {
      infinity = format.infinityCode(false) >>> padding;
    } else if (overflow == Overflow.IEEE && format.hasNan()) {
      infinity = format.nanCode(false) >>> padding;
    }
    int minField = format.minExponent() + 127;
    return new Target(
        23 - format.mantissaBits(),
        format.mantissaBits(),
        minField << 23,
        minField,
        (float) Math.scalb(1.0, format.minExponent() - format.mantissaBits() + 23),
        maxFinite,
        rounding == Rounding.TOWARD_ZERO ? maxFinite : infinity,
        infinity,
        format.hasNan() ? format.nanCode(false) >>> padding : maxFinite,
        32 - (format.bits() - padding),
        format.negativeZero() ? -1 : 0,
        format.nanCodes() == NanCodes.NONE ? 0 : -1,
        padding);
  }
}
