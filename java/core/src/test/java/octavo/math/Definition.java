package octavo.math;

import java.util.function.DoubleUnaryOperator;

/** A function, what it should be, and what its Javadoc promises. */
@SuppressWarnings("ImmutableEnumChecker") // the functions have no state
enum Definition {
  EXP(Functions::exp, StrictMath::exp, 1.02),
  LOG(Functions::log, StrictMath::log, 0.83),
  SOFTPLUS(Functions::softplus, Exact::softplus, 1.95),
  SIGMOID(Functions::sigmoid, Exact::sigmoid, 1.75),
  TANH(Functions::tanh, StrictMath::tanh, 1.5),
  ERF(Functions::erf, Exact::erf, 1.0),
  ERF_DX(Functions::erfDx, Exact::erfDx, 1.9),
  GELU(Functions::gelu, Exact::gelu, 6.2),
  GELU_TANH(Functions::geluTanh, Exact::geluTanh, 2.0),
  GELU_SIGMOID(Functions::geluSigmoid, Exact::geluSigmoid, 2.05),
  SILU(Functions::silu, Exact::silu, 1.8),
  MISH(Functions::mish, Exact::mish, 4.2),
  RSQRT(Functions::rsqrt, x -> 1 / Math.sqrt(x), 1.5),
  SQRT(Functions::sqrt, Math::sqrt, 0.5),
  RECIPROCAL(Functions::reciprocal, x -> 1 / x, 0.5),
  SIN(Functions::sin, x -> Math.abs(x) > 0x1p17 ? Double.NaN : StrictMath.sin(x), 2.6),
  ARCTAN(Functions::arctan, StrictMath::atan, 1.4),
  GELU_DX(Functions::geluDx, Exact::geluDx, 0x1p-22, true),
  SILU_DX(Functions::siluDx, Exact::siluDx, 0x1p-23, true),
  GELU_SIGMOID_DX(Functions::geluSigmoidDx, x -> Exact.siluDx(1.702 * x), 0x1p-22, true);

  /** A function on FP32. */
  interface Fp32Function {
    float of(float x);
  }

  final Fp32Function function;
  final DoubleUnaryOperator exact;
  final double limit;
  final boolean absolute;

  Definition(Fp32Function function, DoubleUnaryOperator exact, double limit) {
    this(function, exact, limit, false);
  }

  Definition(Fp32Function function, DoubleUnaryOperator exact, double limit, boolean absolute) {
    this.function = function;
    this.exact = exact;
    this.limit = limit;
    this.absolute = absolute;
  }

  /** {@return the error at a number: infinite where a result should be or is no number} */
  double error(float x) {
    double expected = exact.applyAsDouble(x);
    float actual = function.of(x);
    if (Double.isNaN(expected) || Double.isNaN(actual)) {
      return Double.isNaN(expected) && Double.isNaN(actual) ? 0 : Double.POSITIVE_INFINITY;
    }
    if (Double.isInfinite(expected) || Float.isInfinite((float) expected)) {
      return actual == (float) expected ? 0 : Double.POSITIVE_INFINITY;
    }
    double difference = Math.abs(actual - expected);
    return absolute ? difference : difference / ulp(expected);
  }

  private static double ulp(double exact) {
    int exponent = Math.max(Math.getExponent(exact), Float.MIN_EXPONENT);
    return Double.longBitsToDouble((long) (exponent - 23 + 1023) << 52);
  }
}
