package octavo.kernels.matmul;

import java.util.HashMap;
import java.util.Map;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.IntegerFormat;
import org.jspecify.annotations.Nullable;

/**
 * How codes become FP32 numbers without a table: shifted to where FP32 has its fields, which gives
 * the code's number times a power of two. NaN and infinity come out as ordinary numbers, except
 * where the exponent has FP32's width.
 *
 * @param storageBits the width of a code in memory
 * @param integer whether codes are integers, to be converted
 * @param shift by how many bits a code at the top of a word is shifted down
 * @param mask the bits of sign, exponent and mantissa after that
 * @param down the power of two: the number found is the code's times {@code 2^-down}
 * @param unit the exponent of the smallest positive number, of which all others are multiples
 * @param top an exponent above that of the largest finite number
 */
record InPlace(int storageBits, boolean integer, int shift, int mask, int down, int unit, int top) {

  private static final Map<ElementFormat, InPlace> OF_FORMATS = new HashMap<>();

  static {
    for (ElementFormat format : Formats.elements()) {
      InPlace way = find(format);
      if (way != null) {
        OF_FORMATS.put(format, way);
      }
    }
  }

  /**
   * {@return the way for a format}, or {@code null} if its codes need a table: those with another
   * sign bit than the top one
   *
   * @param format the format
   */
  static @Nullable InPlace of(ElementFormat format) {
    return OF_FORMATS.get(format);
  }

  private static @Nullable InPlace find(ElementFormat format) {
    if (format instanceof IntegerFormat integer) {
      return integer.bits() == 8
          ? new InPlace(8, true, 24, -1, -integer.fractionBits(), -integer.fractionBits(), 8)
          : null;
    }
    FloatFormat its = (FloatFormat) format;
    if (its.equals(Formats.FP32)) {
      return new InPlace(32, false, 0, -1, 0, -149, 128);
    }
    boolean fills = its.signed() && its.paddingBits() == 0 && its.bits() == its.storageBits();
    if (!fills || its.bits() > 16) {
      return null;
    }
    int fields = its.exponentBits() + its.mantissaBits();
    int magnitude = ((1 << fields) - 1) << (23 - its.mantissaBits());
    return new InPlace(
        its.bits(),
        false,
        8 - its.exponentBits(),
        0x8000_0000 | magnitude,
        127 - its.bias(),
        its.minExponent() - its.mantissaBits(),
        its.maxExponent() + 1);
  }

  /** {@return the columns of a word} */
  int group() {
    return Math.max(1, 16 / storageBits);
  }

  /** {@return whether NaN and infinity come out right} */
  boolean keepsNonFinite() {
    return integer || down == 0;
  }

  /** {@return whether FP32 subnormals appear where codes are none or few} */
  boolean makesSubnormals() {
    return !integer && down != 0;
  }
}
