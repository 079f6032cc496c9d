package octavo.nki;

import static octavo.nki.NeuronCoreTest.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Instructions of several steps: scans, selections, reductions into registers. Expected are the
 * documentation's pseudocode and examples worked by hand; numbers are such that no order of
 * additions rounds.
 */
class PipelinesTest {

  private static final float LOWEST = -3.4028235e38f;
  private static final float INF = Float.POSITIVE_INFINITY;

  private final Nisa nisa = Nisa.on(NeuronCore.V4);

  private static Tensor tile(int partitions, float... values) {
    return Tensor.of(values, partitions, values.length / partitions);
  }

  private static Operand column(float... values) {
    return Operand.of(Tensor.of(values, values.length, 1));
  }

  private static Tensor fp32(int partitions, int free) {
    return Tensor.allocateHeap(Formats.FP32, partitions, free);
  }

  // ---- scans

  /** The recurrence of state-space models: h[i] = a[i] * h[i - 1] + x[i]. */
  @Test
  void tensorTensorScan() {
    Tensor decay = tile(2, 0.5f, 2, 4, 1, -1, 3);
    Tensor input = tile(2, 1, 2, 3, 10, 20, 30);
    Tensor dst = fp32(2, 3);
    nisa.tensorTensorScan(
        dst, decay, input, column(8, -1), AluOperator.MULTIPLY, AluOperator.ADD, false, false);
    assertArrayEquals(new float[] {5, 12, 51, 9, 11, 63}, dst.toArray());

    // data0 - previous, then data1 - that; with both reversed previous - data0, then minus data1.
    nisa.tensorTensorScan(
        dst, decay, input, Operand.of(2), AluOperator.SUBTRACT, AluOperator.SUBTRACT, false, true);
    assertArrayEquals(new float[] {2.5f, 2.5f, 1.5f, 11, 32, 59}, dst.toArray());
    nisa.tensorTensorScan(
        dst, decay, input, Operand.of(2), AluOperator.SUBTRACT, AluOperator.SUBTRACT, true, false);
    assertArrayEquals(new float[] {0.5f, -3.5f, -10.5f, -9, -28, -61}, dst.toArray());

    // In FP32 between steps: 256 + 1 + 1 is 258 in BF16, 256 + 1 would have been rounded to 256.
    Tensor bf16 = Tensor.allocateHeap(Formats.BF16, 1, 2);
    nisa.tensorTensorScan(
        bf16,
        tile(1, 1, 1),
        tile(1, 0, 0),
        Operand.of(256),
        AluOperator.ADD,
        AluOperator.ADD,
        false,
        false);
    assertArrayEquals(new float[] {256, 258}, bf16.toArray());
    assertRefused(
        "one operand",
        () ->
            nisa.tensorTensorScan(
                dst, decay, input, Operand.ONE, AluOperator.ABS, AluOperator.ADD, false, false));
  }

  @Test
  void tensorScalarCumulative() {
    Tensor src = tile(2, 1, 2, 3, 4, 5, 6);
    Tensor dst = fp32(2, 3);
    cumulative(dst, src, AluOperator.ADD, ReduceCmd.RESET_REDUCE, Operand.ZERO);
    assertArrayEquals(new float[] {2, 6, 12, 8, 18, 30}, dst.toArray());
    cumulative(dst, src, AluOperator.ADD, ReduceCmd.REDUCE, Operand.ZERO);
    assertArrayEquals(new float[] {14, 18, 24, 38, 48, 60}, dst.toArray());
    cumulative(dst, src, AluOperator.MAXIMUM, ReduceCmd.LOAD_REDUCE, column(5, -1));
    assertArrayEquals(new float[] {5, 5, 6, 8, 10, 12}, dst.toArray());
    // What is reset is 0; then this number minus the register: 2, 4 - 2, 6 - 2.
    cumulative(dst, src, AluOperator.SUBTRACT, ReduceCmd.RESET_REDUCE, Operand.ZERO);
    assertArrayEquals(new float[] {2, 2, 4, 8, 2, 10}, dst.toArray());
    assertRefused(
        "reduce_op power",
        () -> cumulative(dst, src, AluOperator.POWER, ReduceCmd.REDUCE, Operand.ZERO));
    assertRefused(
        "reduce_cmd idle",
        () -> cumulative(dst, src, AluOperator.ADD, ReduceCmd.IDLE, Operand.ZERO));
  }

