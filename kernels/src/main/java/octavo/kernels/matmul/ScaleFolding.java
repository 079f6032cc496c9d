package octavo.kernels.matmul;

import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.IntegerFormat;

/** When scales may be multiplied into elements before a product without changing a bit of it. */
final class ScaleFolding {
  /*
   * The definition: p = fma(a, b, p) over a run from +0, then acc = fma(p, fl(sA * sB), acc). Folded:
   * q = fma(a * sA, b * sB, q), then acc = acc + q. With sA and sB powers of two q is p * sA * sB, to
   * the bit, as long as nothing leaves the range of FP32:
   *
   *   - Elements are multiples of their format's smallest number. So a * sA and b * sB are exact if
   *     the smallest, scaled, is no less than FP32's smallest, and the largest is finite.
   *   - Every p is a multiple of the product u of the two smallest numbers, before it is rounded and
   *     after. If u * sA * sB is a number of FP32, then a sum that needs no rounding needs none when
   *     it is scaled, and one that needs it, being 2^24 u or more, is normal in both scales and loses
   *     the same bits.
   *   - No p is larger than twice the length times the product of the largest numbers, rounding
   *     included; scaled, that must be finite.
   *   - sA * sB must be exact. Then fma(p, sA * sB, acc) and acc + q round the same number.
   *
   * A zero p is +0 in both: the chain starts there. Infinity and NaN of elements come out the same, as
   * no scale is 0, infinite or NaN. Bounds here keep everything normal, not only exact: subnormal
   * numbers are slow on many processors.
   */

  private static final int MIN_EXPONENT = Float.MIN_EXPONENT;
  private static final int MAX_EXPONENT = Float.MAX_EXPONENT;

  private ScaleFolding() {}

  /**
   * {@return whether scales can be folded into the elements of a product}; reads all scales
   *
   * @param a the left operand
   * @param b the right operand
   * @param length the length of its runs
   */
  static boolean isExact(Source a, Source b, int length) {
    if (!a.scalesFold() || !b.scalesFold()) {
      return false;
    }
    int lengthBits = Integer.SIZE - Integer.numberOfLeadingZeros(length);
    int unit = unit(a.element()) + unit(b.element());
    int most = most(a.element()) + most(b.element()) + lengthBits + 1;
    // The sharpest that scales of 1 allow; FP32 and BF16 end here.
    if (unit < MIN_EXPONENT || most > MAX_EXPONENT) {
      return false;
    }
    long rangeA = a.scaleExponents();
    if (!normal(unit(a.element()) + least(rangeA), most(a.element()) + largest(rangeA))) {
      return false;
    }
    long rangeB = b.scaleExponents();
    int least = least(rangeA) + least(rangeB);
    int largest = largest(rangeA) + largest(rangeB);
    return normal(unit(b.element()) + least(rangeB), most(b.element()) + largest(rangeB))
        && normal(unit + least, most + largest)
        && normal(least, largest);
  }

  private static boolean normal(int least, int largest) {
    return least >= MIN_EXPONENT && largest <= MAX_EXPONENT;
  }

  /** {@return a range of exponents as one number} */
  static long range(int least, int largest) {
    return (long) largest << Integer.SIZE | (least & 0xFFFF_FFFFL);
  }

  private static int least(long range) {
    return (int) range;
  }

  private static int largest(long range) {
    return (int) (range >> Integer.SIZE);
  }

  /** {@return the exponent of the number of which all of a format are multiples} */
  private static int unit(ElementFormat format) {
    return switch (format) {
      case FloatFormat floats -> Math.getExponent((double) floats.minPositive());
      case IntegerFormat integers -> -integers.fractionBits();
    };
  }

  /** {@return the exponent of a power of two beyond a format's largest number} */
  private static int most(ElementFormat format) {
    // An integer format's least number is the power of two itself.
    return Math.getExponent(format.maxFinite()) + (format instanceof IntegerFormat ? 2 : 1);
  }
}
