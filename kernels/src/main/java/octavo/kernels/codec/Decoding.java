package octavo.kernels.codec;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.IntegerFormat;

/**
 * An element format as the numbers that {@link Decoder} computes with; {@code DecoderLanes} argues
 * them.
 *
 * @param kind which loop decodes it
 * @param lift how far left a code is shifted so that its sign stands at the top of its byte; 0 for
 *     wider codes
 * @param down how far right its exponent and mantissa are shifted then, to where FP32 has them
 * @param mask what of that is exponent and mantissa
 * @param rebase the difference of the exponent biases, in FP32's exponent field
 * @param minNormal the smallest normal number; 0 for formats with the exponents of FP32
 * @param maxFinite FP32 bits; magnitudes above are infinite or NaN
 * @param unit what 1 stands for, of integers
 * @param pairs whether its codes, of four bits with a sign, can be looked up
 */
public record Decoding(
    Kind kind,
    int lift,
    int down,
    int mask,
    int rebase,
    float minNormal,
    int maxFinite,
    float unit,
    boolean pairs) {

  /** The loops there are. */
  public enum Kind {
    /** FP32, which is not decoded. */
    COPY,
    /** Float formats. */
    FLOAT,
    /** Integers. */
    INTEGER,
    /** By a table of all codes. */
    TABLE
  }

  private static final int FP32_MANTISSA = 23;
  private static final int FP32_BIAS = 127;

  private static final Map<ElementFormat, Decoding> ALL = new ConcurrentHashMap<>();

  /** {@return the numbers of a format}, made once */
  static Decoding of(ElementFormat format) {
    Decoding decoding = ALL.get(format);
    return decoding == null ? ALL.computeIfAbsent(format, Decoding::make) : decoding;
  }

  /**
   * {@return whether {@link Decoder} or a table can decode a format}
   *
   * @param format the format
   */
  public static boolean covers(ElementFormat format) {
    return format.bits() <= 8 || of(format).kind != Kind.TABLE;
  }

  private static Decoding make(ElementFormat format) {
    return switch (format) {
      case IntegerFormat integers ->
          new Decoding(
              Kind.INTEGER,
              Byte.SIZE - integers.bits(),
              Integer.SIZE - integers.bits(),
              0,
              0,
              0,
              Encoding.MAGNITUDE,
              Math.scalb(1.0f, -integers.fractionBits()),
              false);
      case FloatFormat floats -> make(floats);
    };
  }

  private static Decoding make(FloatFormat format) {
    if (format.equals(Formats.FP32)) {
      return plain(Kind.COPY);
    }
    boolean sameExponents = format.exponentBits() == 8 && format.bias() == FP32_BIAS;
    boolean loops =
        format.signed()
            && (format.bits() <= 8 || format.bits() == format.storageBits())
            && (format.minExponent() > -126 || sameExponents)
            && (format.negativeZero() || !format.hasNan());
    if (!loops) {
      return plain(Kind.TABLE);
    }
    int rebase = (FP32_BIAS - format.bias()) << FP32_MANTISSA;
    int align = FP32_MANTISSA - format.mantissaBits();
    int codeBits = format.exponentBits() + format.mantissaBits();
    int maxFinite = ((format.maxFiniteCode() >>> format.paddingBits()) << align) + rebase;
    return new Decoding(
        Kind.FLOAT,
        Math.max(Byte.SIZE - format.bits(), 0),
        8 - format.exponentBits(),
        ((1 << codeBits) - 1) << align,
        rebase,
        sameExponents ? 0.0f : format.minNormal(),
        format.hasNan() ? maxFinite : Encoding.MAGNITUDE,
        1.0f,
        format.bits() == 4);
  }

  private static Decoding plain(Kind kind) {
    return new Decoding(kind, 0, 0, 0, 0, 0.0f, Encoding.MAGNITUDE, 1.0f, false);
  }
}
