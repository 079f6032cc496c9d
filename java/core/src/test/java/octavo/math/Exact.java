package octavo.math;

/** The functions in double, good to some 2^-48: what errors in FP32 are measured against. */
final class Exact {

  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

  private Exact() {}

  /** A product that is 0 where a factor has become 0, also at infinity: the limits of all below. */
  private static double times(double x, double factor) {
    return factor == 0 ? Math.copySign(0, x) : x * factor;
  }

  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  static double sigmoid(double x) {
    double e = Math.exp(-Math.abs(x));
    return (x < 0 ? e : 1) / (1 + e);
  }

  /** By the series whose terms are all positive; from 2 on by {@link #erfc}. */
  static double erf(double x) {
    double a = Math.abs(x);
    if (a > 2) {
      return Math.copySign(a > 6 ? 1 : 1 - erfc(a), x);
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > Math.abs(sum) * 0x1p-55; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
  }

  /** 1 - erf for x >= 0: e^(-x^2) times {@link #erfcx}. */
  static double erfc(double x) {
    return x < 2 ? 1 - erf(x) : Math.exp(-x * x) * erfcx(x);
  }

  /** e^(x^2) * erfc for x >= 0: by Laplace's continued fraction from 2 on. */
  static double erfcx(double x) {
    if (x < 2) {
      return Math.exp(x * x) * (1 - erf(x));
    }
    double fraction = 0;
    for (int k = x > 4 ? 60 : 240; k > 0; k--) {
      fraction = k / 2.0 / (x + fraction);
    }
    return TWO_OVER_SQRT_PI / 2 / (x + fraction);
  }

  static double erfDx(double x) {
    return TWO_OVER_SQRT_PI * Math.exp(-x * x);
  }

  /** The normal distribution. */
  static double phi(double x) {
    if (Math.abs(x) > 40) {
      return x < 0 ? 0 : 1;
    }
    return x < 0 ? 0.5 * erfc(-x * SQRT_HALF) : 1 - 0.5 * erfc(x * SQRT_HALF);
  }

  static double gelu(double x) {
    return times(x, phi(x));
  }

  static double geluDx(double x) {
    return phi(x) + times(x, Math.exp(-x * x / 2)) / Math.sqrt(2 * Math.PI);
  }

  static double geluTanh(double x) {
    return times(x, sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  static double geluSigmoid(double x) {
    return times(x, sigmoid(1.702 * x));
  }

  static double silu(double x) {
    return times(x, sigmoid(x));
  }

  static double siluDx(double x) {
    return times(1 + times(x, sigmoid(-x)), sigmoid(x));
  }

  static double mish(double x) {
    double e = Math.exp(-Math.abs(x));
    return x < 0
        ? times(x, e * (e + 2) / (e * (e + 2) + 2))
        : x * (1 + 2 * e) / (1 + 2 * e + 2 * e * e);
  }
}
