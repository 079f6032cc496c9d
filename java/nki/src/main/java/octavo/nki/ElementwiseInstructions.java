package octavo.nki;

import java.util.Set;
import octavo.Cast;
import octavo.Engine;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The instructions of {@link Nisa} that compute on the Vector and Scalar Engines. */
abstract sealed class ElementwiseInstructions extends DataInstructions permits Nisa {

  /** What {@code range_select} writes where it does not select: the lowest FP32 number. */
  private static final float FP32_MIN = -Float.MAX_VALUE;

  /** Integers beyond it are not all FP32 numbers. */
  private static final long EXACT = 1L << 24;

  private static final Set<ReduceCmd> SCALAR_ENGINE_COMMANDS =
      Set.of(ReduceCmd.IDLE, ReduceCmd.RESET, ReduceCmd.REDUCE, ReduceCmd.RESET_REDUCE);

  private static final Set<ReduceCmd> VECTOR_ENGINE_COMMANDS =
      Set.of(ReduceCmd.RESET_REDUCE, ReduceCmd.REDUCE, ReduceCmd.LOAD_REDUCE);
  private static final Set<ReduceCmd> EXPONENTIAL_COMMANDS =
      Set.of(ReduceCmd.IDLE, ReduceCmd.RESET_REDUCE, ReduceCmd.REDUCE, ReduceCmd.LOAD_REDUCE);
  private static final Set<ReduceCmd> SELECT_COMMANDS =
      Set.of(ReduceCmd.IDLE, ReduceCmd.RESET_REDUCE, ReduceCmd.REDUCE);
  private static final Set<ReduceCmd> ALL_COMMANDS = Set.of(ReduceCmd.values());

  private static final Set<AluOperator> SUM = Set.of(AluOperator.ADD);
  private static final Set<AluOperator> MAX = Set.of(AluOperator.MAXIMUM);
  private static final Set<AluOperator> ACTIVATE2_OPERATORS =
      Set.of(
          AluOperator.ADD,
          AluOperator.MAXIMUM,
          AluOperator.MINIMUM,
          AluOperator.ABS_MAX,
          AluOperator.ABS_MIN);
  private static final Set<AluOperator> REDUCE_OPERATORS =
      Set.of(AluOperator.ADD, AluOperator.MULTIPLY, AluOperator.MAXIMUM, AluOperator.MINIMUM);
  private static final Set<AluOperator> CUMULATIVE_OPERATORS =
      Set.of(
          AluOperator.ADD,
          AluOperator.SUBTRACT,
          AluOperator.MULTIPLY,
          AluOperator.MAXIMUM,
          AluOperator.MINIMUM);

  private final ScalarEngine scalarEngine;

  ElementwiseInstructions(NeuronCore core, Engine engine, Cast writes) {
    super(core, engine, writes);
    this.scalarEngine = new ScalarEngine(vectorEngine);
  }

  // ---- arithmetic

  /**
   * {@code tensor_tensor}: {@code dst = data1 op data2}.
   *
   * @param dst of the operands' shape
   * @param data1 the left operand
   * @param data2 the right operand
   * @param op an arithmetic operator
   */
  public final void tensorTensor(Tensor dst, Tensor data1, Tensor data2, AluOperator op) {
    Checks.tile(core, "tensor_tensor", "dst", dst);
    Checks.tile(core, "tensor_tensor", "data1", data1);
    Checks.tile(core, "tensor_tensor", "data2", data2);
    Checks.sameShape("tensor_tensor", dst, data1);
    Checks.sameShape("tensor_tensor", dst, data2);
    Checks.arithmetic(core, "tensor_tensor", op);
    vectorEngine.tensorTensor(dst, data1, data2, op, next());
  }

  /**
   * {@code tensor_scalar} with one operator: {@code dst = data op operand}.
   *
   * @param dst of data's shape
   * @param data a tile
   * @param op an arithmetic operator
   * @param operand FP32
   */
  public final void tensorScalar(Tensor dst, Tensor data, AluOperator op, Operand operand) {
    tensorScalar(dst, data, op, operand, false, null, Operand.ZERO, false);
  }

