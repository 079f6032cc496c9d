package octavo.math;

/**
 * The numbers in {@link Functions}, for kernels that repeat its steps.
 *
 * <p>The polynomials are minimax fits: the largest relative error of the function (not of the
 * polynomial) over the interval is least. Found by Remez exchange in double; coefficients were
 * rounded to FP32 from the lowest power on, each followed by a new fit of those that remain, as
 * long as that helped. {@code MinimaxTest} computes the least possible errors, below
 * 2<sup>-27</sup>, and checks that these come within 2<sup>-29</sup>. The fraction (TAIL) is a
 * rational fit by reweighted least squares, its coefficients then moved by single units while the
 * error fell, to 2<sup>-26.5</sup>.
 *
 * <p>Numbers after a name are powers of the variable.
 */
public final class Coefficients {

  /** 1.5 * 2<sup>23</sup>: added to a small number it leaves an integer in the low bits. */
  public static final float ROUNDER = 0x1.8p23f;

  /** 1 / ln 2. */
  public static final float LOG2_E = 0x1.715476p0f;

  /** ln 2 in 16 bits. */
  public static final float LN2_HIGH = 0x1.62e4p-1f;

  /** What {@link #LN2_HIGH} lacks. */
  public static final float LN2_LOW = 0x1.7f7d1cp-20f;

  /** 2 / sqrt(pi). */
  public static final float TWO_OVER_SQRT_PI = 0x1.20dd76p0f;

  /** 1 / sqrt(2 pi). */
  public static final float ONE_OVER_SQRT_2PI = 0x1.988454p-2f;

  /** 2 sqrt(2 / pi) in 12 bits: subtracting it is exact. */
  public static final float GELU_1_HIGH = 0x1.988p0f;

  /** What {@link #GELU_1_HIGH} lacks. */
  public static final float GELU_1_LOW = 0x1.14cf5p-14f;

  /** 2 sqrt(2 / pi) * 0.044715. */
  public static final float GELU_3 = 0x1.2444f2p-4f;

  /** What {@link #GELU_3} lacks. */
  public static final float GELU_3_LOW = 0x1.49b16ap-29f;

  /** 1.702. */
  public static final float GELU_SIGMOID = 1.702f;

  /** What {@link #GELU_SIGMOID} lacks. */
  public static final float GELU_SIGMOID_LOW = -0x1.78d4fep-26f;

  /** 1 / pi. */
  public static final float ONE_OVER_PI = 0x1.45f306p-2f;

  /** pi in 8 bits. */
  public static final float PI_HIGH = 0x1.92p1f;

  /** What {@link #PI_HIGH} lacks. */
  public static final float PI_MIDDLE = 0x1.fb5444p-11f;

  /** What both lack. */
  public static final float PI_LOW = 0x1.68c234p-38f;

  /** pi / 2. */
  public static final float HALF_PI = 0x1.921fb6p0f;

  /** What {@link #HALF_PI} lacks. */
  public static final float HALF_PI_LOW = -0x1.777a5cp-25f;

  /** The bits of {@link #ROUNDER}. */
  public static final int ROUNDER_BITS = 0x4B40_0000;

  /** The bits of sqrt(1/2), the least significand in {@link Functions#log}. */
  public static final int SQRT_HALF = 0x3F35_04F3;

  // e^r - 1 = r + r^2 q(r), |r| <= 0.3468.

  /** The factor of r<sup>2</sup> in {@link Functions#exp}. */
  public static final float EXP_2 = 0x1.fffffcp-2f;

  /** The factor of r<sup>3</sup> in {@link Functions#exp}. */
  public static final float EXP_3 = 0x1.55548cp-3f;

  /** The factor of r<sup>4</sup> in {@link Functions#exp}. */
  public static final float EXP_4 = 0x1.55585ap-5f;

  /** The factor of r<sup>5</sup> in {@link Functions#exp}. */
  public static final float EXP_5 = 0x1.123d6ep-7f;

  /** The factor of r<sup>6</sup> in {@link Functions#exp}. */
  public static final float EXP_6 = 0x1.6ab89ep-10f;

  // log(1 + f) = f - f^2 / 2 + f^3 p(f), f from sqrt(1/2) - 1 to sqrt(2) - 1.

  /** The factor of f<sup>3</sup> in {@link Functions#log}. */
  public static final float LOG_3 = 0x1.555548p-2f;

