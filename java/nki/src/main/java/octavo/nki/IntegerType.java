package octavo.nki;

/**
 * The integer types of NKI, and the conversion to them: to nearest even, saturating.
 *
 * <p>NaN becomes 0, which is Octavo's choice: the documentation does not say. Bits move unchanged
 * between types of the same width only through {@link IntegerTile}.
 *
 * <p>Source: AWS Neuron SDK, release notes of NKI 0.6.0 (the simulator's conversion changed to
 * match the hardware's).
 */
public enum IntegerType {
  /** -128 to 127. */
  INT8(DType.INT8, 8, true),
  /** 0 to 255. */
  UINT8(DType.UINT8, 8, false),
  /** -32768 to 32767. */
  INT16(DType.INT16, 16, true),
  /** 0 to 65535. */
  UINT16(DType.UINT16, 16, false),
  /** -2^31 to 2^31 - 1. */
  INT32(DType.INT32, 32, true),
  /** 0 to 2^32 - 1. */
  UINT32(DType.UINT32, 32, false);

  private final DType type;
  private final int bits;
  private final boolean signed;

  IntegerType(DType type, int bits, boolean signed) {
    this.type = type;
    this.bits = bits;
    this.signed = signed;
  }

  /** {@return the type's name among all} */
  public DType type() {
    return type;
  }

  /** {@return the bytes of one number} */
  public int bytes() {
    return bits / 8;
  }

  /** {@return whether there are negative numbers} */
  public boolean signed() {
    return signed;
  }

  /** {@return the least number} */
  public long min() {
    return signed ? -(1L << (bits - 1)) : 0;
  }

  /** {@return the greatest number} */
  public long max() {
    return signed ? (1L << (bits - 1)) - 1 : (1L << bits) - 1;
  }

  /**
   * {@return the number nearest to another, ties to even, within the limits of this type}
   *
   * @param value any number; NaN gives 0
   */
  public long of(float value) {
    // The nearest whole double is exact for every float, and so is the comparison with the limits.
    double whole = Math.rint(value);
    return whole <= min() ? min() : whole >= max() ? max() : (long) whole;
  }

  /**
   * {@return a whole number within the limits of this type}
   *
   * @param value any number
   */
  public long saturate(long value) {
    return Math.clamp(value, min(), max());
  }

  /**
   * {@return the low bits of a number, as this type reads them}
   *
   * @param value any number
   */
  public long wrap(long value) {
    int unused = 64 - bits;
    return signed ? value << unused >> unused : value << unused >>> unused;
  }
}
