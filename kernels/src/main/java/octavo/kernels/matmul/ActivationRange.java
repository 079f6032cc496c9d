package octavo.kernels.matmul;

/** By which powers of two x is scaled, so that weights need not be. */
final class ActivationRange {
  /*
   * A code decoded in place is w' = w * 2^-down. With x' = x * 2^down the products are those of w
   * and x, and so is every step of a chain, whatever its result: fma adds the exact product. The one
   * condition is that x' is finite.
   *
   * Where x is too large for that, x' = x * 2^up with a smaller up, and all sums are those of w and x
   * times 2^-(down - up). They are rounded alike as long as neither side leaves the range in which
   * FP32 rounds to 24 bits:
   *
   *   - The larger side, w and x, does not overflow: K times the largest product is below 2^120.
   *   - The smaller side rounds nothing that the larger does not. With u the largest power of two of
   *     which all products are multiples, all sums are multiples of u too. If u * 2^-(down - up) is
   *     at least 2^-149, then a sum that is subnormal on the smaller side is exact there, and has so
   *     few bits that it is exact on the larger side.
   *
   * MXINT8 has weights 64 times too large: x' = x / 64 must be exact, which is the same u.
   *
   * Infinities and NaN in x stay what they are.
   */

  /** The exponent by which x is multiplied. */
  private int up;

  /** The exponent by which sums are multiplied in the end. */
  private int rest;

  ActivationRange() {}

  int up() {
    return up;
  }

  /** {@return the factor of sums} */
  float rest() {
    return Math.scalb(1.0f, rest);
  }

  /**
   * Finds the powers of two for a call.
   *
   * @param x numbers
   * @param count how many
   * @param k how many of them make a row
   * @param weights how weights are decoded
   * @return whether there are any
   */
  boolean find(float[] x, int count, int k, InPlace weights) {
    if (weights.down() == 0) {
      up = 0;
      rest = 0;
      return true;
    }
    int largest = largest(x, count);
    int top = largest == 0 ? 0 : Math.max(largest >>> 23, 1) - 127 + 1; // all |x| < 2^top
    up = Math.min(weights.down(), 128 - top);
    rest = weights.down() - up;
    if (rest == 0 && up >= 0) {
      return true;
    }
    int unit = Math.max(smallest(x, count) >>> 23, 1) - 150;
    int bitsOfK = 32 - Integer.numberOfLeadingZeros(k);
    return unit + weights.unit() - rest >= -149
        && unit + Math.min(up, 0) >= -149
        && top + weights.top() + bitsOfK < 120;
  }

  /** {@return the bits of the largest finite magnitude} */
  private static int largest(float[] x, int count) {
    int largest = 0;
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(x[i]) & 0x7FFF_FFFF;
      largest = Math.max(largest, bits >= 0x7F80_0000 ? 0 : bits);
    }
    return largest;
  }

  /** {@return the bits of the smallest magnitude other than zero} */
  private static int smallest(float[] x, int count) {
    int smallest = 0x7F80_0000;
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(x[i]) & 0x7FFF_FFFF;
      smallest = Math.min(smallest, bits == 0 ? 0x7F80_0000 : bits);
    }
    return smallest;
  }
}
