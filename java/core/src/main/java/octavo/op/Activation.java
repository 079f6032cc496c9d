package octavo.op;

/**
 * A function of one number that a product's results go through before they are written.
 *
 * <p>{@link #apply} is the definition; every kernel gives its bits.
 */
public enum Activation {
  /** The number itself. */
  NONE {
    @Override
    public float apply(float x) {
      return x;
    }
  },

  /** {@code x < 0 ? +0 : x}: NaN stays NaN and -0 stays -0. */
  RELU {
    @Override
    public float apply(float x) {
      return x < 0 ? 0.0f : x;
    }
  };

  /**
   * {@return the function's value}
   *
   * @param x any number
   */
  public abstract float apply(float x);
}