  /**
   * {@code tensor_scalar}: {@code dst = (data op0 operand0) op1 operand1}, in FP32 throughout.
   *
   * @param dst of data's shape
   * @param data a tile
   * @param op0 an arithmetic operator
   * @param operand0 FP32
   * @param reverse0 whether it is {@code operand0 op0 data}
   * @param op1 another arithmetic operator, or {@code null} for none
   * @param operand1 FP32
   * @param reverse1 whether operand1 is on the left
   */
  public final void tensorScalar(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      boolean reverse0,
      @Nullable AluOperator op1,
      Operand operand1,
      boolean reverse1) {
    Checks.tile(core, "tensor_scalar", "dst", dst);
    Checks.tile(core, "tensor_scalar", "data", data);
    Checks.sameShape("tensor_scalar", dst, data);
    Checks.arithmetic(core, "tensor_scalar", op0);
    operand0.check("operand0", data.dimension(0), true);
    if (op1 != null) {
      Checks.arithmetic(core, "tensor_scalar", op1);
      operand1.check("operand1", data.dimension(0), true);
    }
    vectorEngine.tensorScalar(dst, data, op0, operand0, reverse0, op1, operand1, reverse1, next());
  }

  /**
   * {@code scalar_tensor_tensor}: {@code dst = (data op0 operand0) op1 operand1}, in FP32
   * throughout.
   *
   * @param dst of data's shape
   * @param data a tile
   * @param op0 an arithmetic operator
   * @param operand0 one number, or one for each partition
   * @param op1 another arithmetic operator
   * @param operand1 a tile of data's shape
   * @param reverse0 whether it is {@code operand0 op0 data}
   * @param reverse1 whether operand1 is on the left
   */
  public final void scalarTensorTensor(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      AluOperator op1,
      Tensor operand1,
      boolean reverse0,
      boolean reverse1) {
    Checks.tile(core, "scalar_tensor_tensor", "dst", dst);
    Checks.tile(core, "scalar_tensor_tensor", "data", data);
    Checks.tile(core, "scalar_tensor_tensor", "operand1", operand1);
    Checks.sameShape("scalar_tensor_tensor", dst, data);
    Checks.sameShape("scalar_tensor_tensor", dst, operand1);
    Checks.arithmetic(core, "scalar_tensor_tensor", op0);
    Checks.arithmetic(core, "scalar_tensor_tensor", op1);
    operand0.check("operand0", data.dimension(0), false);
    vectorEngine.scalarTensorTensor(
        dst, data, op0, operand0, op1, operand1, reverse0, reverse1, next());
  }

  /**
   * {@code reciprocal} of the Vector Engine: {@code 1 / data}, correctly rounded.
   *
   * @param dst of data's shape
   * @param data a tile
   */
  public final void reciprocal(Tensor dst, Tensor data) {
    Checks.tile(core, "reciprocal", "dst", dst);
    Checks.tile(core, "reciprocal", "data", data);
    Checks.sameShape("reciprocal", dst, data);
    Operand none = Operand.ZERO;
    vectorEngine.tensorScalar(
        dst, data, AluOperator.RECIPROCAL, none, false, null, none, false, next());
  }

  // ---- reductions

