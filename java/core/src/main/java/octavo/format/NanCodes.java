package octavo.format;

/** Which codes of a float format mean "not a number". */
public enum NanCodes {
  /** No code: every code is a number. */
  NONE,

  /** Exponent field all ones and mantissa not zero; mantissa zero is infinity. */
  IEEE,

  /** Exponent and mantissa fields all ones, and no other code. */
  ALL_ONES,

  /** The single code that would be negative zero. */
  NEGATIVE_ZERO
}
