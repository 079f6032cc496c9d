package octavo.nki;

import octavo.math.Functions;

/**
 * The functions of the Scalar Engine, with the input ranges in which they are documented to be
 * valid.
 *
 * <p>A device evaluates piecewise polynomials whose coefficients are not public. Here each function
 * is Octavo's own definition in FP32, {@link Functions}: names, ranges and formulas agree with a
 * device, last bits need not.
 *
 * <p>Source: AWS Neuron SDK, NKI ISA API Common Fields, Supported Activation Functions.
 */
public enum ActivationFunction {
  /** {@code x}. */
  COPY("copy"),
  /** {@code x * x}. */
  SQUARE("square"),
  /** {@code 1 / (1 + exp(-x))}. */
  SIGMOID("sigmoid"),
  /** {@code max(x, 0)}. */
  RELU("relu"),
  /** {@code x} above 0, else {@code slope * x}. */
  PRELU("prelu"),
  /** {@code x / 2 * (1 + erf(x / sqrt(2)))}. */
  GELU("gelu"),
  /** The derivative of {@link #GELU}. */
  GELU_DX("gelu_dx"),
  /** {@code x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))}. */
  GELU_APPRX_TANH("gelu_apprx_tanh"),
  /** {@code x * sigmoid(1.702 * x)}. */
  GELU_APPRX_SIGMOID("gelu_apprx_sigmoid"),
  /** The derivative of {@link #GELU_APPRX_SIGMOID}. */
  GELU_APPRX_SIGMOID_DX("gelu_apprx_sigmoid_dx"),
  /** {@code x * sigmoid(x)}. */
  SILU("silu"),
  /** The derivative of {@link #SILU}. */
  SILU_DX("silu_dx"),
  /** The hyperbolic tangent. */
  TANH("tanh"),
  /** {@code log(1 + exp(x))}. */
  SOFTPLUS("softplus"),
  /** {@code x * tanh(softplus(x))}. */
  MISH("mish"),
  /** The error function. */
  ERF("erf"),
  /** Its derivative, {@code 2 / sqrt(pi) * exp(-x^2)}. */
  ERF_DX("erf_dx"),
  /** The exponential function. */
  EXP("exp"),
  /** The natural logarithm, on {@code [2^-64, 2^64]}. */
  LOG("log", 0x1p-64f, 0x1p64f),
  /**
   * The sine, on {@code [-pi, pi]}. A device does not reduce its argument: it is documented to
   * return about 27.65 for 9.
   */
  SIN("sin", -0x1.921fb6p1f, 0x1.921fb6p1f),
  /** The arc tangent, on {@code [-pi/2, pi/2]}. */
  ARCTAN("arctan", -0x1.921fb6p0f, 0x1.921fb6p0f),
  /** The square root, on {@code [2^-116, 2^118]}. */
  SQRT("sqrt", 0x1p-116f, 0x1p118f),
  /** {@code 1 / sqrt(x)}, on {@code [2^-87, 2^97]}. */
  RSQRT("rsqrt", 0x1p-87f, 0x1p97f),
  /** {@code 1 / x}, for magnitudes in {@code [2^-42, 2^42]}. */
  RECIPROCAL("reciprocal", 0x1p-42f, 0x1p42f),
  /** -1, 0 or 1. */
  SIGN("sign"),
  /** The magnitude. */
  ABS("abs");

  private final String nkiName;
  private final float min;
  private final float max;

  ActivationFunction(String nkiName) {
    this(nkiName, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);
  }

  ActivationFunction(String nkiName, float min, float max) {
    this.nkiName = nkiName;
    this.min = min;
    this.max = max;
  }

  /** {@return the name in {@code nki.language}} */
  public String nkiName() {
    return nkiName;
  }

  /** {@return the least valid input; of {@link #RECIPROCAL} the least magnitude} */
  public float min() {
    return min;
  }

  /** {@return the greatest valid input; of {@link #RECIPROCAL} the greatest magnitude} */
  public float max() {
    return max;
  }

  /**
   * {@return whether an input is in the documented range} NaN is in every range that is the whole
   * line, in no other.
   *
   * @param x the input
   */
  public boolean valid(float x) {
    float value = this == RECIPROCAL ? Math.abs(x) : x;
    return min == Float.NEGATIVE_INFINITY || (value >= min && value <= max);
  }

  /**
   * {@return the function's value}
   *
   * @param x the input
   * @param slope the slope of {@link #PRELU} below 0; ignored by the others
   */
  public float apply(float x, float slope) {
    return switch (this) {
      case COPY -> x;
      case SQUARE -> Functions.square(x);
      case SIGMOID -> Functions.sigmoid(x);
      case RELU -> Functions.relu(x);
      case PRELU -> Functions.prelu(x, slope);
      case GELU -> Functions.gelu(x);
      case GELU_DX -> Functions.geluDx(x);
      case GELU_APPRX_TANH -> Functions.geluTanh(x);
      case GELU_APPRX_SIGMOID -> Functions.geluSigmoid(x);
      case GELU_APPRX_SIGMOID_DX -> Functions.geluSigmoidDx(x);
      case SILU -> Functions.silu(x);
      case SILU_DX -> Functions.siluDx(x);
      case TANH -> Functions.tanh(x);
      case SOFTPLUS -> Functions.softplus(x);
      case MISH -> Functions.mish(x);
      case ERF -> Functions.erf(x);
      case ERF_DX -> Functions.erfDx(x);
      case EXP -> Functions.exp(x);
      case LOG -> Functions.log(x);
      case SIN -> Functions.sin(x);
      case ARCTAN -> Functions.arctan(x);
      case SQRT -> Functions.sqrt(x);
      case RSQRT -> Functions.rsqrt(x);
      case RECIPROCAL -> Functions.reciprocal(x);
      case SIGN -> Functions.sign(x);
      case ABS -> Functions.abs(x);
    };
  }
}