  /**
   * {@code tensor_reduce} over the last dimensions.
   *
   * <p>Sums and products have 16 lanes, lane l taking elements l, l + 16, ..., which are then
   * combined by halves; {@link AluOperator#SUBTRACT} goes from left to right. The order on a device
   * is not public. An empty run gives the operator's neutral number.
   *
   * @param dst data's shape without the dimensions reduced, or with 1 in their places
   * @param op an operator that {@linkplain AluOperator#reduces reduces}
   * @param data a tile
   * @param axes how many dimensions, from the last on; never the first
   * @param negate whether results are multiplied by -1
   */
  public final void tensorReduce(
      Tensor dst, AluOperator op, Tensor data, int axes, boolean negate) {
    Checks.tile(core, "tensor_reduce", "dst", dst);
    Checks.tile(core, "tensor_reduce", "data", data);
    Checks.arithmetic(core, "tensor_reduce", op);
    if (!op.reduces()) {
      throw Checks.refusal("tensor_reduce with %s, which does not reduce", op.nkiName());
    }
    if (axes < 1 || axes >= data.rank()) {
      throw Checks.refusal(
          "tensor_reduce over %d dimensions of %s; 1 to %d: the partition dimension stays",
          axes, data, data.rank() - 1);
    }
    long length = 1;
    for (int d = data.rank() - axes; d < data.rank(); d++) {
      length *= data.dimension(d);
    }
    long runs = 1;
    for (int d = 0; d < data.rank() - axes; d++) {
      runs *= data.dimension(d);
    }
    if (dst.size() != runs || dst.dimension(0) != data.dimension(0)) {
      throw Checks.refusal(
          "tensor_reduce dst is %s; reducing %d dimensions of %s gives %d numbers",
          dst, axes, data, runs);
    }
    vectorEngine.tensorReduce(dst, op, data, (int) length, negate, next());
  }

  /**
   * {@code tensor_scalar_reduce}: {@code dst = data op0 operand0}, and a reduction of it.
   *
   * @param dst of data's shape
   * @param data a tile
   * @param op0 an arithmetic operator
   * @param operand0 FP32
   * @param reduction add, multiply, maximum or minimum; reset_reduce, reduce or load_reduce
   * @param reduceResNegate whether its result is multiplied by -1 when it is read; the registers
   *     are not
   */
  public final void tensorScalarReduce(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      Reduction reduction,
      boolean reduceResNegate) {
    Checks.tile(core, "tensor_scalar_reduce", "dst", dst);
    Checks.tile(core, "tensor_scalar_reduce", "data", data);
    Checks.sameShape("tensor_scalar_reduce", dst, data);
    Checks.arithmetic(core, "tensor_scalar_reduce", op0);
    operand0.check("operand0", data.dimension(0), true);
    Checks.reduction(
        core, "tensor_scalar_reduce", reduction, data, REDUCE_OPERATORS, VECTOR_ENGINE_COMMANDS);
    vectorEngine.tensorScalarReduce(dst, data, op0, operand0, reduction, reduceResNegate, next());
  }

  /**
   * {@code exponential} of the Vector Engine, from NeuronCore-v4 on: {@code dst = exp(src -
   * maxValue)}, the difference rounded to FP32, and a sum of the results.
   *
   * @param dst of src's shape; not E4M3FN
   * @param src a tile; not E4M3FN
   * @param maxValue what is subtracted, FP32
   * @param reduction by add; idle, reset_reduce, reduce or load_reduce
   */
  public final void exponential(Tensor dst, Tensor src, Operand maxValue, Reduction reduction) {
    Checks.since(core, NeuronCore.V4, "exponential");
    for (Tensor tile : new Tensor[] {dst, src}) {
      DType type = Checks.tile(core, "exponential", "operand", tile);
      if (type == DType.FLOAT8_E4M3FN
          || type == DType.FLOAT8_E3M4
          || type == DType.FLOAT8_E8M0FNU) {
        throw Checks.refusal(
            "exponential operand is %s; of the 8-bit types it takes float8_e4m3, float8_e5m2 and int8",
            tile);
      }
    }
    Checks.sameShape("exponential", dst, src);
    maxValue.check("max_value", src.dimension(0), true);
    Checks.reduction(core, "exponential", reduction, src, SUM, EXPONENTIAL_COMMANDS);
    vectorEngine.exponential(dst, src, maxValue, reduction, next());
  }

  // ---- scans

