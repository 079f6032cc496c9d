package octavo.kernels.convert;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import octavo.format.FloatFormat;
import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * A float format and overflow rule as the numbers that {@link Encoder} computes with. Magnitudes
 * are codes without sign and padding.
 *
 * @param shift the mantissa bits of FP32 that the format lacks, at least 1
 * @param mantissaBits its mantissa bits
 * @param roundingBias what the bits of a normal number take before they are shifted: half a unit,
 *     less one, and the difference of the exponent biases
 * @param minNormal its smallest normal number, as FP32 bits
 * @param minField the exponent field of that number in FP32
 * @param magic the power of two whose unit in the last place is the format's smallest subnormal
 * @param maxFinite the magnitude of its largest finite value
 * @param overflow the magnitude of what a finite number beyond it becomes
 * @param infinity the magnitude of what an infinite number becomes
 * @param nan the magnitude of what NaN becomes; with the sign bit where NaN is the negative zero
 * @param signShift how far right the sign of FP32 goes
 * @param signBit the sign
 * @param negativeZero whether zeros keep their sign
 * @param signedNan whether NaN keeps its sign
 * @param padding the bits below the code
 */
record Target(
    int shift,
    int mantissaBits,
    int roundingBias,
    int minNormal,
    int minField,
    float magic,
    int maxFinite,
    int overflow,
    int infinity,
    int nan,
    int signShift,
    int signBit,
    boolean negativeZero,
    boolean signedNan,
    int padding) {

  private static final Map<FloatFormat, Map<Rounding, Map<Overflow, Target>>> TARGETS =
      new ConcurrentHashMap<>();

  /** {@return whether {@link Encoder} can encode a format} */
  static boolean covers(FloatFormat format) {
    return format.signed() && format.mantissaBits() < 23 && format.minExponent() >= -126;
  }

  /** {@return the numbers of a format that {@link #covers} accepts; made once} */
  static Target of(FloatFormat format, Rounding rounding, Overflow overflow) {
    Map<Rounding, Map<Overflow, Target>> targets = TARGETS.get(format);
    if (targets == null) {
      targets = TARGETS.computeIfAbsent(format, Target::all);
    }
    return requireNonNull(requireNonNull(targets.get(rounding)).get(overflow));
  }

  private static Map<Rounding, Map<Overflow, Target>> all(FloatFormat format) {
    Map<Rounding, Map<Overflow, Target>> all = new EnumMap<>(Rounding.class);
    for (Rounding rounding : Rounding.values()) {
      Map<Overflow, Target> targets = new EnumMap<>(Overflow.class);
      for (Overflow overflow : Overflow.values()) {
        targets.put(overflow, make(format, rounding, overflow));
      }
      all.put(rounding, targets);
    }
    return all;
  }

  private static Target make(FloatFormat format, Rounding rounding, Overflow overflow) {
    int padding = format.paddingBits();
    int mantissaBits = format.mantissaBits();
    int shift = 23 - mantissaBits;
    int minField = format.minExponent() + 127;
    int maxFinite = format.maxFiniteCode() >>> padding;
    int infinity = maxFinite;
    if (overflow == Overflow.IEEE && format.infinities()) {
      infinity = format.infinityCode(false) >>> padding;
    } else if (overflow == Overflow.IEEE && format.hasNan()) {
      infinity = format.nanCode(false) >>> padding;
    }
    int signShift = 32 - (format.bits() - padding);
    return new Target(
        shift,
        mantissaBits,
        (1 << (shift - 1)) - 1 - ((minField - 1) << 23),
        minField << 23,
        minField,
        (float) Math.scalb(1.0, format.minExponent() - mantissaBits + 23),
        maxFinite,
        rounding == Rounding.TOWARD_ZERO ? maxFinite : infinity,
        infinity,
        format.hasNan() ? format.nanCode(false) >>> padding : maxFinite,
        signShift,
        1 << (31 - signShift),
        format.negativeZero(),
        format.hasNan(),
        padding);
  }
}
