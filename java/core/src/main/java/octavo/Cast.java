package octavo;

import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * How numbers become codes: rounding and overflow, and for stochastic rounding the seed.
 *
 * @param rounding how to round
 * @param overflow what to do beyond the largest finite value
 * @param seed the seed of {@link Rounding#STOCHASTIC}; ignored by the other modes
 */
public record Cast(Rounding rounding, Overflow overflow, long seed) {

  /** Nearest even; what is too large becomes the largest finite value. */
  public static final Cast SATURATE = new Cast(Rounding.NEAREST_EVEN, Overflow.SATURATE, 0);

  /** Nearest even; what is too large becomes infinity, or NaN in formats without infinity. */
  public static final Cast IEEE = new Cast(Rounding.NEAREST_EVEN, Overflow.IEEE, 0);

  /**
   * {@return a stochastic, saturating cast}
   *
   * @param seed equal seeds give equal bits
   */
  public static Cast stochastic(long seed) {
    return new Cast(Rounding.STOCHASTIC, Overflow.SATURATE, seed);
  }
}