  private void cumulative(
      Tensor dst, Tensor src, AluOperator op1, ReduceCmd command, Operand init) {
    nisa.tensorScalarCumulative(dst, src, AluOperator.MULTIPLY, op1, Operand.of(2), init, command);
  }

  // ---- selections

  @Test
  void rangeSelect() {
    Tensor scores = tile(2, 1, 2, 3, 4, -5, -6, -7, -8);
    Tensor dst = fp32(2, 4);
    Tensor max = fp32(2, 1);
    // Indices 10 to 13: 10 < i <= 12 in the first partition, none in the second.
    nisa.rangeSelect(
        dst,
        scores,
        AluOperator.GREATER,
        AluOperator.LESS_EQUAL,
        column(10, 20),
        column(12, 30),
        10,
        Reduction.of(AluOperator.MAXIMUM, max));
    assertArrayEquals(
        new float[] {LOWEST, 2, 3, LOWEST, LOWEST, LOWEST, LOWEST, LOWEST}, dst.toArray());
    assertArrayEquals(new float[] {3, LOWEST}, max.toArray());

    // The next tile of the same rows goes on from the registers, and BF16 has no such number.
    Tensor bf16 = Tensor.allocateHeap(Formats.BF16, 2, 4);
    nisa.rangeSelect(
        bf16,
        scores,
        AluOperator.GREATER_EQUAL,
        AluOperator.LESS,
        column(3, 0),
        column(4, 2),
        0,
        Reduction.of(ReduceCmd.REDUCE, AluOperator.MAXIMUM, max));
    assertArrayEquals(new float[] {-INF, -INF, -INF, 4, -5, -6, -INF, -INF}, bf16.toArray());
    assertArrayEquals(new float[] {4, -5}, max.toArray());

    assertRefused("2^24", () -> select(Nisa.on(NeuronCore.V3), dst, scores, 1 << 24));
    assertRefused("exists from", () -> select(Nisa.on(NeuronCore.V2), dst, scores, 0));
    assertRefused(
        "vectors",
        () ->
            nisa.rangeSelect(
                dst,
                scores,
                AluOperator.LESS,
                AluOperator.LESS,
                Operand.ONE,
                column(1, 1),
                0,
                Reduction.NONE));
    assertRefused(
        "not_equal",
        () ->
            nisa.rangeSelect(
                dst,
                scores,
                AluOperator.NOT_EQUAL,
                AluOperator.LESS,
                column(1, 1),
                column(1, 1),
                0,
                Reduction.NONE));
  }

  private static void select(Nisa nisa, Tensor dst, Tensor scores, int start) {
    nisa.rangeSelect(
        dst,
        scores,
        AluOperator.LESS,
        AluOperator.LESS,
        column(1, 1),
        column(1, 1),
        start,
        Reduction.NONE);
  }

  @Test
  void selectReduce() {
    IntegerTile predicate = IntegerTile.allocate(IntegerType.UINT8, 2, 2);
    predicate.set(0, 1, 1);
    predicate.set(1, 0, 200);
    Tensor onTrue = tile(2, 1, 2, 3, 4);
    Operand onFalse = column(-1, 7);
    Tensor dst = fp32(2, 2);
    Tensor max = fp32(2, 1);
    nisa.selectReduce(
        dst, predicate, onTrue, onFalse, false, Reduction.of(AluOperator.MAXIMUM, max));
    assertArrayEquals(new float[] {-1, 2, 3, 7}, dst.toArray());
    assertArrayEquals(new float[] {2, 7}, max.toArray());
    nisa.selectReduce(dst, predicate, onTrue, onFalse, true, Reduction.NONE);
    assertArrayEquals(new float[] {1, -1, 7, 4}, dst.toArray());
    IntegerTile wide = IntegerTile.allocate(IntegerType.INT32, 2, 2);
    assertRefused(
        "int16", () -> nisa.selectReduce(dst, wide, onTrue, onFalse, true, Reduction.NONE));
  }

