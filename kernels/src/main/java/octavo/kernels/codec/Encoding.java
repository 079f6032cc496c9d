package octavo.kernels.codec;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.IntegerFormat;
import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * An element format, a rounding and an overflow rule as the numbers that {@link Encoder} computes
 * with; {@code EncoderLanes} argues them.
 *
 * @param format the format
 * @param rounding the rounding
 * @param beyond the overflow rule
 * @param kind which loop encodes it
 * @param shift the mantissa bits of FP32 that the format lacks
 * @param limit the FP32 bits that magnitudes are cut to: the largest finite value, or the number
 *     whose code is that of an overflow
 * @param minNormal the smallest normal number, as FP32 bits
 * @param magic {@code 2^shift}, and in its low mantissa bits what codes are less than the sum of
 *     exponent and units
 * @param mask the bits of a code
 * @param signShift how far right the sign of FP32 goes
 * @param signBit the sign
 * @param tiny FP32 bits; the loop of stochastic rounding leaves smaller magnitudes to the
 *     definition where they might round up
 * @param padding the bits below the code
 * @param maxInteger the largest integer
 * @param oneZero whether zeros lose their sign
 */
public record Encoding(
    ElementFormat format,
    Rounding rounding,
    Overflow beyond,
    Kind kind,
    int shift,
    int limit,
    int minNormal,
    float magic,
    int mask,
    int signShift,
    int signBit,
    int tiny,
    int padding,
    int maxInteger,
    boolean oneZero) {

  /** The loops there are. */
  public enum Kind {
    /** FP32 itself: only NaN and infinity change. */
    COPY,
    /** Float formats with fewer exponents than FP32. */
    NARROW,
    /** Float formats with the exponents of FP32. */
    WIDE,
    /** Integers. */
    INTEGER,
    /** Powers of two. */
    POWER
  }

  static final int INFINITY = 0x7F80_0000;
  static final int MAGNITUDE = 0x7FFF_FFFF;

  private static final int FP32_MANTISSA = 23;
  private static final int FP32_BIAS = 127;
  private static final int CODE_BITS = 0xFFFF;
  private static final int INTEGER_MANTISSA = 8;

  private static final Map<ElementFormat, Map<Rounding, Map<Overflow, Encoding>>> ALL =
      new ConcurrentHashMap<>();

  /**
   * {@return whether {@link Encoder} can encode a format}
   *
   * @param format the format
   */
  public static boolean covers(ElementFormat format) {
    if (!(format instanceof FloatFormat floats) || format.equals(Formats.FP32)) {
      return true;
    }
    int mantissa = floats.mantissaBits();
    if (!floats.signed()) {
      return floats.equals(Formats.E8M0);
    }
    boolean wide = floats.minExponent() == -126 && floats.maxExponent() == 127;
    return mantissa >= 1
        && mantissa < FP32_MANTISSA
        && (wide
            || (floats.minExponent() > -126
                && floats.maxExponent() + 1 + FP32_MANTISSA - mantissa < FP32_BIAS
                && floats.bits() - floats.paddingBits() <= 16));
  }

  /**
   * {@return the numbers of a format that {@link #covers} accepts}, made once
   *
   * @param format the format
   * @param rounding the rounding
   * @param overflow the overflow rule
   */
  public static Encoding of(ElementFormat format, Rounding rounding, Overflow overflow) {
    Map<Rounding, Map<Overflow, Encoding>> encodings = ALL.get(format);
    if (encodings == null) {
      encodings = ALL.computeIfAbsent(format, Encoding::all);
    }
    return requireNonNull(requireNonNull(encodings.get(rounding)).get(overflow));
  }

  private static Map<Rounding, Map<Overflow, Encoding>> all(ElementFormat format) {
    Map<Rounding, Map<Overflow, Encoding>> all = new EnumMap<>(Rounding.class);
    for (Rounding rounding : Rounding.values()) {
      Map<Overflow, Encoding> encodings = new EnumMap<>(Overflow.class);
      for (Overflow overflow : Overflow.values()) {
        encodings.put(
            overflow,
            format instanceof FloatFormat floats
                ? ofFloats(floats, rounding, overflow)
                : ofIntegers((IntegerFormat) format, rounding, overflow));
      }
      all.put(rounding, encodings);
    }
    return all;
  }

  private static Encoding ofFloats(FloatFormat format, Rounding rounding, Overflow overflow) {
    Kind kind =
        format.equals(Formats.FP32)
            ? Kind.COPY
            : !format.signed()
                ? Kind.POWER
                : format.minExponent() == -126 ? Kind.WIDE : Kind.NARROW;
    int padding = format.paddingBits();
    int mantissa = format.mantissaBits();
    int shift = FP32_MANTISSA - mantissa;
    int minField = Math.max(format.minExponent() + FP32_BIAS, 0);
    int maxCode = format.maxFiniteCode() >>> padding;
    boolean beyond =
        overflow == Overflow.IEEE && rounding != Rounding.TOWARD_ZERO && format.hasNan();
    int bits = format.bits() - padding;
    return new Encoding(
        format,
        rounding,
        overflow,
        kind,
        shift,
        limit(format, kind, beyond ? maxCode + 1 : maxCode),
        minField << FP32_MANTISSA,
        magic(shift, -(minField << mantissa) & CODE_BITS),
        bits == Integer.SIZE ? -1 : (1 << bits) - 1,
        Integer.SIZE - bits,
        format.signed() ? 1 << (bits - 1) : 0,
        kind == Kind.NARROW ? tiny(shift, minField) : 0,
        padding,
        0,
        !format.negativeZero());
  }

  /** Integers are the subnormals of a float format whose unit is theirs. */
  private static Encoding ofIntegers(IntegerFormat format, Rounding rounding, Overflow overflow) {
    int shift = FP32_MANTISSA - INTEGER_MANTISSA;
    int minField = FP32_BIAS + INTEGER_MANTISSA - format.fractionBits();
    int max = (1 << (format.bits() - 1)) - 1;
    float limit = Math.scalb((float) (format.symmetric() ? max : max + 1), -format.fractionBits());
    return new Encoding(
        format,
        rounding,
        overflow,
        Kind.INTEGER,
        shift,
        Float.floatToRawIntBits(limit),
        minField << FP32_MANTISSA,
        magic(shift, -(minField << INTEGER_MANTISSA) & CODE_BITS),
        (1 << (INTEGER_MANTISSA + 1)) - 1,
        0,
        0,
        tiny(shift, minField),
        0,
        max,
        true);
  }

  /** The number of a magnitude's code, also of one that means no number. */
  private static int limit(FloatFormat format, Kind kind, int code) {
    return switch (kind) {
      case COPY, INTEGER -> INFINITY;
      case POWER -> code;
      case WIDE -> code << (FP32_MANTISSA - format.mantissaBits());
      case NARROW ->
          (code << (FP32_MANTISSA - format.mantissaBits()))
              + ((format.minExponent() + FP32_BIAS - 1) << FP32_MANTISSA);
    };
  }

  private static float magic(int shift, int less) {
    return Float.intBitsToFloat((Math.min(shift, 127) + FP32_BIAS) << FP32_MANTISSA | less);
  }

  private static int tiny(int shift, int minField) {
    return Math.max(shift + minField - 31, 0) << FP32_MANTISSA;
  }

  /**
   * {@return whether {@link Encoder#nearest8} or {@link StochasticEncoder#byChance8} gives bytes of
   * this format, sign and code at the top}
   */
  public boolean fused() {
    return kind == Kind.NARROW
        && rounding != Rounding.TOWARD_ZERO
        && !oneZero
        && padding == 0
        && (format.bits() == 8 || format.bits() == 4);
  }

  /** {@return the bits of a sum in {@link StochasticEncoder#byChance8} that are below the code} */
  int chances() {
    return (1 << shift) - 1;
  }

  /**
   * {@return whether a number is among those that {@link StochasticEncoder#byChance8} leaves to the
   * definition}
   *
   * @param bits32 the FP32 bits of the number
   * @param random its random bits
   */
  boolean close(int bits32, int random) {
    int magnitude = bits32 & MAGNITUDE;
    int cut = Math.min(magnitude, limit);
    float aboveNormal = Float.intBitsToFloat(Math.max(cut, minNormal));
    int sum = Float.floatToRawIntBits(Float.intBitsToFloat(cut) + aboveNormal);
    int chance = random >>> (32 - shift);
    int low = (sum + chance - minNormal - 1) & chances();
    return magnitude >= INFINITY || low >= chances() - 1;
  }

  /**
   * {@return whether a number is among those that the loops leave to the definition}
   *
   * @param bits32 the FP32 bits of the number
   */
  boolean special(int bits32) {
    int magnitude = bits32 & MAGNITUDE;
    return magnitude >= INFINITY
        || (kind == Kind.POWER && bits32 < 0x0080_0000)
        || (rounding == Rounding.STOCHASTIC && magnitude < tiny);
  }
}
