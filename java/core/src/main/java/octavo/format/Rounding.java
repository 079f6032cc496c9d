package octavo.format;

/** Which of the two neighbouring codes stands for a number that has none of its own. */
public enum Rounding {
  /** The nearer neighbour; halfway between two, the one whose code is even. */
  NEAREST_EVEN,

  /**
   * The neighbour nearer to zero. A finite number never overflows in this mode: beyond the largest
   * finite value it becomes that value (IEEE 754-2019, section 7.4).
   */
  TOWARD_ZERO,

  /**
   * The upper or the lower neighbour by chance: up in magnitude with the probability {@code
   * (|x|-lo)/(hi-lo)}, so that the expected value is {@code x}. The chance is a pure function of a
   * seed and the element's index; {@link StochasticBits} defines it.
   */
  STOCHASTIC
}
