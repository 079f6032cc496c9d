package octavo.math;

import static java.lang.Math.fma;
import static octavo.math.Coefficients.*;

/**
 * The definitions of exp, tanh, erf, the activations and their kin on FP32 numbers: sequences of
 * IEEE operations, the same for every kernel on every machine.
 *
 * <p>Each function is a chain of FP32 fused multiply-adds, multiplications, additions, one division
 * or square root at most, integer steps on the bits, and selects; all rounding is to nearest even
 * and subnormals are kept. There are no branches and no tables, so lanes of any width repeat the
 * steps and have the same bits. A kernel may change whatever leaves the bits alone, nothing else.
 *
 * <p>The error of finite FP32 inputs stays below these limits, in units in the last place of the
 * exact result (of 2<sup>-149</sup> where that is subnormal), against double. Tests sample every
 * exponent; a nightly one goes through all inputs.
 *
 * <table class="plain">
 * <caption>Errors</caption>
 * <tr><th>function</th><th>ulp</th></tr>
 * <tr><td>sqrt, reciprocal, square</td><td>0.5</td></tr>
 * <tr><td>log</td><td>0.83</td></tr>
 * <tr><td>erf</td><td>1.0</td></tr>
 * <tr><td>exp</td><td>1.02</td></tr>
 * <tr><td>arctan</td><td>1.4</td></tr>
 * <tr><td>rsqrt, tanh</td><td>1.5</td></tr>
 * <tr><td>sigmoid</td><td>1.75</td></tr>
 * <tr><td>silu</td><td>1.8</td></tr>
 * <tr><td>erfDx</td><td>1.9</td></tr>
 * <tr><td>softplus</td><td>1.95</td></tr>
 * <tr><td>geluTanh</td><td>2.0</td></tr>
 * <tr><td>geluSigmoid</td><td>2.05</td></tr>
 * <tr><td>sin</td><td>2.6</td></tr>
 * <tr><td>mish</td><td>4.2</td></tr>
 * <tr><td>gelu</td><td>6.2</td></tr>
 * </table>
 *
 * <p>NaN gives NaN (any payload). Results above the largest FP32 number are Inf, results below half
 * the least subnormal are zeros; subnormal results are rounded once. The rest is said per function.
 * Methods are pure: any number of threads may call them.
 */
public final class Functions {

  /*
   * e^x = 2^n (1 + s) with n the integer nearest to x / ln 2 and s = e^r - 1, |r| <= ln 2 / 2:
   *
   * n: t = fma(x, log2 e, 1.5 * 2^23) has unit 1, so its low bits are n in two's complement, and
   *   t - 1.5 * 2^23 is n as a number. NaN makes a senseless n and a NaN r, so NaN results.
   * r: two steps with ln 2 = high + low, high of 16 bits: n * high is exact, and as x is near it so
   *   is the first difference. Where x is itself rounded (gelu) its rest is added to r.
   * s: r + r^2 q(r), which keeps its relative precision near 0. 1 + s is left to the user of s:
   *   fma(a, s, a) is a (1 + s) with one rounding where a * (1 + s) has two.
   * 2^n: two factors, as n goes from -172 to 128. The first product is exact, the second rounds.
   *
   * Logistic functions need 1 / (1 + e^-x) = 1 / (1 + 2^n (1 + s)), where 2^n overflows for negative
   * x. With c = 2^-|n| the sum is c s + (1 + c) if n <= 0, rounded once, and 2^n times (s + c) + 1
   * otherwise, where (1 + c) + s would lose c at n = 24. The quotient is scaled.
   *
   * gelu: with a = |x|, the tail of the normal distribution is Phi(-a) = e^(-a^2/2) M(a), M smooth
   * and slow. a^2/2 is kept as an exact sum of two numbers, since its rounding alone would cost up to
   * 50 ulp in the tail; 0.5 * x * (1 + erf(x / sqrt 2)) loses all digits there. The polynomials of
   * the fraction M have positive coefficients, so nothing cancels; in t = 1 / (1 + 0.26 a), one
   * polynomial of degree 11 had 6 ulp in samples already. gelu_tanh carries its argument in the same
   * way.
   *
   * One division costs lanes less than a reciprocal by Newton steps and is rounded correctly.
   *
   * Coefficients: see there.
   */