  /**
   * {@code tensor_tensor_scan}: along each partition {@code result[i] = (data0[i] op0 result[i -
   * 1]) op1 data1[i]}, from {@code initial} on, in FP32 throughout.
   *
   * @param dst of the operands' shape
   * @param data0 the left operand of op0
   * @param data1 the right operand of op1, of data0's shape
   * @param initial what comes before the first result
   * @param op0 an arithmetic operator of two operands
   * @param op1 another one
   * @param reverse0 whether it is {@code result[i - 1] op0 data0[i]}
   * @param reverse1 whether data1 is on the left
   */
  public final void tensorTensorScan(
      Tensor dst,
      Tensor data0,
      Tensor data1,
      Operand initial,
      AluOperator op0,
      AluOperator op1,
      boolean reverse0,
      boolean reverse1) {
    Checks.tile(core, "tensor_tensor_scan", "dst", dst);
    Checks.tile(core, "tensor_tensor_scan", "data0", data0);
    Checks.tile(core, "tensor_tensor_scan", "data1", data1);
    Checks.sameShape("tensor_tensor_scan", dst, data0);
    Checks.sameShape("tensor_tensor_scan", dst, data1);
    Checks.binary(core, "tensor_tensor_scan", op0);
    Checks.binary(core, "tensor_tensor_scan", op1);
    initial.check("initial", data0.dimension(0), false);
    vectorEngine.tensorTensorScan(dst, data0, data1, initial, op0, op1, reverse0, reverse1, next());
  }

  /**
   * {@code tensor_scalar_cumulative}: along each partition {@code register = (src[i] op0 imm0) op1
   * register}, each of which is written.
   *
   * @param dst of src's shape
   * @param src a tile
   * @param op0 an arithmetic operator
   * @param op1 add, subtract, multiply, maximum or minimum
   * @param imm0 FP32
   * @param imm1 what load_reduce sets the registers to, FP32
   * @param reduceCmd reset_reduce, reduce or load_reduce
   */
  public final void tensorScalarCumulative(
      Tensor dst,
      Tensor src,
      AluOperator op0,
      AluOperator op1,
      Operand imm0,
      Operand imm1,
      ReduceCmd reduceCmd) {
    Checks.tile(core, "tensor_scalar_cumulative", "dst", dst);
    Checks.tile(core, "tensor_scalar_cumulative", "src", src);
    Checks.sameShape("tensor_scalar_cumulative", dst, src);
    Checks.arithmetic(core, "tensor_scalar_cumulative", op0);
    imm0.check("imm0", src.dimension(0), true);
    Checks.reduction(
        core,
        "tensor_scalar_cumulative",
        new Reduction(reduceCmd, op1, imm1, null),
        src,
        CUMULATIVE_OPERATORS,
        VECTOR_ENGINE_COMMANDS);
    vectorEngine.tensorScalarCumulative(dst, src, op0, op1, imm0, imm1, reduceCmd, next());
  }

  // ---- selections

  /**
   * {@code range_select}, from NeuronCore-v3 on: {@code onTrueTile} where {@code rangeStart + i},
   * {@code i} the index in the partition, compares with both bounds as asked, else the lowest FP32
   * number. In a narrower dst that number becomes -Inf, so that a maximum to subtract must be kept
   * in FP32.
   *
   * @param dst of onTrueTile's shape
   * @param onTrueTile floating-point numbers
   * @param compOp0 equal, less, less_equal, greater or greater_equal
   * @param compOp1 one of these
   * @param bound0 FP32, a number for each partition
   * @param bound1 FP32, a number for each partition
   * @param rangeStart the index of a partition's first number; all indices within 2^24
   * @param reduction by maximum
   */
  public final void rangeSelect(
      Tensor dst,
      Tensor onTrueTile,
      AluOperator compOp0,
      AluOperator compOp1,
      Operand bound0,
      Operand bound1,
      int rangeStart,
      Reduction reduction) {
    Checks.since(core, NeuronCore.V3, "range_select");
    Checks.tile(core, "range_select", "dst", dst);
    DType type = Checks.tile(core, "range_select", "on_true_tile", onTrueTile);
    if (type.integer()) {
      throw Checks.refusal(
          "range_select on_true_tile is %s; it must be floating point", onTrueTile);
    }
    Checks.sameShape("range_select", dst, onTrueTile);
    for (AluOperator comparison : new AluOperator[] {compOp0, compOp1}) {
      if (!comparison.compares() || comparison == AluOperator.NOT_EQUAL) {
        throw Checks.refusal(
            "range_select with %s; it compares by equal, less, less_equal, greater and greater_equal",
            comparison.nkiName());
      }
    }
    if (!bound0.isVector() || !bound1.isVector()) {
      throw Checks.refusal("range_select bounds are numbers; they must be vectors [partitions, 1]");
    }
    bound0.check("bound0", onTrueTile.dimension(0), true);
    bound1.check("bound1", onTrueTile.dimension(0), true);
    long free = onTrueTile.dimension(0) == 0 ? 0 : onTrueTile.size() / onTrueTile.dimension(0);
    if (rangeStart < -EXACT || rangeStart + free > EXACT) {
      throw Checks.refusal(
          "range_select over indices from %d to %d; FP32 holds whole numbers to 2^24",
          rangeStart, rangeStart + free);
    }
    Checks.reduction(core, "range_select", reduction, onTrueTile, MAX, ALL_COMMANDS);
    vectorEngine.rangeSelect(
        dst, onTrueTile, compOp0, compOp1, bound0, bound1, rangeStart, FP32_MIN, reduction, next());
  }

