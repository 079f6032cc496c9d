package octavo.nki;

/**
 * What {@link Nisa#activation} does about inputs outside a function's documented range, for which
 * the documentation says no more than that results are invalid.
 */
public enum OutOfRange {
  /** Computes the function all the same, and counts them. */
  COUNT,
  /** Gives NaN, and counts them. */
  NAN,
  /** Writes nothing and throws {@link ArithmeticException}. */
  REFUSE
}