  private static final int MAGNITUDE = 0x7FFF_FFFF;
  private static final int SIGN = 0x8000_0000;

  private Functions() {}

  // ---- e^x and logarithms

  /**
   * {@return e<sup>x</sup>} Inf from 88.72284 on, 0 below -103.97208.
   *
   * @param x the exponent
   */
  public static float exp(float x) {
    float y = x < -104 ? -104 : x;
    y = y > 89 ? 89 : y;
    float t = fma(y, LOG2_E, ROUNDER);
    return scale(1 + expm1(reduced(y, t)), integer(t));
  }

  /**
   * {@return the natural logarithm} -Inf of zeros, NaN of negative numbers.
   *
   * @param x a number
   */
  public static float log(float x) {
    boolean small = x < 0x1p-126f;
    int bits = bits(small ? x * 0x1p23f : x) - SQRT_HALF;
    float exponent = (bits >> 23) - (small ? 23 : 0);
    float f = number((bits & 0x7F_FFFF) + SQRT_HALF) - 1;
    float p = fma(f, LOG_11, LOG_10);
    p = fma(p, f, LOG_9);
    p = fma(p, f, LOG_8);
    p = fma(p, f, LOG_7);
    p = fma(p, f, LOG_6);
    p = fma(p, f, LOG_5);
    p = fma(p, f, LOG_4);
    p = fma(p, f, LOG_3);
    float z = f * f;
    float y = fma(p * f, z, exponent * LN2_LOW);
    y = fma(z, -0.5f, y) + f;
    y = fma(exponent, LN2_HIGH, y);
    y = x == 0 ? Float.NEGATIVE_INFINITY : y;
    y = x < 0 ? Float.NaN : y;
    return x < Float.POSITIVE_INFINITY ? y : x;
  }

  /**
   * {@return log(1 + e<sup>x</sup>)}
   *
   * @param x a number
   */
  public static float softplus(float x) {
    float a = abs(x);
    a = a > 110 ? 110 : a;
    float t = fma(a, -LOG2_E, ROUNDER);
    int n = integer(t);
    float s = expm1(reduced(-a, t));
    float c = power(Math.max(n, -126));
    float e = fma(c, s, c);
    float p = fma(e, LOG1P_11, LOG1P_10);
    p = fma(p, e, LOG1P_9);
    p = fma(p, e, LOG1P_8);
    p = fma(p, e, LOG1P_7);
    p = fma(p, e, LOG1P_6);
    p = fma(p, e, LOG1P_5);
    p = fma(p, e, LOG1P_4);
    p = fma(p, e, LOG1P_3);
    p = fma(p, e, LOG1P_2);
    float m = 1 + s;
    return relu(x) + scale(fma(p * e, m, m), n);
  }

  // ---- sigmoids

  /**
   * {@return 1 / (1 + e<sup>-x</sup>)}
   *
   * @param x a number
   */
  public static float sigmoid(float x) {
    float y = x < -110 ? -110 : x;
    y = y > 110 ? 110 : y;
    float t = fma(y, -LOG2_E, ROUNDER);
    return logistic(1, integer(t), expm1(reduced(-y, t)));
  }

  /**
   * {@return the hyperbolic tangent} Of -0 it is -0.
   *
   * @param x a number
   */
  public static float tanh(float x) {
    float a = abs(x);
    a = a > 10 ? 10 : a;
    float z = a * a;
    float p = fma(z, TANH_11, TANH_9);
    p = fma(p, z, TANH_7);
    p = fma(p, z, TANH_5);
    p = fma(p, z, TANH_3);
    float small = fma(p * z, a, a);
    float y = -2 * a;
    float t = fma(y, LOG2_E, ROUNDER);
    float s = expm1(reduced(y, t));
    float c = power(integer(t));
    float large = 1 - fma(2 * c, s, 2 * c) / fma(c, s, 1 + c);
    return withSign(a < 0.6f ? small : large, x);
  }

