package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.random.RandomGenerator;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ElementwiseTest {

  private static final float NAN = Float.NaN;

  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
  private final Nisa nisa = Nisa.on(NeuronCore.V4);

  private Tensor random(ElementFormat format, long... shape) {
    Tensor tensor = Tensor.allocateHeap(format, shape);
    Tensor matrix = tensor.matrix();
    for (long i = 0; i < matrix.rows(); i++) {
      for (long j = 0; j < matrix.columns(); j++) {
        matrix.setCode(format.encode((float) random.nextGaussian(), Overflow.IEEE), i, j);
      }
    }
    return tensor;
  }

  private static Tensor row(float... values) {
    return Tensor.of(values, 1, values.length);
  }

  private float[] apply(AluOperator op, float[] a, float[] b) {
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 1, a.length);
    nisa.tensorTensor(dst, row(a), row(b), op);
    return dst.toArray();
  }

  @Test
  void operators() {
    float[] a = {3, -2, 0, NAN, 0.5f};
    float[] b = {2, -2, -0.0f, 1, 0};
    assertArrayEquals(new float[] {5, -4, 0, NAN, 0.5f}, apply(AluOperator.ADD, a, b));
    assertArrayEquals(new float[] {1, 0, 0, NAN, 0.5f}, apply(AluOperator.SUBTRACT, a, b));
    assertArrayEquals(new float[] {6, 4, -0.0f, NAN, 0}, apply(AluOperator.MULTIPLY, a, b));
    assertArrayEquals(new float[] {3, -2, 0, NAN, 0.5f}, apply(AluOperator.MAXIMUM, a, b));
    assertArrayEquals(new float[] {2, -2, -0.0f, NAN, 0}, apply(AluOperator.MINIMUM, a, b));
    assertArrayEquals(new float[] {0, 1, 1, 0, 0}, apply(AluOperator.EQUAL, a, b));
    assertArrayEquals(new float[] {1, 0, 0, 1, 1}, apply(AluOperator.NOT_EQUAL, a, b));
    assertArrayEquals(new float[] {1, 1, 1, 0, 1}, apply(AluOperator.GREATER_EQUAL, a, b));
    assertArrayEquals(new float[] {1, 0, 0, 0, 1}, apply(AluOperator.GREATER, a, b));
    assertArrayEquals(new float[] {0, 1, 1, 0, 0}, apply(AluOperator.LESS_EQUAL, a, b));
    assertArrayEquals(new float[] {0, 0, 0, 0, 0}, apply(AluOperator.LESS, a, b));
    assertArrayEquals(new float[] {1, 1, 0, 1, 0}, apply(AluOperator.LOGICAL_AND, a, b));
    assertArrayEquals(new float[] {1, 1, 0, 1, 1}, apply(AluOperator.LOGICAL_OR, a, b));
    assertArrayEquals(new float[] {0, 0, 0, 0, 1}, apply(AluOperator.LOGICAL_XOR, a, b));
    assertArrayEquals(new float[] {9, 0.25f, 1, NAN, 1}, apply(AluOperator.POWER, a, b));
    assertArrayEquals(new float[] {3, 2, 0, NAN, 0.5f}, apply(AluOperator.ABS_MAX, a, b));
    assertArrayEquals(new float[] {2, 2, 0, NAN, 0}, apply(AluOperator.ABS_MIN, a, b));
    assertArrayEquals(new float[] {3, 2, 0, NAN, 0.5f}, apply(AluOperator.ABS, a, b));
    assertArrayEquals(new float[] {9, 4, 0, NAN, 0.25f}, apply(AluOperator.SQUARE, a, b));
    assertArrayEquals(new float[] {3, 0, 0, NAN, 0.5f}, apply(AluOperator.RELU, a, b));
    float infinity = Float.POSITIVE_INFINITY;
    float[] c = {4, 0.25f, 0, infinity, 1};
    assertArrayEquals(new float[] {0.5f, 2, infinity, 0, 1}, apply(AluOperator.RSQRT, c, b));
    assertArrayEquals(new float[] {0.25f, 4, infinity, 0, 1}, apply(AluOperator.RECIPROCAL, c, b));
  }

  /** FP32 inside, one rounding on the way out, in every format and over every tail. */
  @Test
  void tensorTensorRoundsOnce() {
    for (ElementFormat format :
        List.of(Formats.FP32, Formats.BF16, Formats.FP16, Formats.E4M3, Formats.E5M2)) {
      for (int free : new int[] {1, 3, 17, 64, 100}) {
        Tensor a = random(format, 3, free);
        Tensor b = random(Formats.FP16, 3, free);
        Tensor dst = Tensor.allocateHeap(format, 3, free);
        nisa.tensorTensor(dst, a, b, AluOperator.MULTIPLY);
        for (long i = 0; i < 3; i++) {
          for (long j = 0; j < free; j++) {
            assertEquals(format.encode(a.get(i, j) * b.get(i, j), Overflow.IEEE), dst.code(i, j));
          }
        }
        nisa.tensorTensor(a, a, b, AluOperator.MULTIPLY);
        assertEquals(-1, dst.data().mismatch(a.data()), "in place");
      }
    }
  }

  @Test
  void writesOverflowToInfinityOrNan() {
    Tensor large = row(300, -300, 1e6f);
    Tensor e4m3 = Tensor.allocateHeap(Formats.E4M3, 1, 3);
    nisa.tensorCopy(e4m3, large);
    assertArrayEquals(
        new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY},
        e4m3.toArray());
    Tensor e4m3fn = Tensor.allocateHeap(Formats.E4M3FN, 1, 3);
    nisa.tensorCopy(e4m3fn, large);
    assertArrayEquals(new float[] {288, -288, NAN}, e4m3fn.toArray());
    Tensor saturated = Tensor.allocateHeap(Formats.E4M3FN, 1, 3);
    Nisa.on(NeuronCore.V4, octavo.Cast.SATURATE).tensorCopy(saturated, large);
    assertArrayEquals(new float[] {288, -288, 448}, saturated.toArray());
  }

  /** Same types: bits, NaN payloads included. */
  @Test
  void copiesOfTheSameTypeKeepBits() {
    Tensor src = Tensor.allocateHeap(Formats.FP16, 1, 2);
    src.setCode(0x7D01, 0, 0);
    src.setCode(0xFE55, 0, 1);
    Tensor dst = Tensor.allocateHeap(Formats.FP16, 1, 2);
    nisa.tensorCopy(dst, src);
    assertEquals(0x7D01, dst.code(0, 0));
    assertEquals(0xFE55, dst.code(0, 1));
  }

  @Test
  void tensorScalar() {
    Tensor data = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 2, 3);
    Operand perPartition = Operand.of(Tensor.of(new float[] {10, 20}, 2, 1));

    nisa.tensorScalar(dst, data, AluOperator.SUBTRACT, perPartition);
    assertArrayEquals(new float[] {-9, -8, -7, -16, -15, -14}, dst.toArray());
    nisa.tensorScalar(
        dst,
        data,
        AluOperator.SUBTRACT,
        perPartition,
        true,
        AluOperator.MULTIPLY,
        Operand.of(2),
        false);
    assertArrayEquals(new float[] {18, 16, 14, 32, 30, 28}, dst.toArray());
    nisa.tensorScalar(
        dst, data, AluOperator.ADD, Operand.ONE, false, AluOperator.SUBTRACT, perPartition, true);
    assertArrayEquals(new float[] {8, 7, 6, 15, 14, 13}, dst.toArray());
    NeuronCoreTest.assertRefused(
        "must be FP32",
        () ->
            nisa.tensorScalar(
                dst, data, AluOperator.ADD, Operand.of(Tensor.allocateHeap(Formats.BF16, 2, 1))));
  }

  @Test
  void tensorReduce() {
    Tensor data = random(Formats.BF16, 4, 3, 35);
    Tensor sums = Tensor.allocateHeap(Formats.FP32, 4, 3);
    nisa.tensorReduce(sums, AluOperator.ADD, data, 1, false);
    Tensor maxima = Tensor.allocateHeap(Formats.BF16, 4, 1);
    nisa.tensorReduce(maxima, AluOperator.MAXIMUM, data, 2, true);
    for (long i = 0; i < 4; i++) {
      float max = Float.NEGATIVE_INFINITY;
      for (long j = 0; j < 3; j++) {
        // The library's order: sixteen lanes, then halves.
        float[] lanes = new float[16];
        for (int k = 0; k < 35; k++) {
          lanes[k % 16] += data.get(i, j, k);
          max = Math.max(max, data.get(i, j, k));
        }
        for (int half = 8; half > 0; half /= 2) {
          for (int l = 0; l < half; l++) {
            lanes[l] += lanes[l + half];
          }
        }
        assertEquals(lanes[0], sums.get(i, j));
      }
      assertEquals(-max, maxima.get(i, 0));
    }
    Tensor difference = Tensor.allocateHeap(Formats.FP32, 1, 1);
    nisa.tensorReduce(difference, AluOperator.SUBTRACT, row(10, 1, 2, 3), 1, false);
    assertEquals(4, difference.get(0, 0));
    nisa.tensorReduce(difference, AluOperator.MULTIPLY, row(10, 1, 2, 3), 1, false);
    assertEquals(60, difference.get(0, 0));
    nisa.tensorReduce(difference, AluOperator.LOGICAL_AND, row(10, 1, 2, 3), 1, false);
    assertEquals(1, difference.get(0, 0));
    NeuronCoreTest.assertRefused(
        "does not reduce",
        () -> nisa.tensorReduce(difference, AluOperator.POWER, row(1, 2), 1, false));
    NeuronCoreTest.assertRefused(
        "the partition dimension stays",
        () -> nisa.tensorReduce(difference, AluOperator.ADD, row(1, 2), 2, false));
  }

  // ---- activation

  /** The table of NKI ISA API Common Fields, typed in once more. */
  @Test
  void validRanges() {
    assertRange(ActivationFunction.LOG, Math.scalb(1f, -64), Math.scalb(1f, 64));
    assertRange(ActivationFunction.SIN, (float) -Math.PI, (float) Math.PI);
    assertRange(ActivationFunction.ARCTAN, (float) -(Math.PI / 2), (float) (Math.PI / 2));
    assertRange(ActivationFunction.SQRT, Math.scalb(1f, -116), Math.scalb(1f, 118));
    assertRange(ActivationFunction.RSQRT, Math.scalb(1f, -87), Math.scalb(1f, 97));
    assertRange(ActivationFunction.RECIPROCAL, Math.scalb(1f, -42), Math.scalb(1f, 42));
    assertTrue(ActivationFunction.RECIPROCAL.valid(-1));
    int limited = 0;
    for (ActivationFunction function : ActivationFunction.values()) {
      limited += function.min() == Float.NEGATIVE_INFINITY ? 0 : 1;
    }
    assertEquals(6, limited);
    assertEquals(26, ActivationFunction.values().length);
  }

  private static void assertRange(ActivationFunction function, float min, float max) {
    assertTrue(function.valid(min) && function.valid(max), function.nkiName());
    assertTrue(!function.valid(Math.nextDown(min)) && !function.valid(Math.nextUp(max)));
    assertTrue(!function.valid(NAN));
  }

  /** Against the formulas in FP64; erf by its series. */
  @Test
  void activationsAreTheirFormulas() {
    for (float x = -6; x <= 6; x += 0.09375f) {
      double d = x;
      double s = 1 / (1 + StrictMath.exp(-d));
      double q = 1 / (1 + StrictMath.exp(-1.702 * d));
      double phi = StrictMath.exp(-d * d / 2) / StrictMath.sqrt(2 * Math.PI);
      double cdf = 0.5 * (1 + erf(d / StrictMath.sqrt(2)));
      double softplus = StrictMath.log1p(StrictMath.exp(d));
      double inner = StrictMath.sqrt(2 / Math.PI) * (d + 0.044715 * d * d * d);
      assertNear(d, ActivationFunction.COPY, x);
      assertNear(d * d, ActivationFunction.SQUARE, x);
      assertNear(s, ActivationFunction.SIGMOID, x);
      assertNear(Math.max(d, 0), ActivationFunction.RELU, x);
      assertNear(d > 0 ? d : 0.25 * d, ActivationFunction.PRELU, x);
      assertNear(d * cdf, ActivationFunction.GELU, x);
      assertNear(cdf + d * phi, ActivationFunction.GELU_DX, x);
      assertNear(d / 2 * (1 + StrictMath.tanh(inner)), ActivationFunction.GELU_APPRX_TANH, x);
      assertNear(d * q, ActivationFunction.GELU_APPRX_SIGMOID, x);
      assertNear(q + 1.702 * d * q * (1 - q), ActivationFunction.GELU_APPRX_SIGMOID_DX, x);
      assertNear(d * s, ActivationFunction.SILU, x);
      assertNear(s + d * s * (1 - s), ActivationFunction.SILU_DX, x);
      assertNear(StrictMath.tanh(d), ActivationFunction.TANH, x);
      assertNear(softplus, ActivationFunction.SOFTPLUS, x);
      assertNear(d * StrictMath.tanh(softplus), ActivationFunction.MISH, x);
      assertNear(erf(d), ActivationFunction.ERF, x);
      assertNear(
          2 / StrictMath.sqrt(Math.PI) * StrictMath.exp(-d * d), ActivationFunction.ERF_DX, x);
      assertNear(StrictMath.exp(d), ActivationFunction.EXP, x);
      assertNear(StrictMath.sin(d), ActivationFunction.SIN, x);
      assertNear(StrictMath.atan(d), ActivationFunction.ARCTAN, x);
      assertNear(Math.signum(d), ActivationFunction.SIGN, x);
      assertNear(Math.abs(d), ActivationFunction.ABS, x);
      if (x > 0) {
        assertNear(StrictMath.log(d), ActivationFunction.LOG, x);
        assertNear(StrictMath.sqrt(d), ActivationFunction.SQRT, x);
        assertNear(1 / StrictMath.sqrt(d), ActivationFunction.RSQRT, x);
        assertNear(1 / d, ActivationFunction.RECIPROCAL, x);
      }
    }
  }

  /** 2 / sqrt(pi) * exp(-x^2) * (x + 2 x^3 / 3 + 4 x^5 / 15 + ...): no term cancels another. */
  private static double erf(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 300; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / StrictMath.sqrt(Math.PI) * StrictMath.exp(-x * x) * sum;
  }

  private static void assertNear(double expected, ActivationFunction function, float x) {
    double tolerance = 1e-6 * Math.abs(expected) + 3e-7;
    assertEquals(expected, function.apply(x, 0.25f), tolerance, () -> function + " of " + x);
  }

  @Test
  void activation() {
    Tensor data = random(Formats.BF16, 3, 40);
    Tensor bias = Tensor.of(new float[] {0.5f, -0.25f, 1 / 3f}, 3, 1);
    Tensor dst = Tensor.allocateHeap(Formats.BF16, 3, 40);
    Tensor sums = Tensor.allocateHeap(Formats.FP32, 3, 1);
    long outside =
        nisa.activation(
            dst,
            ActivationFunction.SILU,
            data,
            Operand.of(bias),
            Operand.of(1.7f),
            Reduction.of(AluOperator.ADD, sums),
            OutOfRange.COUNT);
    assertEquals(0, outside);
    for (long i = 0; i < 3; i++) {
      double sum = 0;
      for (long j = 0; j < 40; j++) {
        float value = ActivationFunction.SILU.apply(data.get(i, j) * 1.7f + bias.get(i, 0), 0);
        assertEquals(Formats.BF16.encode(value, Overflow.IEEE), dst.code(i, j));
        sum += value;
      }
      assertEquals(sum, sums.get(i, 0), 1e-5);
    }
  }

  @Test
  void inputsOutsideTheDocumentedRangeAreCounted() {
    Tensor data = row(-4, 0.5f, 9, NAN);
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 1, 4);
    assertEquals(3, nisa.activation(dst, ActivationFunction.SIN, data, Operand.ZERO, Operand.ONE));
    assertEquals(StrictMath.sin(9), dst.get(0, 2), 1e-6);
    assertEquals(
        3,
        nisa.activation(
            dst,
            ActivationFunction.SIN,
            data,
            Operand.ZERO,
            Operand.ONE,
            Reduction.NONE,
            OutOfRange.NAN));
    assertTrue(Float.isNaN(dst.get(0, 2)));
    assertEquals(StrictMath.sin(0.5), dst.get(0, 1), 1e-6);
    Tensor untouched = row(7, 7, 7, 7);
    var refusal =
        assertThrows(
            ArithmeticException.class,
            () ->
                nisa.activation(
                    untouched,
                    ActivationFunction.SIN,
                    data,
                    Operand.ZERO,
                    Operand.ONE,
                    Reduction.NONE,
                    OutOfRange.REFUSE));
    assertTrue(refusal.getMessage().startsWith("3 of 4"), refusal.getMessage());
    assertArrayEquals(new float[] {7, 7, 7, 7}, untouched.toArray());
  }

  // ---- patterns and selections

  @Test
  void iota() {
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 2, 6);
    nisa.iota(dst, AccessPattern.of(10, 2, 1, 3), 100, 1000);
    assertArrayEquals(
        new float[] {100, 101, 102, 110, 111, 112, 1100, 1101, 1102, 1110, 1111, 1112},
        dst.toArray());
    IntegerTile integers = IntegerTile.allocate(IntegerType.UINT8, 2, 3);
    nisa.iota(integers, AccessPattern.of(-1, 3), 1, 300);
    assertEquals(1, integers.get(0, 0));
    assertEquals(0, integers.get(0, 2));
    assertEquals(255, integers.get(1, 0));
    NeuronCoreTest.assertRefused("5 elements", () -> nisa.iota(dst, AccessPattern.of(1, 5), 0, 0));
    NeuronCoreTest.assertRefused("1 to 4", () -> AccessPattern.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
  }

  /** A causal mask: query p may see keys up to p. */
  @Test
  void affineSelect() {
    Tensor scores = random(Formats.BF16, 5, 5);
    Tensor masked = Tensor.allocateHeap(Formats.BF16, 5, 5);
    nisa.affineSelect(
        masked, AccessPattern.of(-1, 5), 0, 1, scores, -Float.MAX_VALUE, AluOperator.GREATER_EQUAL);
    for (long q = 0; q < 5; q++) {
      for (long k = 0; k < 5; k++) {
        // The lowest FP32 number rounds to minus infinity, as the documentation warns.
        float expected = k <= q ? scores.get(q, k) : Float.NEGATIVE_INFINITY;
        assertEquals(expected, masked.get(q, k));
      }
    }
    NeuronCoreTest.assertRefused(
        "no comparison",
        () -> nisa.affineSelect(masked, AccessPattern.of(-1, 5), 0, 1, scores, 0, AluOperator.ADD));
  }

  @Test
  void emptyTiles() {
    Tensor empty = Tensor.allocateHeap(Formats.BF16, 4, 0);
    nisa.tensorTensor(empty, empty, empty, AluOperator.ADD);
    nisa.tensorScalar(empty, empty, AluOperator.ADD, Operand.ONE);
    assertEquals(
        0, nisa.activation(empty, ActivationFunction.EXP, empty, Operand.ZERO, Operand.ONE));
    Tensor sums = Tensor.allocateHeap(Formats.FP32, 4, 1);
    nisa.tensorReduce(sums, AluOperator.ADD, empty, 1, false);
    assertArrayEquals(new float[4], sums.toArray());
  }
}