  /**
   * {@code select_reduce}: {@code onTrue} where the predicate is not 0, else {@code onFalse}.
   *
   * @param dst of onTrue's shape
   * @param predicate integers of 8 or 16 bits, as many as onTrue has numbers
   * @param onTrue a tile, not of tfloat32
   * @param onFalse a number for all partitions or one for each
   * @param reversePred whether the predicate is reversed
   * @param reduction by maximum; idle, reset_reduce or reduce
   */
  public final void selectReduce(
      Tensor dst,
      IntegerTile predicate,
      Tensor onTrue,
      Operand onFalse,
      boolean reversePred,
      Reduction reduction) {
    Checks.tile(core, "select_reduce", "dst", dst);
    DType type = Checks.tile(core, "select_reduce", "on_true", onTrue);
    if (type == DType.TFLOAT32) {
      throw Checks.refusal("select_reduce on_true is %s; it may not be tfloat32", onTrue);
    }
    Checks.sameShape("select_reduce", dst, onTrue);
    if (predicate.type().bytes() > 2) {
      throw Checks.refusal(
          "select_reduce predicate is %s; it must be int8, uint8, int16 or uint16", predicate);
    }
    Checks.sameSize("select_reduce predicate", predicate, onTrue);
    onFalse.check("on_false", onTrue.dimension(0), false);
    Checks.reduction(core, "select_reduce", reduction, onTrue, MAX, SELECT_COMMANDS);
    vectorEngine.selectReduce(dst, predicate, onTrue, onFalse, reversePred, reduction, next());
  }

  // ---- Scalar Engine

  /**
   * {@code activation}: {@code dst = op(data * scale + bias)}, product and sum each rounded to
   * FP32.
   *
   * @param dst of data's shape
   * @param op the function
   * @param data a tile
   * @param bias added, in any type but tfloat32; on v2 a vector
   * @param scale multiplied; FP32
   * @return how many inputs were outside the function's documented range, where a device's results
   *     are invalid
   */
  public final long activation(
      Tensor dst, ActivationFunction op, Tensor data, Operand bias, Operand scale) {
    return activation(dst, op, data, bias, scale, Reduction.NONE, OutOfRange.COUNT);
  }