  /** The factor of f<sup>4</sup> in {@link Functions#log}. */
  public static final float LOG_4 = -0x1.000012p-2f;

  /** The factor of f<sup>5</sup> in {@link Functions#log}. */
  public static final float LOG_5 = 0x1.99a45p-3f;

  /** The factor of f<sup>6</sup> in {@link Functions#log}. */
  public static final float LOG_6 = -0x1.5557dcp-3f;

  /** The factor of f<sup>7</sup> in {@link Functions#log}. */
  public static final float LOG_7 = 0x1.23400cp-3f;

  /** The factor of f<sup>8</sup> in {@link Functions#log}. */
  public static final float LOG_8 = -0x1.fca638p-4f;

  /** The factor of f<sup>9</sup> in {@link Functions#log}. */
  public static final float LOG_9 = 0x1.e6adc6p-4f;

  /** The factor of f<sup>10</sup> in {@link Functions#log}. */
  public static final float LOG_10 = -0x1.dba85p-4f;

  /** The factor of f<sup>11</sup> in {@link Functions#log}. */
  public static final float LOG_11 = 0x1.12b2a2p-4f;

  // log(1 + e) = e p(e), 0 <= e <= 1; the first factor is 1.

  /** The factor of e<sup>2</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_2 = -0x1.fffff8p-2f;

  /** The factor of e<sup>3</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_3 = 0x1.5553b6p-2f;

  /** The factor of e<sup>4</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_4 = -0x1.ffc59ep-3f;

  /** The factor of e<sup>5</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_5 = 0x1.978b56p-3f;

  /** The factor of e<sup>6</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_6 = -0x1.4a72c6p-3f;

  /** The factor of e<sup>7</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_7 = 0x1.ff2978p-4f;

  /** The factor of e<sup>8</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_8 = -0x1.54f2b6p-4f;

  /** The factor of e<sup>9</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_9 = 0x1.59022cp-5f;

  /** The factor of e<sup>10</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_10 = -0x1.c0a8dp-7f;

  /** The factor of e<sup>11</sup> in {@link Functions#softplus}. */
  public static final float LOG1P_11 = 0x1.113cb4p-9f;

  // tanh x = x + x^3 p(x^2), |x| < 0.6.

  /** The factor of x<sup>3</sup> in {@link Functions#tanh}. */
  public static final float TANH_3 = -0x1.55553ep-2f;

  /** The factor of x<sup>5</sup> in {@link Functions#tanh}. */
  public static final float TANH_5 = 0x1.1109bep-3f;

  /** The factor of x<sup>7</sup> in {@link Functions#tanh}. */
  public static final float TANH_7 = -0x1.b89abap-5f;

  /** The factor of x<sup>9</sup> in {@link Functions#tanh}. */
  public static final float TANH_9 = 0x1.54c3c2p-6f;

  /** The factor of x<sup>11</sup> in {@link Functions#tanh}. */
  public static final float TANH_11 = -0x1.828776p-8f;

  // erf x = x + x p(x^2), |x| < 0.9.

  /** The factor of x in {@link Functions#erf}. */
  public static final float ERF_1 = 0x1.06eba8p-3f;

  /** The factor of x<sup>3</sup> in {@link Functions#erf}. */
  public static final float ERF_3 = -0x1.812744p-2f;

  /** The factor of x<sup>5</sup> in {@link Functions#erf}. */
  public static final float ERF_5 = 0x1.ce2e54p-4f;

  /** The factor of x<sup>7</sup> in {@link Functions#erf}. */
  public static final float ERF_7 = -0x1.b81524p-6f;

  /** The factor of x<sup>9</sup> in {@link Functions#erf}. */
  public static final float ERF_9 = 0x1.550a44p-8f;

  /** The factor of x<sup>11</sup> in {@link Functions#erf}. */
  public static final float ERF_11 = -0x1.aca392p-11f;

  /** The factor of x<sup>13</sup> in {@link Functions#erf}. */
  public static final float ERF_13 = 0x1.6510c4p-14f;

  // log(1 - erf x) = p(x), 0.88 <= x <= 4.

  /** The factor of 1 in {@link Functions#erf}. */
  public static final float ERFC_0 = 0x1.56dc94p-13f;