  /**
   * {@return the error function, 2 / sqrt(pi) times the integral of e<sup>-u*u</sup> from 0 to x}
   *
   * @param x a number
   */
  public static float erf(float x) {
    float a = abs(x);
    a = a > 4 ? 4 : a;
    float z = a * a;
    float p = fma(z, ERF_13, ERF_11);
    p = fma(p, z, ERF_9);
    p = fma(p, z, ERF_7);
    p = fma(p, z, ERF_5);
    p = fma(p, z, ERF_3);
    p = fma(p, z, ERF_1);
    float small = fma(p, a, a);
    float y = fma(a, ERFC_7, ERFC_6);
    y = fma(y, a, ERFC_5);
    y = fma(y, a, ERFC_4);
    y = fma(y, a, ERFC_3);
    y = fma(y, a, ERFC_2);
    y = fma(y, a, ERFC_1);
    y = fma(y, a, ERFC_0);
    float t = fma(y, LOG2_E, ROUNDER);
    float s = expm1(reduced(y, t));
    float c = power(integer(t));
    float large = fma(-c, s, 1 - c);
    return withSign(a < 0.9f ? small : large, x);
  }

  /**
   * {@return the slope of {@link #erf}, 2 / sqrt(pi) * e<sup>-x*x</sup>}
   *
   * @param x a number
   */
  public static float erfDx(float x) {
    float a = abs(x);
    a = a > 10.5f ? 10.5f : a;
    float y = -a * a;
    float rest = fma(-a, a, -y);
    float t = fma(y, LOG2_E, ROUNDER);
    float s = expm1(reduced(y, t) + rest);
    return scale(fma(TWO_OVER_SQRT_PI, s, TWO_OVER_SQRT_PI), integer(t));
  }

  // ---- activations

  /**
   * {@return x, or +0 where x is negative} Of -0 it is -0.
   *
   * @param x a number
   */
  public static float relu(float x) {
    return x < 0 ? 0 : x;
  }

  /**
   * {@return x, or x * slope where x is negative}
   *
   * @param x a number
   * @param slope the factor for negative numbers
   */
  public static float prelu(float x, float slope) {
    return x < 0 ? x * slope : x;
  }

  /**
   * {@return x * Phi(x), Phi the normal distribution: x / 2 * (1 + erf(x / sqrt 2))} Of -0 and -Inf
   * it is -0.
   *
   * @param x a number
   */
  public static float gelu(float x) {
    float a = abs(x);
    a = a > 14.8f ? 14.8f : a;
    float half = -0.5f * a;
    float y = half * a;
    float rest = fma(half, a, -y);
    float t = fma(y, LOG2_E, ROUNDER);
    float s = expm1(reduced(y, t) + rest);
    float g = a * tailNumerator(a);
    g = fma(g, s, g) / tailDenominator(a);
    g = scale(g, integer(t));
    return x < 0 ? -g : x - g;
  }

  /**
   * {@return the slope of {@link #gelu}} Its zero near -0.7518 makes the relative error unbounded;
   * the absolute one is below 2<sup>-22</sup>.
   *
   * @param x a number
   */
  public static float geluDx(float x) {
    float a = abs(x);
    a = a > 14.8f ? 14.8f : a;
    float half = -0.5f * a;
    float y = half * a;
    float rest = fma(half, a, -y);
    float t = fma(y, LOG2_E, ROUNDER);
    float s = expm1(reduced(y, t) + rest);
    float g = fma(a, -ONE_OVER_SQRT_2PI, tailNumerator(a) / tailDenominator(a));
    g = scale(fma(g, s, g), integer(t));
    return x < 0 ? g : 1 - g;
  }

  /**
   * {@return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x<sup>3</sup>)))} Of -0 and -Inf it
   * is -0.
   *
   * @param x a number
   */
  public static float geluTanh(float x) {
    float y = x < -11 ? -11 : x;
    float b = y > 11 ? 11 : y;
    // v + rest = 2 sqrt(2 / pi) (b + 0.044715 b^3): twice the argument, as tanh(u) = 2 sigmoid(2u)
    // - 1.
    float z = b * b;
    float w = fma(z, GELU_3, GELU_1_HIGH);
    float rest = fma(z, GELU_3, GELU_1_HIGH - w) + GELU_1_LOW;
    rest = fma(z, GELU_3_LOW, rest);
    rest = fma(fma(b, b, -z), GELU_3, rest);
    float v = b * w;
    rest = fma(b, rest, fma(b, w, -v));
    float t = fma(v, -LOG2_E, ROUNDER);
    return logistic(y, integer(t), expm1(reduced(-v, t) - rest));
  }

