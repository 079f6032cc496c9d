package octavo.nki;

/** What the scale code 0xFF means in a product. What a device does is not public. */
public enum NanScale {
  /** NaN, as the OCP specification says: every number of the group is NaN. */
  OCP_NAN,

  /**
   * Infinity, as in AWS's references: they compute {@code 2^(code - 127)} in FP32 and scale each
   * number before they multiply, so that zeros become NaN and other numbers infinite.
   */
  GOLDEN_INFINITY
}