  @Test
  void tensorCopyPredicated() {
    IntegerTile predicate = IntegerTile.allocate(IntegerType.UINT32, 1, 3);
    predicate.set(0, 1, 1L << 31);
    Tensor nan = Tensor.allocateHeap(Formats.FP32, 1, 3);
    for (int i = 0; i < 3; i++) {
      nan.setCode(0xFFC1_2345 + i, 0, i);
    }
    Tensor dst = tile(1, 1, 2, 3);
    nisa.tensorCopyPredicated(dst, nan, predicate, false);
    assertEquals(0xFFC1_2346, dst.code(0, 1));
    assertEquals(1, dst.get(0, 0));
    nisa.tensorCopyPredicated(dst, nan, predicate, true);
    assertEquals(0xFFC1_2345, dst.code(0, 0));
    assertEquals(0xFFC1_2346, dst.code(0, 1));
    assertEquals(0xFFC1_2347, dst.code(0, 2));
    IntegerTile signed = IntegerTile.allocate(IntegerType.INT8, 1, 3);
    assertRefused("uint8", () -> nisa.tensorCopyPredicated(dst, nan, signed, false));
  }

  // ---- activations

  /** The documentation's example: gelu(2 x + 0.5). */
  @Test
  void activate2() {
    Tensor data = tile(2, 1, -2, 3, -4);
    Tensor dst = fp32(2, 2);
    activate2(
        ActivationFunction.GELU, dst, data, AluOperator.MULTIPLY, AluOperator.ADD, false, false);
    for (int i = 0; i < 4; i++) {
      float x = 2 * data.toArray()[i] + 0.5f;
      assertEquals(ActivationFunction.GELU.apply(x, 0), dst.toArray()[i]);
    }
    ActivationFunction copy = ActivationFunction.COPY;
    activate2(copy, dst, data, AluOperator.MULTIPLY, AluOperator.SUBTRACT, false, false);
    assertArrayEquals(new float[] {1.5f, -4.5f, 5.5f, -8.5f}, dst.toArray());
    activate2(copy, dst, data, AluOperator.MULTIPLY, AluOperator.SUBTRACT, true, true);
    assertArrayEquals(new float[] {-1.5f, 4.5f, -5.5f, 8.5f}, dst.toArray());
    activate2(copy, dst, data, AluOperator.SUBTRACT, AluOperator.BYPASS, true, false);
    assertArrayEquals(new float[] {1, 4, -1, 6}, dst.toArray());
    activate2(copy, dst, data, AluOperator.BYPASS, AluOperator.BYPASS, false, false);
    assertArrayEquals(data.toArray(), dst.toArray());
    activate2(copy, dst, data, AluOperator.ADD, AluOperator.BYPASS, false, false);
    assertArrayEquals(new float[] {3, 0, 5, -2}, dst.toArray());
    activate2(copy, dst, data, AluOperator.MULTIPLY, AluOperator.BYPASS, false, false);
    assertArrayEquals(new float[] {2, -4, 6, -8}, dst.toArray());

    for (AluOperator op0 : AluOperator.values()) {
      for (AluOperator op1 : AluOperator.values()) {
        boolean multiplied = op1 == AluOperator.ADD || op1 == AluOperator.SUBTRACT;
        boolean documented =
            multiplied
                ? op0 == AluOperator.MULTIPLY
                : op1 == AluOperator.BYPASS
                    && (op0 == AluOperator.MULTIPLY
                        || op0 == AluOperator.ADD
                        || op0 == AluOperator.SUBTRACT
                        || op0 == AluOperator.BYPASS);
        if (!documented) {
          assertThrows(
              IllegalArgumentException.class,
              () -> activate2(copy, dst, data, op0, op1, false, false));
        }
      }
    }
    assertRefused(
        "reversed bypass",
        () -> activate2(copy, dst, data, AluOperator.BYPASS, AluOperator.BYPASS, true, false));
    assertRefused(
        "Trainium3",
        () ->
            Nisa.on(NeuronCore.V3)
                .activate2(
                    dst,
                    copy,
                    data,
                    Operand.ONE,
                    Operand.ZERO,
                    AluOperator.MULTIPLY,
                    AluOperator.ADD,
                    Operand.ZERO,
                    false,
                    false,
                    Reduction.NONE,
                    OutOfRange.COUNT));
  }