  /**
   * {@return x * sigmoid(1.702 * x)} Of -0 and -Inf it is -0.
   *
   * @param x a number
   */
  public static float geluSigmoid(float x) {
    float y = x < -70 ? -70 : x;
    float b = y > 70 ? 70 : y;
    float v = b * GELU_SIGMOID;
    float rest = fma(b, GELU_SIGMOID_LOW, fma(b, GELU_SIGMOID, -v));
    float t = fma(v, -LOG2_E, ROUNDER);
    return logistic(y, integer(t), expm1(reduced(-v, t) - rest));
  }

  /**
   * {@return the slope of {@link #geluSigmoid}: {@link #siluDx} of 1.702 * x}
   *
   * @param x a number
   */
  public static float geluSigmoidDx(float x) {
    return siluDx(x * GELU_SIGMOID);
  }

  /**
   * {@return x * sigmoid(x)} Of -0 and -Inf it is -0.
   *
   * @param x a number
   */
  public static float silu(float x) {
    float y = x < -110 ? -110 : x;
    float b = y > 110 ? 110 : y;
    float t = fma(b, -LOG2_E, ROUNDER);
    return logistic(y, integer(t), expm1(reduced(-b, t)));
  }

  /**
   * {@return the slope of {@link #silu}} Its zero near -1.2785 makes the relative error unbounded;
   * the absolute one is below 2<sup>-23</sup>.
   *
   * @param x a number
   */
  public static float siluDx(float x) {
    float a = abs(x);
    a = a > 110 ? 110 : a;
    float t = fma(a, -LOG2_E, ROUNDER);
    int n = integer(t);
    float s = expm1(reduced(-a, t));
    float c = power(Math.max(n, -126));
    float r = 1 / fma(c, s, 1 + c);
    float g = r * fma(-a, r, 1);
    g = scale(fma(g, s, g), n);
    return x < 0 ? g : 1 - g;
  }

  /**
   * {@return x * tanh(softplus(x))} Of -0 and -Inf it is -0.
   *
   * @param x a number
   */
  public static float mish(float x) {
    float y = x < -110 ? -110 : x;
    float b = y > 110 ? 110 : y;
    // tanh(softplus) = w / (w + 2), w = e (e + 2), e = e^b = 2^n p. Where n > 0: 1 - 2 / (w + 2),
    // both over 2^2n.
    float t = fma(b, LOG2_E, ROUNDER);
    int n = integer(t);
    float s = expm1(reduced(b, t));
    float p = 1 + s;
    float c = power(Math.max(Math.min(n, -n), -126));
    float factor = n > 0 ? 1 : c;
    float twice = n > 0 ? 2 * c : 2;
    float v = fma(factor, p, twice);
    float sum = fma(factor, p * v, n > 0 ? twice * c : 2);
    float q = y * v;
    q = (n > 0 ? -twice * c * b : fma(q, s, q)) / sum;
    return n > 0 ? y + q : scale(q, n);
  }

  // ---- roots, angles, and the rest

  /**
   * {@return the square root, rounded correctly} Of -0 it is -0, of other negative numbers NaN.
   *
   * @param x a number
   */
  public static float sqrt(float x) {
    return (float) Math.sqrt(x);
  }

  /**
   * {@return 1 / {@link #sqrt}, both rounded correctly} Of +0 it is Inf, of -0 -Inf, of other
   * negative numbers NaN.
   *
   * @param x a number
   */
  public static float rsqrt(float x) {
    return 1 / (float) Math.sqrt(x);
  }

  /**
   * {@return 1 / x, rounded correctly} Of zeros it is Inf of their sign.
   *
   * @param x a number
   */
  public static float reciprocal(float x) {
    return 1 / x;
  }

  /**
   * {@return x * x}
   *
   * @param x a number
   */
  public static float square(float x) {
    return x * x;
  }

