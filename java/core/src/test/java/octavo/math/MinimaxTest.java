package octavo.math;

import static octavo.math.Coefficients.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The polynomials of {@link Coefficients} are next to the best of their degree. */
class MinimaxTest {

  /** How much of its largest error a polynomial may owe to rounding coefficients. */
  private static final double ROUNDING = 0x1p-29;

  @SuppressWarnings("ImmutableEnumChecker") // nobody changes the problems
  enum Fit {
    EXP(
        r -> series(r, 2),
        r -> r * r / StrictMath.exp(r),
        -0.3468,
        0.3468,
        EXP_2,
        EXP_3,
        EXP_4,
        EXP_5,
        EXP_6),
    LOG(
        f ->
            Math.abs(f) < 1e-2
                ? 1 / 3.0 - f / 4 + f * f / 5 - StrictMath.pow(f, 3) / 6 + StrictMath.pow(f, 4) / 7
                : (StrictMath.log1p(f) - f + f * f / 2) / (f * f * f),
        f -> Math.abs(f * f * f / StrictMath.log1p(f)),
        -0.29295,
        0.41425,
        LOG_3,
        LOG_4,
        LOG_5,
        LOG_6,
        LOG_7,
        LOG_8,
        LOG_9,
        LOG_10,
        LOG_11),
    LOG1P(
        e -> StrictMath.log1p(e) / e,
        e -> e / StrictMath.log1p(e),
        1e-9,
        1,
        1,
        LOG1P_2,
        LOG1P_3,
        LOG1P_4,
        LOG1P_5,
        LOG1P_6,
        LOG1P_7,
        LOG1P_8,
        LOG1P_9,
        LOG1P_10,
        LOG1P_11),
    TANH(
        z -> {
          double x = Math.sqrt(z);
          return z < 1e-5 ? -1 / 3.0 + z * 2 / 15 : (StrictMath.tanh(x) / x - 1) / z;
        },
        z -> z * Math.sqrt(z) / StrictMath.tanh(Math.sqrt(z)),
        1e-7,
        0.36,
        TANH_3,
        TANH_5,
        TANH_7,
        TANH_9,
        TANH_11),
    ERF(
        z -> Exact.erf(Math.sqrt(z)) / Math.sqrt(z) - 1,
        z -> Math.sqrt(z) / Exact.erf(Math.sqrt(z)),
        1e-9,
        0.81,
        ERF_1,
        ERF_3,
        ERF_5,
        ERF_7,
        ERF_9,
        ERF_11,
        ERF_13),
    ERFC(
        x -> StrictMath.log(Exact.erfcx(x)) - x * x,
        x -> Exact.erfc(x) / Exact.erf(x),
        0.88,
        4,
        ERFC_0,
        ERFC_1,
        ERFC_2,
        ERFC_3,
        ERFC_4,
        ERFC_5,
        ERFC_6,
        ERFC_7),
    SIN(
        z -> {
          double x = Math.sqrt(z);
          return z < 1e-4 ? -1 / 6.0 + z / 120 - z * z / 5040 : (StrictMath.sin(x) / x - 1) / z;
        },
        z -> z * Math.sqrt(z) / StrictMath.sin(Math.sqrt(z)),
        1e-9,
        1.5709 * 1.5709,
        SIN_3,
        SIN_5,
        SIN_7,
        SIN_9,
        SIN_11),
    ARCTAN(
        z -> {
          double x = Math.sqrt(z);
          return z < 1e-4 ? -1 / 3.0 + z / 5 - z * z / 7 : (StrictMath.atan(x) / x - 1) / z;
        },
        z -> z * Math.sqrt(z) / StrictMath.atan(Math.sqrt(z)),
        1e-9,
        1,
        ARCTAN_3,
        ARCTAN_5,
        ARCTAN_7,
        ARCTAN_9,
        ARCTAN_11,
        ARCTAN_13,
        ARCTAN_15,
        ARCTAN_17,
        ARCTAN_19);

    final Minimax problem;
    final double[] coefficients;

    Fit(
        DoubleUnaryOperator function,
        DoubleUnaryOperator weight,
        double low,
        double high,
        double... coefficients) {
      problem = new Minimax(function, weight, low, high);
      this.coefficients = coefficients;
    }

    /** (e^r - the terms below r^from) / r^from, from its series. */
    private static double series(double r, int from) {
      double term = 1;
      for (int k = 2; k <= from; k++) {
        term /= k;
      }
      double sum = 0;
      for (int k = from; k < from + 20; k++) {
        sum += term;
        term *= r / (k + 1);
      }
      return sum;
    }
  }

  @ParameterizedTest
  @EnumSource
  void errorIsNearTheLeastPossible(Fit fit) {
    double least = fit.problem.error(fit.problem.exact(new double[0], fit.coefficients.length));
    double error = fit.problem.error(fit.coefficients);
    assertTrue(
        error <= least + ROUNDING, () -> "error %.3g, least possible %.3g".formatted(error, least));
    assertTrue(least < 0x1p-27, () -> "error %.3g".formatted(least));
  }

  @Test
  void tailOfTheNormalDistribution() {
    for (double a = 0; a <= 14.8; a += 0x1p-10) {
      double numerator = (((TAIL_N4 * a + TAIL_N3) * a + TAIL_N2) * a + TAIL_N1) * a + 0.5;
      double denominator =
          ((((TAIL_D5 * a + TAIL_D4) * a + TAIL_D3) * a + TAIL_D2) * a + TAIL_D1) * a + 1;
      double exact = 0.5 * Exact.erfcx(a * Math.sqrt(0.5));
      assertEquals(1, numerator / denominator / exact, 0x1.7p-27, "at " + a);
    }
  }
}