  private void activate2(
      ActivationFunction op,
      Tensor dst,
      Tensor data,
      AluOperator op0,
      AluOperator op1,
      boolean reverse0,
      boolean reverse1) {
    nisa.activate2(
        dst,
        op,
        data,
        Operand.of(2),
        Operand.of(0.5f),
        op0,
        op1,
        Operand.ZERO,
        reverse0,
        reverse1,
        Reduction.NONE,
        OutOfRange.COUNT);
  }

  /** A slope for each partition, and a reduction of magnitudes over two instructions. */
  @Test
  void activate2ReducesAcrossInstructions() {
    Tensor dst = fp32(2, 2);
    Tensor largest = fp32(2, 1);
    leaky(dst, tile(2, 1, -8, 3, -4), ReduceCmd.RESET_REDUCE, null);
    assertArrayEquals(new float[] {1, -2, 3, -12}, dst.toArray());
    leaky(dst, tile(2, 0, -16, 5, -1), ReduceCmd.REDUCE, largest);
    assertArrayEquals(new float[] {4, 12}, largest.toArray());
    leaky(dst, tile(2, 100, 100, 100, 100), ReduceCmd.IDLE, largest);
    assertArrayEquals(new float[] {4, 12}, largest.toArray());
    leaky(dst, tile(2, 100, 100, 100, 100), ReduceCmd.RESET, largest);
    assertArrayEquals(new float[] {0, 0}, largest.toArray());
    assertRefused(
        "load_reduce", () -> leaky(dst, tile(2, 0, 0, 0, 0), ReduceCmd.LOAD_REDUCE, largest));
    assertRefused(
        "[2, 1]",
        () ->
            leaky(
                dst,
                tile(2, 0, 0, 0, 0),
                ReduceCmd.REDUCE,
                Tensor.allocateHeap(Formats.FP32, 2, 2)));
  }

  private void leaky(
      Tensor dst,
      Tensor data,
      ReduceCmd command,
      @org.jspecify.annotations.Nullable Tensor result) {
    nisa.activate2(
        dst,
        ActivationFunction.PRELU,
        data,
        Operand.ONE,
        Operand.ZERO,
        AluOperator.MULTIPLY,
        AluOperator.BYPASS,
        column(0.25f, 3),
        false,
        false,
        Reduction.of(command, AluOperator.ABS_MAX, result),
        OutOfRange.COUNT);
  }

  @Test
  void activationSumsAcrossInstructions() {
    assertEquals(28, sumOfSquaresTwice());
    Tensor dst = fp32(1, 3);
    Tensor sum = fp32(1, 1);
    assertRefused(
        "reduce_op maximum",
        () ->
            nisa.activation(
                dst,
                ActivationFunction.SQUARE,
                tile(1, 1, 2, 3),
                Operand.ZERO,
                Operand.ONE,
                Reduction.of(AluOperator.MAXIMUM, sum),
                OutOfRange.COUNT));
  }

  /** 1 + 4 + 9 by each of two instructions, in the Scalar Engine's registers. */
  private float sumOfSquaresTwice() {
    Tensor dst = fp32(1, 3);
    Tensor sum = fp32(1, 1);
    for (ReduceCmd command : new ReduceCmd[] {ReduceCmd.RESET_REDUCE, ReduceCmd.REDUCE}) {
      nisa.activation(
          dst,
          ActivationFunction.SQUARE,
          tile(1, 1, 2, 3),
          Operand.ZERO,
          Operand.ONE,
          Reduction.of(command, AluOperator.ADD, sum),
          OutOfRange.COUNT);
    }
    return sum.get(0, 0);
  }

  /** A row's softmax in two tiles: the Vector Engine's registers are not the Scalar Engine's. */
  @Test
  void exponential() {
    Tensor dst = fp32(2, 2);
    Tensor sum = fp32(2, 1);
    Operand max = column(3, 1);
    Reduction load = new Reduction(ReduceCmd.LOAD_REDUCE, AluOperator.ADD, column(100, 200), null);
    nisa.exponential(dst, tile(2, 3, -INF, 1, 1), max, load);
    assertArrayEquals(new float[] {1, 0, 1, 1}, dst.toArray());
    assertEquals(28, sumOfSquaresTwice());
    nisa.exponential(
        dst, tile(2, 3, 3, 1, -INF), max, Reduction.of(ReduceCmd.REDUCE, AluOperator.ADD, sum));
    assertArrayEquals(new float[] {103, 203}, sum.toArray());
    assertRefused(
        "float8_e4m3",
        () ->
            nisa.exponential(Tensor.allocateHeap(Formats.E4M3FN, 2, 2), dst, max, Reduction.NONE));
    assertRefused(
        "exists from", () -> Nisa.on(NeuronCore.V3).exponential(dst, dst, max, Reduction.NONE));
  }