  /**
   * {@return the magnitude}
   *
   * @param x a number
   */
  public static float abs(float x) {
    return number(bits(x) & MAGNITUDE);
  }

  /**
   * {@return 1, -1, or x where it is zero or NaN}
   *
   * @param x a number
   */
  public static float sign(float x) {
    return x > 0 ? 1 : x < 0 ? -1 : x;
  }

  /**
   * {@return the sine} NaN where {@code |x|} is above 2<sup>17</sup>: the steps are not precise
   * enough there.
   *
   * @param x an angle in radians
   */
  public static float sin(float x) {
    float t = fma(x, ONE_OVER_PI, ROUNDER);
    float k = t - ROUNDER;
    float r = fma(k, -PI_HIGH, x);
    r = fma(k, -PI_MIDDLE, r);
    r = fma(k, -PI_LOW, r);
    float z = r * r;
    float p = fma(z, SIN_11, SIN_9);
    p = fma(p, z, SIN_7);
    p = fma(p, z, SIN_5);
    p = fma(p, z, SIN_3);
    float y = fma(p * z, r, r);
    y = z == 0 ? r : number(bits(y) ^ (bits(t) << 31));
    return abs(x) <= 0x1p17f ? y : Float.NaN;
  }

  /**
   * {@return the arc tangent} Of Inf it is pi / 2.
   *
   * @param x a number
   */
  public static float arctan(float x) {
    float a = abs(x);
    float b = a > 1 ? -1 / a : a;
    float z = b * b;
    float p = fma(z, ARCTAN_19, ARCTAN_17);
    p = fma(p, z, ARCTAN_15);
    p = fma(p, z, ARCTAN_13);
    p = fma(p, z, ARCTAN_11);
    p = fma(p, z, ARCTAN_9);
    p = fma(p, z, ARCTAN_7);
    p = fma(p, z, ARCTAN_5);
    p = fma(p, z, ARCTAN_3);
    float y = fma(p * z, b, b);
    y = a > 1 ? y + HALF_PI_LOW + HALF_PI : y;
    return withSign(y, x);
  }

  // ---- steps

  private static int bits(float x) {
    return Float.floatToRawIntBits(x);
  }

  private static float number(int bits) {
    return Float.intBitsToFloat(bits);
  }

  private static float withSign(float magnitude, float sign) {
    return number(bits(magnitude) | (bits(sign) & SIGN));
  }

  /** 2^n, n from -126 to 127. */
  private static float power(int n) {
    return number((n + 127) << 23);
  }

  /** x * 2^n, rounded once. */
  private static float scale(float x, int n) {
    int half = n >> 1;
    return x * power(half) * power(n - half);
  }

  /** The n of a sum with {@link Coefficients#ROUNDER}. */
  private static int integer(float t) {
    return bits(t) - ROUNDER_BITS;
  }

  /** x - n ln 2. */
  private static float reduced(float x, float t) {
    float n = t - ROUNDER;
    return fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x));
  }

  /** e^r - 1. */
  private static float expm1(float r) {
    float q = fma(r, EXP_6, EXP_5);
    q = fma(q, r, EXP_4);
    q = fma(q, r, EXP_3);
    q = fma(q, r, EXP_2);
    return fma(r * r, q, r);
  }

  /** x / (1 + 2^n (1 + s)). */
  private static float logistic(float x, int n, float s) {
    float c = power(Math.max(Math.min(n, -n), -126));
    float sum = n > 0 ? s + c + 1 : fma(c, s, 1 + c);
    return scale(x / sum, Math.min(-n, 0));
  }

  private static float tailNumerator(float a) {
    float p = fma(a, TAIL_N4, TAIL_N3);
    p = fma(p, a, TAIL_N2);
    p = fma(p, a, TAIL_N1);
    return fma(p, a, 0.5f);
  }

  private static float tailDenominator(float a) {
    float p = fma(a, TAIL_D5, TAIL_D4);
    p = fma(p, a, TAIL_D3);
    p = fma(p, a, TAIL_D2);
    p = fma(p, a, TAIL_D1);
    return fma(p, a, 1);
  }
}