  /** The factor of x in {@link Functions#erf}. */
  public static final float ERFC_1 = -0x1.212452p0f;

  /** The factor of x<sup>2</sup> in {@link Functions#erf}. */
  public static final float ERFC_2 = -0x1.4454a2p-1f;

  /** The factor of x<sup>3</sup> in {@link Functions#erf}. */
  public static final float ERFC_3 = -0x1.bb0246p-4f;

  /** The factor of x<sup>4</sup> in {@link Functions#erf}. */
  public static final float ERFC_4 = 0x1.9a3c8ep-6f;

  /** The factor of x<sup>5</sup> in {@link Functions#erf}. */
  public static final float ERFC_5 = -0x1.0f563cp-8f;

  /** The factor of x<sup>6</sup> in {@link Functions#erf}. */
  public static final float ERFC_6 = 0x1.c0dfb2p-12f;

  /** The factor of x<sup>7</sup> in {@link Functions#erf}. */
  public static final float ERFC_7 = -0x1.58a1a6p-16f;

  // Phi(-a) e^(a^2/2), 0 <= a <= 14.8: the numerator; the first coefficient is 1/2.

  /** The factor of a in {@link Functions#gelu}. */
  public static final float TAIL_N1 = 0x1.c0b508p-2f;

  /** The factor of a<sup>2</sup> in {@link Functions#gelu}. */
  public static final float TAIL_N2 = 0x1.770d72p-3f;

  /** The factor of a<sup>3</sup> in {@link Functions#gelu}. */
  public static final float TAIL_N3 = 0x1.4c842ap-5f;

  /** The factor of a<sup>4</sup> in {@link Functions#gelu}. */
  public static final float TAIL_N4 = 0x1.0d325ep-8f;

  // Phi(-a) e^(a^2/2), 0 <= a <= 14.8: the denominator; the first coefficient is 1.

  /** The factor of a in {@link Functions#gelu}. */
  public static final float TAIL_D1 = 0x1.ac9cb2p0f;

  /** The factor of a<sup>2</sup> in {@link Functions#gelu}. */
  public static final float TAIL_D2 = 0x1.33bebep0f;

  /** The factor of a<sup>3</sup> in {@link Functions#gelu}. */
  public static final float TAIL_D3 = 0x1.e07312p-2f;

  /** The factor of a<sup>4</sup> in {@link Functions#gelu}. */
  public static final float TAIL_D4 = 0x1.a0c6p-4f;

  /** The factor of a<sup>5</sup> in {@link Functions#gelu}. */
  public static final float TAIL_D5 = 0x1.51625ep-7f;

  // sin r = r + r^3 p(r^2), |r| <= 1.571.

  /** The factor of r<sup>3</sup> in {@link Functions#sin}. */
  public static final float SIN_3 = -0x1.555556p-3f;

  /** The factor of r<sup>5</sup> in {@link Functions#sin}. */
  public static final float SIN_5 = 0x1.111136p-7f;

  /** The factor of r<sup>7</sup> in {@link Functions#sin}. */
  public static final float SIN_7 = -0x1.a023ccp-13f;

  /** The factor of r<sup>9</sup> in {@link Functions#sin}. */
  public static final float SIN_9 = 0x1.72cddcp-19f;

  /** The factor of r<sup>11</sup> in {@link Functions#sin}. */
  public static final float SIN_11 = -0x1.b624a4p-26f;

  // arctan x = x + x^3 p(x^2), |x| <= 1.

  /** The factor of x<sup>3</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_3 = -0x1.55553ep-2f;

  /** The factor of x<sup>5</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_5 = 0x1.9991e4p-3f;

  /** The factor of x<sup>7</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_7 = -0x1.2420acp-3f;

  /** The factor of x<sup>9</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_9 = 0x1.c090bcp-4f;

  /** The factor of x<sup>11</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_11 = -0x1.582058p-4f;

  /** The factor of x<sup>13</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_13 = 0x1.da9e3cp-5f;

  /** The factor of x<sup>15</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_15 = -0x1.feabfcp-6f;

  /** The factor of x<sup>17</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_17 = 0x1.65af3cp-7f;

  /** The factor of x<sup>19</sup> in {@link Functions#arctan}. */
  public static final float ARCTAN_19 = -0x1.d68e3cp-10f;

  private Coefficients() {}
}
