package octavo.format;

/** The one place where discarded bits decide between two neighbours. */
final class SignificandRounding {

  private SignificandRounding() {}

  /**
   * {@return {@code significand * 2^-shift} rounded to an integer}
   *
   * @param significand from 0 to below 2^41
   * @param shift the number of low bits to discard; if not positive nothing is lost
   */
  static long round(long significand, int shift, Rounding rounding, int randomBits) {
    if (shift <= 0) {
      return significand << -shift;
    }
    // Beyond 62 discarded bits only FP32 significands arrive, below 2^24: less than 2^-38 of a unit
    // is neither near a half nor, in 32 bits, any chance at all.
    int discarded = Math.min(shift, 62);
    long quotient = shift > 62 ? 0 : significand >>> discarded;
    long fraction = shift > 62 ? 0 : significand & ((1L << discarded) - 1);
    boolean up =
        switch (rounding) {
          case TOWARD_ZERO -> false;
          case NEAREST_EVEN -> {
            long half = 1L << (discarded - 1);
            yield fraction > half || (fraction == half && (quotient & 1) == 1);
          }
          case STOCHASTIC -> {
            long chance =
                discarded <= 32 ? fraction << (32 - discarded) : fraction >>> (discarded - 32);
            yield chance + Integer.toUnsignedLong(randomBits) >= 1L << 32;
          }
        };
    return up ? quotient + 1 : quotient;
  }
}
