package octavo.math;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import octavo.math.Definition.Fp32Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Errors against double, and what is defined number by number. */
class FunctionsTest {

  private static final float INF = Float.POSITIVE_INFINITY;

  /** The largest error of some numbers, and where. */
  private record Worst(double error, float at) {
    static final Worst NONE = new Worst(0, 0);

    static Worst of(Definition definition, int bits) {
      float x = Float.intBitsToFloat(bits);
      return new Worst(definition.error(x), x);
    }

    Worst or(Worst other) {
      return other.error > error ? other : this;
    }

    void check(Definition definition) {
      assertTrue(
          error <= definition.limit,
          () ->
              "%s(%s) = %s, exact %s: error %.4g, promised %.4g"
                  .formatted(
                      definition,
                      at,
                      definition.function.of(at),
                      definition.exact.applyAsDouble(at),
                      error,
                      definition.limit));
    }
  }

  /** Each upper half of an FP32 number with eight lower halves. */
  @ParameterizedTest
  @EnumSource
  void errorIsAsPromised(Definition definition) {
    int[] low = {0, 1, 0x3333, 0x7FFF, 0x8000, 0xA5A5, 0xFFFE, 0xFFFF};
    Worst worst = Worst.NONE;
    for (int upper = 0; upper < 1 << 16; upper++) {
      for (int lower : low) {
        int bits = (upper << 16) | (lower ^ ((upper * 0x9E5) & 0xFFFF));
        worst = worst.or(Worst.of(definition, bits));
      }
    }
    worst.check(definition);
  }

  @Tag("nightly")
  @ParameterizedTest
  @EnumSource
  void errorIsAsPromisedForAllNumbers(Definition definition) {
    int chunk = 1 << 20;
    Worst worst =
        LongStream.range(0, (1L << 32) / chunk)
            .parallel()
            .mapToObj(c -> worst(definition, (int) (c * chunk), chunk))
            .reduce(Worst.NONE, Worst::or);
    System.out.printf(
        "%s: %.4f %s at %s%n",
        definition,
        definition.absolute ? Math.log(worst.error) / Math.log(2) : worst.error,
        definition.absolute ? "= log2 of the absolute error" : "ulp",
        worst.at);
    worst.check(definition);
  }

  private static Worst worst(Definition definition, int first, int count) {
    double error = 0;
    int at = first;
    for (int bits = first; bits != first + count; bits++) {
      double e = definition.error(Float.intBitsToFloat(bits));
      if (e > error) {
        error = e;
        at = bits;
      }
    }
    return new Worst(error, Float.intBitsToFloat(at));
  }

  /** What is measured against is right: digits from Abramowitz and Stegun, tables 7.1 and 26.1. */
  @Test
  void exactFunctionsAgreeWithTables() {
    assertEquals(0.1124629160, Exact.erf(0.1), 1e-10);
    assertEquals(0.5204998778, Exact.erf(0.5), 1e-10);
    assertEquals(0.8427007929, Exact.erf(1), 1e-10);
    assertEquals(0.9661051465, Exact.erf(1.5), 1e-10);
    assertEquals(0.9953222650, Exact.erf(2), 1e-10);
    assertEquals(0.841344746068543, Exact.phi(1), 1e-14);
    assertEquals(0.977249868051821, Exact.phi(2), 1e-14);
    assertEquals(0.998650101968370, Exact.phi(3), 1e-14);
    // Both sides of the seam between series and continued fraction.
    assertEquals(0, Exact.erfcx(2) / Exact.erfcx(Math.nextDown(2.0)) - 1, 1e-13);
  }

  /**
   * The worst of all FP32 numbers, which samples do not meet; its value is of a series with 120
   * digits.
   */
  @Test
  void worstOfGelu() {
    float x = -0x1.2c9cap3f;
    double exact = -2.710133338924637e-20;
    assertEquals(1, Exact.gelu(x) / exact, 1e-13);
    assertEquals(6.1397, Math.abs(Functions.gelu(x) - exact) / Math.ulp((float) exact), 1e-4);
  }

  @Test
  void notANumberGivesNotANumber() {
    for (Definition definition : Definition.values()) {
      for (int bits : new int[] {0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF, 0xFFC1_2345}) {
        float nan = Float.intBitsToFloat(bits);
        assertTrue(Float.isNaN(definition.function.of(nan)), definition::name);
      }
    }
    assertTrue(Float.isNaN(Functions.relu(Float.NaN)));
    assertTrue(Float.isNaN(Functions.sign(Float.NaN)));
    assertTrue(Float.isNaN(Functions.log(-1)));
    assertTrue(Float.isNaN(Functions.log(-Float.MIN_VALUE)));
    assertTrue(Float.isNaN(Functions.log(-INF)));
    assertTrue(Float.isNaN(Functions.rsqrt(-1)));
    assertTrue(Float.isNaN(Functions.sin(INF)));
    assertTrue(Float.isNaN(Functions.sin(Math.nextUp(0x1p17f))));
  }