  /**
   * {@code activation}: {@code dst = op(data * scale + bias)}, product and sum each rounded to
   * FP32, and a sum of the results.
   *
   * @param dst of data's shape
   * @param op the function; {@link ActivationFunction#PRELU} has the slope 0 here
   * @param data a tile
   * @param bias added, in any type but tfloat32; on v2 a vector
   * @param scale multiplied; FP32
   * @param reduction by add; idle, reset, reduce or reset_reduce
   * @param outOfRange what to do about inputs outside the documented range
   * @return how many inputs were outside the function's documented range
   * @throws ArithmeticException if there are any and they are to be refused
   */
  public final long activation(
      Tensor dst,
      ActivationFunction op,
      Tensor data,
      Operand bias,
      Operand scale,
      Reduction reduction,
      OutOfRange outOfRange) {
    activationTiles("activation", dst, data);
    bias.check("bias", data.dimension(0), false);
    bias.checkNot("bias", DType.TFLOAT32);
    scale.check("scale", data.dimension(0), true);
    if (core == NeuronCore.V2 && !bias.isVector() && bias.get(0) != 0) {
      throw Checks.refusal(
          "activation with a scalar bias; %s takes a vector [partitions, 1]", core.title());
    }
    Checks.reduction(core, "activation", reduction, data, SUM, SCALAR_ENGINE_COMMANDS);
    return scalarEngine.activate(
        dst,
        op,
        data,
        scale,
        bias,
        AluOperator.MULTIPLY,
        AluOperator.ADD,
        Operand.ZERO,
        false,
        false,
        outOfRange,
        reduction,
        next());
  }

  /**
   * {@code activate2}, from NeuronCore-v4 on: {@code dst = op((data op0 imm0) op1 imm1)}, each
   * operator rounded to FP32, and a reduction of the results.
   *
   * @param dst of data's shape
   * @param op the function
   * @param data a tile
   * @param imm0 op0's operand
   * @param imm1 op1's operand; if both are vectors, of imm0's type
   * @param op0 with op1: multiply and add, multiply and subtract, or one of multiply, add, subtract
   *     and bypass with bypass
   * @param op1 the second operator
   * @param reluParam the slope of {@link ActivationFunction#PRELU} below 0
   * @param reverse0 whether it is {@code imm0 op0 data}
   * @param reverse1 whether imm1 is on the left
   * @param reduction by add, maximum, minimum, abs_max or abs_min; idle, reset, reduce or
   *     reset_reduce
   * @param outOfRange what to do about inputs outside the documented range
   * @return how many inputs were outside the function's documented range
   * @throws ArithmeticException if there are any and they are to be refused
   */
  public final long activate2(
      Tensor dst,
      ActivationFunction op,
      Tensor data,
      Operand imm0,
      Operand imm1,
      AluOperator op0,
      AluOperator op1,
      Operand reluParam,
      boolean reverse0,
      boolean reverse1,
      Reduction reduction,
      OutOfRange outOfRange) {
    Checks.since(core, NeuronCore.V4, "activate2");
    activationTiles("activate2", dst, data);
    boolean combined =
        switch (op1) {
          case ADD, SUBTRACT -> op0 == AluOperator.MULTIPLY;
          case BYPASS ->
              op0 == AluOperator.MULTIPLY
                  || op0 == AluOperator.ADD
                  || op0 == AluOperator.SUBTRACT
                  || op0 == AluOperator.BYPASS;
          default -> false;
        };
    if (!combined) {
      throw Checks.refusal(
          "activate2 with %s and %s; it has multiply with add, subtract or bypass, and add, subtract or bypass with bypass",
          op0.nkiName(), op1.nkiName());
    }
    if ((reverse0 && op0 == AluOperator.BYPASS) || (reverse1 && op1 == AluOperator.BYPASS)) {
      throw Checks.refusal("activate2 with a reversed bypass; only operators can be reversed");
    }
    imm0.check("imm0", data.dimension(0), false);
    imm1.check("imm1", data.dimension(0), false);
    imm0.checkSameType(imm1);
    reluParam.check("relu_param", data.dimension(0), false);
    Checks.reduction(
        core, "activate2", reduction, data, ACTIVATE2_OPERATORS, SCALAR_ENGINE_COMMANDS);
    return scalarEngine.activate(
        dst,
        op,
        data,
        imm0,
        imm1,
        op0,
        op1,
        reluParam,
        reverse0,
        reverse1,
        outOfRange,
        reduction,
        next());
  }

  private void activationTiles(String instruction, Tensor dst, Tensor data) {
    Checks.tile(core, instruction, "dst", dst);
    Checks.tile(core, instruction, "data", data);
    Checks.sameShape(instruction, dst, data);
  }
}
