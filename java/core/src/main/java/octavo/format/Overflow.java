package octavo.format;

/**
 * What becomes of a number that, once rounded, exceeds the largest finite value of the format.
 * Rounding comes first, as if the exponent had no limit; only then is the result compared (OCP
 * 8-bit Floating Point Specification, revision 1.0, section 5). NaN is never an overflow.
 */
public enum Overflow {
  /** The largest finite value with the number's sign, also for infinities. */
  SATURATE,

  /**
   * Infinity with the number's sign; in formats without infinity NaN; in formats that have neither
   * (FP4, FP6, integers) the largest finite value.
   */
  IEEE
}