  @Test
  void infinities() {
    assertAll(
        () -> same(INF, Functions::exp, INF),
        () -> same(0f, Functions::exp, -INF),
        () -> same(INF, Functions::log, INF),
        () -> same(INF, Functions::softplus, INF),
        () -> same(0f, Functions::softplus, -INF),
        () -> same(1f, Functions::sigmoid, INF),
        () -> same(0f, Functions::sigmoid, -INF),
        () -> same(1f, Functions::tanh, INF),
        () -> same(-1f, Functions::tanh, -INF),
        () -> same(1f, Functions::erf, INF),
        () -> same(-1f, Functions::erf, -INF),
        () -> same(0f, Functions::erfDx, -INF),
        () -> same(INF, Functions::rsqrt, 0f),
        () -> same(-INF, Functions::rsqrt, -0f),
        () -> same(0f, Functions::rsqrt, INF),
        () -> same(Coefficients.HALF_PI, Functions::arctan, INF),
        () -> same(-Coefficients.HALF_PI, Functions::arctan, -INF),
        () -> same(INF, Functions::relu, INF),
        () -> same(0f, Functions::relu, -INF));
    for (Fp32Function activation : activations()) {
      same(INF, activation, INF);
      same(-0f, activation, -INF);
      same(Float.MAX_VALUE, activation, Float.MAX_VALUE);
      same(-0f, activation, -Float.MAX_VALUE);
    }
    for (Fp32Function slope :
        new Fp32Function[] {Functions::geluDx, Functions::siluDx, Functions::geluSigmoidDx}) {
      same(1f, slope, INF);
      assertEquals(0f, slope.of(-INF), 0f);
    }
  }

  @Test
  void zeros() {
    Fp32Function[] odd = {
      Functions::tanh,
      Functions::erf,
      Functions::sin,
      Functions::arctan,
      Functions::sqrt,
      Functions::sign
    };
    for (Fp32Function f : odd) {
      same(0f, f, 0f);
      same(-0f, f, -0f);
    }
    for (Fp32Function f : activations()) {
      same(0f, f, 0f);
      same(-0f, f, -0f);
    }
    assertAll(
        () -> same(1f, Functions::exp, -0f),
        () -> same(0.5f, Functions::sigmoid, -0f),
        () -> same(-INF, Functions::log, -0f),
        () -> same(-INF, Functions::log, 0f),
        () -> same(-0f, Functions::relu, -0f),
        () -> same(0f, Functions::abs, -0f));
  }

  /** The first number whose exponential is Inf, and the last whose is 0: of 2^128 and 2^-150. */
  @Test
  void exponentialOverflowsWhereItShould() {
    float top = 88.72284f; // just above 128 ln 2 - 2^-25
    same(INF, Functions::exp, top);
    assertTrue(Functions.exp(Math.nextDown(top)) < INF);
    float bottom = -103.97208f;
    same(0f, Functions::exp, Math.nextDown(bottom));
    same(Float.MIN_VALUE, Functions::exp, bottom);
    same(0f, Functions::exp, -Float.MAX_VALUE);
    same(INF, Functions::exp, Float.MAX_VALUE);
  }

  @Test
  void subnormalsPassThrough() {
    IntStream.of(1, 2, 3, 0x7F_FFFF)
        .mapToObj(Float::intBitsToFloat)
        .forEach(tiny -> {
          same(tiny, Functions::tanh, tiny);
          same(-tiny, Functions::tanh, -tiny);
          same(tiny, Functions::sin, tiny);
          same(tiny, Functions::arctan, tiny);
          same(tiny, Functions::relu, tiny);
          same(1f, Functions::exp, tiny);
        });
  }

  @Test
  void simpleOnes() {
    same(2.25f, Functions::square, -1.5f);
    same(1.5f, Functions::abs, -1.5f);
    same(-1f, Functions::sign, -1.5f);
    same(1f, Functions::sign, Float.MIN_VALUE);
    assertEquals(-0.375f, Functions.prelu(-1.5f, 0.25f));
    assertEquals(1.5f, Functions.prelu(1.5f, 0.25f));
  }

  private static Fp32Function[] activations() {
    return new Fp32Function[] {
      Functions::gelu, Functions::geluTanh, Functions::geluSigmoid, Functions::silu, Functions::mish
    };
  }

  private static void same(float expected, Fp32Function function, float x) {
    assertEquals(
        Float.floatToRawIntBits(expected),
        Float.floatToRawIntBits(function.of(x)),
        () -> "expected %s, was %s at %s".formatted(expected, function.of(x), x));
  }
}