  // ---- arithmetic

  @Test
  void scalarTensorTensor() {
    Tensor data = tile(2, 1, 2, 3, 4);
    Tensor other = tile(2, 10, 20, 30, 40);
    Tensor dst = fp32(2, 2);
    nisa.scalarTensorTensor(
        dst, data, AluOperator.SUBTRACT, column(1, 2), AluOperator.MULTIPLY, other, false, false);
    assertArrayEquals(new float[] {0, 20, 30, 80}, dst.toArray());
    nisa.scalarTensorTensor(
        dst, data, AluOperator.SUBTRACT, Operand.of(5), AluOperator.SUBTRACT, other, true, true);
    assertArrayEquals(new float[] {6, 17, 28, 39}, dst.toArray());
  }

  @Test
  void tensorScalarReduce() {
    Tensor data = tile(2, 1, 2, 3, 4);
    Tensor dst = fp32(2, 2);
    Tensor result = fp32(2, 1);
    scalarReduce(dst, data, Reduction.of(AluOperator.MULTIPLY, result), true);
    assertArrayEquals(new float[] {2, 3, 4, 5}, dst.toArray());
    assertArrayEquals(new float[] {-6, -20}, result.toArray());
    // The registers themselves were not negated.
    scalarReduce(dst, data, Reduction.of(ReduceCmd.REDUCE, AluOperator.MULTIPLY, result), false);
    assertArrayEquals(new float[] {36, 400}, result.toArray());
    scalarReduce(
        dst,
        data,
        new Reduction(ReduceCmd.LOAD_REDUCE, AluOperator.MINIMUM, column(-7, 100), result),
        false);
    assertArrayEquals(new float[] {-7, 4}, result.toArray());
    assertRefused("reduce_cmd idle", () -> scalarReduce(dst, data, Reduction.NONE, false));
  }

  private void scalarReduce(Tensor dst, Tensor data, Reduction reduction, boolean negate) {
    nisa.tensorScalarReduce(dst, data, AluOperator.ADD, Operand.ONE, reduction, negate);
  }

  @Test
  void memsetAndReciprocal() {
    Tensor dst = Tensor.allocateHeap(Formats.E4M3, 2, 3);
    nisa.memset(dst, 0.3f);
    // 0.3 is between 0.28125 and 0.3125.
    assertEquals(0.3125f, dst.get(1, 2));
    Tensor out = fp32(1, 4);
    nisa.reciprocal(out, tile(1, 3, -0.0f, INF, 0.25f));
    assertArrayEquals(new float[] {1 / 3f, -INF, 0, 4}, out.toArray());
  }

  @Test
  void integersReduceByBits() {
    IntegerTile data = IntegerTile.allocate(IntegerType.INT16, 2, 3);
    long[] bits = {0x0F0F, 0x00FF, -1, 0x1000, 0x0001, 0x1001};
    for (int i = 0; i < bits.length; i++) {
      data.set(i / 3, i % 3, bits[i]);
    }
    IntegerTile dst = IntegerTile.allocate(IntegerType.INT16, 2, 1);
    nisa.tensorReduce(dst, AluOperator.BITWISE_AND, data);
    assertEquals(0x000F, dst.get(0, 0));
    assertEquals(0, dst.get(1, 0));
    nisa.tensorReduce(dst, AluOperator.BITWISE_OR, data);
    assertEquals(-1, dst.get(0, 0));
    assertEquals(0x1001, dst.get(1, 0));
    nisa.tensorReduce(dst, AluOperator.BITWISE_XOR, data);
    assertEquals((short) ~(0x0F0F ^ 0x00FF), dst.get(0, 0));
    assertRefused("bitwise_and", () -> nisa.tensorReduce(dst, AluOperator.ADD, data));
  }

  @Test
  void bypassIsForActivate2() {
    Tensor data = tile(1, 1, 2);
    assertRefused(
        "activate2", () -> nisa.tensorScalar(data, data, AluOperator.BYPASS, Operand.ONE));
  }
}
