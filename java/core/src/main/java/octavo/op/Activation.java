package octavo.op;

import octavo.math.Functions;

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

  /** {@link Functions#relu}: {@code x < 0 ? +0 : x}. NaN stays NaN and -0 stays -0. */
  RELU {
    @Override
    public float apply(float x) {
      return Functions.relu(x);
    }
  },

  /** {@link Functions#gelu}, with the error function. */
  GELU {
    @Override
    public float apply(float x) {
      return Functions.gelu(x);
    }
  },

  /** {@link Functions#geluTanh}, the approximation with the hyperbolic tangent. */
  GELU_TANH {
    @Override
    public float apply(float x) {
      return Functions.geluTanh(x);
    }
  },

  /** {@link Functions#silu}, also called swish. */
  SILU {
    @Override
    public float apply(float x) {
      return Functions.silu(x);
    }
  };

  /**
   * {@return the function's value}
   *
   * @param x any number
   */
  public abstract float apply(float x);
}
