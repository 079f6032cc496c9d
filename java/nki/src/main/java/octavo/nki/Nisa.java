package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import octavo.Cast;
import octavo.Engine;
import octavo.Ops;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Rounding;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The instructions of {@code nki.isa} on ordinary tensors, checked against what a {@link
 * NeuronCore} allows.
 *
 * <pre>{@code
 * Nisa nisa = Nisa.on(NeuronCore.V4);
 * nisa.quantizeMx(moving, tokens);                     // BF16 [128, 2048] to E4M3FN x4 [128, 512]
 * nisa.ncMatmulMx(psum, stationary, moving, false);    // FP32 [128, 512]
 * nisa.activation(out, ActivationFunction.GELU, psum, Operand.ZERO, Operand.ONE);
 * }</pre>
 *
 * <p>A tile is a tensor whose first dimension is the partition and whose other ones are free. Where
 * it is in SBUF or PSUM makes no difference here; only its size, type and shape are checked. Every
 * instruction computes in FP32 and rounds once when it writes, as the {@link Cast} given says: to
 * nearest even with overflow to infinity unless told otherwise ({@link StochasticRounding}). With
 * stochastic rounding each instruction has random bits of its own, so that results depend on the
 * seed and on how many instructions ran before.
 *
 * <p>A destination may be an operand of the same elementwise instruction, not of a product or a
 * transposition. Nothing is written if an argument is refused.
 *
 * <p>An instance is one core's instruction stream with its working memory: not safe for use by
 * several threads at once. After warm-up on tiles of the same shape instructions allocate no arrays
 * for numbers, only objects of some dozen bytes.
 *
 * <p>Throughout: {@link IllegalArgumentException} with what the generation allows if types, shapes
 * or limits forbid a call.
 *
 * <p>Sources: AWS Neuron SDK, {@code nki.isa}; the package's comment says what is Octavo's own.
 */
public final class Nisa {

  private final NeuronCore core;
  private final Cast writes;
  private final TensorEngine tensorEngine;
  private final VectorEngine vectorEngine;
  private final ScalarEngine scalarEngine;
  private final GpSimdEngine gpSimdEngine;
  private final MxQuantizer quantizer;
  private long instructions;

  /**
   * Makes a core.
   *
   * @param core the generation
   * @param engine runs the kernels
   * @param writes how FP32 results are rounded when they are written
   */
  public Nisa(NeuronCore core, Engine engine, Cast writes) {
    this.core = core;
    this.writes = writes;
    this.tensorEngine = new TensorEngine(engine);
    this.vectorEngine = new VectorEngine(engine);
    this.scalarEngine = new ScalarEngine(vectorEngine);
    this.gpSimdEngine = new GpSimdEngine(vectorEngine);
    this.quantizer = new MxQuantizer(engine);
  }

  /**
   * {@return a core on {@link Ops#engine()} that rounds to nearest even}
   *
   * @param core the generation
   */
  public static Nisa on(NeuronCore core) {
    return new Nisa(core, Ops.engine(), Cast.IEEE);
  }

  /**
   * {@return a core on {@link Ops#engine()}}
   *
   * @param core the generation
   * @param writes how FP32 results are rounded when they are written
   */
  public static Nisa on(NeuronCore core, Cast writes) {
    return new Nisa(core, Ops.engine(), writes);
  }

  /** {@return the generation} */
  public NeuronCore core() {
    return core;
  }

  private Cast next() {
    if (writes.rounding() != Rounding.STOCHASTIC) {
      return writes;
    }
    // An odd multiplier far from splitmix64's own keeps the streams of instructions apart.
    long seed = writes.seed() + instructions++ * 0xD1342543DE82EF95L;
    return new Cast(writes.rounding(), writes.overflow(), seed);
  }

  // ---- Tensor Engine

  /**
   * {@code nc_matmul}: {@code dst = transpose(stationary) * moving}, or added to what dst holds.
   *
   * @param dst FP32, or BF16 on v4, {@code [M, N]}
   * @param stationary {@code [K, M]}, K and M at most 128
   * @param moving {@code [K, N]}, N within {@link NeuronCore#movingFree}
   * @param accumulate whether dst is added to; {@code None}, which the compiler infers from whether
   *     the place was written before, has no counterpart
   */
  public void ncMatmul(Tensor dst, Tensor stationary, Tensor moving, boolean accumulate) {
    ncMatmul(dst, stationary, moving, accumulate, PerformanceMode.NONE);
  }

  /**
   * {@code nc_matmul}: {@code dst = transpose(stationary) * moving}, or added to what dst holds.
   *
   * <p>The product is summed in FP32, over the contraction in increasing order; then it is added to
   * dst in FP32 and rounded to dst's type. The order of the sum on a device is not public.
   *
   * @param dst FP32, or BF16 on v4, {@code [M, N]}
   * @param stationary {@code [K, M]}, K and M at most 128; with {@link PerformanceMode#DOUBLE_ROW}
   *     {@code [K / 2, 2, M]}, K / 2 at most 128
   * @param moving {@code [K, N]}, N within {@link NeuronCore#movingFree}; with DOUBLE_ROW {@code [K
   *     / 2, 2, N]}
   * @param accumulate whether dst is added to
   * @param mode the performance mode
   */
  public void ncMatmul(
      Tensor dst, Tensor stationary, Tensor moving, boolean accumulate, PerformanceMode mode) {
    Checks.product(core, dst, stationary, moving, mode);
    Checks.instruction(core, dst, stationary.dimension(0), stationary.columns(), moving.columns());
    Tensor a = tensorEngine.stationary(stationary);
    Tensor b = tensorEngine.moving(moving);
    tensorEngine.multiply(a, b, dst, accumulate, next(), NanScale.OCP_NAN);
  }

  /**
   * {@code nc_matmul_mx}: {@code dst = transpose(stationary) * moving} of MX operands, or added to
   * what dst holds. FP4 keeps its values and scale 0xFF is NaN.
   *
   * @param dst FP32 or BF16 {@code [M, N]}
   * @param stationary {@code [P, M]}, P at most 128, M even and at most 128
   * @param moving {@code [P, N]}, N within {@link NeuronCore#movingFree}
   * @param accumulate whether dst is added to
   */
  public void ncMatmulMx(Tensor dst, MxTile stationary, MxTile moving, boolean accumulate) {
    ncMatmulMx(dst, stationary, moving, accumulate, MxMatmulOptions.OCP);
  }

  /**
   * {@code nc_matmul_mx}: {@code dst = transpose(stationary) * moving} of MX operands, or added to
   * what dst holds.
   *
   * <p>Each group of 32 is summed in FP32 before its scales apply ({@link
   * octavo.spi.MatmulKernel}); the sum is added to dst in FP32 and rounded to dst's type. The order
   * on a device is not public.
   *
   * @param dst FP32 or BF16 {@code [M, N]}
   * @param stationary {@code [P, M]}, P at most 128, M even and at most 128
   * @param moving {@code [P, N]}, N within {@link NeuronCore#movingFree}
   * @param accumulate whether dst is added to
   * @param options what the documentation leaves open
   */
  public void ncMatmulMx(
      Tensor dst, MxTile stationary, MxTile moving, boolean accumulate, MxMatmulOptions options) {
    Checks.productMx(core, dst, stationary, moving);
    Checks.instruction(core, dst, stationary.partitions(), stationary.free(), moving.free());
    Checks.require(
        stationary.free() % 2 == 0,
        "stationary operand %s: its free size must be even",
        stationary);
    Tensor a = tensorEngine.stationary(stationary, options.stationaryFp4());
    Tensor b = tensorEngine.moving(moving, options.movingFp4());
    tensorEngine.multiply(a, b, dst, accumulate, next(), options.nanScale());
  }

  /**
   * {@code nc_transpose} on the Tensor Engine, or the Vector Engine where the tile is small enough
   * and the Tensor Engine would change bits.
   *
   * @param dst {@code [free, partitions]} in data's format, other memory
   * @param data {@code [partitions, free]}, both at most 128
   */
  public void ncTranspose(Tensor dst, Tensor data) {
    boolean small = data.rank() == 2 && data.dimension(0) <= 32 && data.columns() <= 32;
    ncTranspose(dst, data, !core.exactTranspose() && small);
  }

  /**
   * {@code nc_transpose} on a given engine.
   *
   * <p>Bits move unchanged, NaN and infinities included, except on the Tensor Engine of v2: it
   * multiplies by an identity matrix, so that NaN and infinity turn their whole column of results
   * into NaN, and -0 becomes 0. (That FP32 is not exact there either is not mirrored: how is not
   * public.) In PSUM an FP8 result takes 16 bits with the upper byte zero; here it has its own
   * format.
   *
   * @param dst {@code [free, partitions]} in data's format, other memory
   * @param data {@code [partitions, free]}, both at most 128, on the Vector Engine 32
   * @param vector whether the Vector Engine does it
   */
  public void ncTranspose(Tensor dst, Tensor data, boolean vector) {
    Checks.tile(core, "nc_transpose data", data);
    int side = vector ? NeuronCore.QUADRANT : NeuronCore.PARTITIONS;
    Checks.require(
        data.rank() == 2 && data.dimension(0) <= side && data.columns() <= side,
        "nc_transpose data is %s; the %s Engine takes at most [%d, %d]",
        data,
        vector ? "Vector" : "Tensor",
        side,
        side);
    Checks.require(
        dst.format().equals(data.format())
            && Arrays.equals(dst.shape(), new long[] {data.columns(), data.dimension(0)})
            && dst.unitColumnStride(),
        "nc_transpose dst is %s; %s gives %s [%d, %d], consecutive in memory",
        dst,
        data,
        data.format(),
        data.columns(),
        data.dimension(0));
    Checks.apart(dst, data);
    if (vector || core.exactTranspose() || data.element().equals(Formats.E8M0)) {
      tensorEngine.transpose(data, dst);
    } else {
      tensorEngine.transposeByIdentity(data, dst);
    }
  }

  // ---- Vector Engine

  /**
   * {@code quantize_mx} by the current documentation, {@link MxQuantization#NKI_0_5}.
   *
   * @param dst E4M3FN or E5M2 {@code [partitions, free]}
   * @param src FP16 or BF16 {@code [partitions, 4 * free]} or {@code [partitions, free, 4]}
   */
  public void quantizeMx(MxTile dst, Tensor src) {
    quantizeMx(dst, src, MxQuantization.NKI_0_5);
  }

  /**
   * {@code quantize_mx}: one scale for every 8 partitions by 4 numbers. {@link MxQuantizer} takes
   * what the instruction does not: FP32, FP4 and more partitions.
   *
   * @param dst E4M3FN or E5M2 {@code [partitions, free]}
   * @param src FP16 or BF16 {@code [partitions, 4 * free]} or {@code [partitions, free, 4]},
   *     partitions 32, 64, 96 or 128
   * @param quantization scale rule and edges
   */
  public void quantizeMx(MxTile dst, Tensor src, MxQuantization quantization) {
    Checks.microscaling(core, "quantize_mx");
    DType type = Checks.tile(core, "quantize_mx source", src);
    Checks.require(
        type == DType.FLOAT16 || type == DType.BFLOAT16,
        "quantize_mx source is %s; the instruction takes float16 and bfloat16: MxQuantizer takes FP32 too",
        src);
    Checks.require(
        dst.type() != DType.FLOAT4_E2M1FN_X4,
        "quantize_mx destination is %s; the instruction gives FP8: MxQuantizer gives FP4 too",
        dst);
    Cast cast = next();
    quantizer.quantize(src, dst, quantization, cast.rounding(), cast.seed());
  }

  /**
   * {@code tensor_copy}: bits if the types are equal, else through FP32.
   *
   * @param dst of src's shape
   * @param src a tile
   */
  public void tensorCopy(Tensor dst, Tensor src) {
    Checks.tile(core, "tensor_copy dst", dst);
    Checks.tile(core, "tensor_copy src", src);
    sameShape("tensor_copy", dst, src);
    Format format = src.format();
    if (format.equals(dst.format())) {
      Tensor from = src.matrix();
      Tensor to = dst.matrix();
      for (long i = 0; i < from.rows(); i++) {
        copyRow(from, to, i);
      }
      return;
    }
    vectorEngine.widen(src);
    vectorEngine.narrow(dst, next());
  }

  private static void copyRow(Tensor from, Tensor to, long row) {
    if (from.unitColumnStride() && to.unitColumnStride()) {
      int bytes = from.element().storageBits() / 8;
      MemorySegment.copy(
          from.data(),
          row * from.stride(0) * bytes,
          to.data(),
          row * to.stride(0) * bytes,
          from.columns() * bytes);
      return;
    }
    for (long j = 0; j < from.columns(); j++) {
      to.setCode(from.code(row, j), row, j);
    }
  }

  /**
   * {@code tensor_tensor}: {@code dst = data1 op data2}.
   *
   * @param dst of the operands' shape
   * @param data1 the left operand
   * @param data2 the right operand
   * @param op an arithmetic operator
   */
  public void tensorTensor(Tensor dst, Tensor data1, Tensor data2, AluOperator op) {
    Checks.tile(core, "tensor_tensor dst", dst);
    Checks.tile(core, "tensor_tensor data1", data1);
    Checks.tile(core, "tensor_tensor data2", data2);
    sameShape("tensor_tensor", dst, data1);
    sameShape("tensor_tensor", dst, data2);
    arithmetic("tensor_tensor", op);
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
  public void tensorScalar(Tensor dst, Tensor data, AluOperator op, Operand operand) {
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
  public void tensorScalar(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      boolean reverse0,
      @Nullable AluOperator op1,
      Operand operand1,
      boolean reverse1) {
    Checks.tile(core, "tensor_scalar dst", dst);
    Checks.tile(core, "tensor_scalar data", data);
    sameShape("tensor_scalar", dst, data);
    arithmetic("tensor_scalar", op0);
    operand0.check("operand0", data.dimension(0), true);
    if (op1 != null) {
      arithmetic("tensor_scalar", op1);
      operand1.check("operand1", data.dimension(0), true);
    }
    vectorEngine.tensorScalar(dst, data, op0, operand0, reverse0, op1, operand1, reverse1, next());
  }

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
  public void tensorReduce(Tensor dst, AluOperator op, Tensor data, int axes, boolean negate) {
    Checks.tile(core, "tensor_reduce dst", dst);
    Checks.tile(core, "tensor_reduce data", data);
    arithmetic("tensor_reduce", op);
    Checks.require(op.reduces(), "tensor_reduce with %s, which does not reduce", op.nkiName());
    Checks.require(
        axes >= 1 && axes < data.rank(),
        "tensor_reduce over %d dimensions of %s; 1 to %d: the partition dimension stays",
        axes,
        data,
        data.rank() - 1);
    long length = 1;
    for (int d = data.rank() - axes; d < data.rank(); d++) {
      length *= data.dimension(d);
    }
    long runs = 1;
    for (int d = 0; d < data.rank() - axes; d++) {
      runs *= data.dimension(d);
    }
    Checks.require(
        dst.size() == runs && dst.dimension(0) == data.dimension(0),
        "tensor_reduce dst is %s; reducing %d dimensions of %s gives %d numbers",
        dst,
        axes,
        data,
        runs);
    vectorEngine.tensorReduce(dst, op, data, (int) length, negate, next());
  }

  // ---- Scalar Engine

  /**
   * {@code activation}: {@code dst = function(data * scale + bias)}, product and sum each rounded
   * to FP32.
   *
   * @param dst of data's shape
   * @param function the function
   * @param data a tile
   * @param bias added; on v2 a vector
   * @param scale multiplied; FP32
   * @return how many inputs were outside the function's documented range, where a device's results
   *     are invalid
   */
  public long activation(
      Tensor dst, ActivationFunction function, Tensor data, Operand bias, Operand scale) {
    return activation(dst, function, data, bias, scale, 0, OutOfRange.COUNT, null);
  }

  /**
   * {@code activation} with a slope, as {@code activate2} has it, and a sum of each partition's
   * results.
   *
   * @param dst of data's shape
   * @param function the function
   * @param data a tile
   * @param bias added; on v2 a vector
   * @param scale multiplied; FP32
   * @param slope the slope of {@link ActivationFunction#PRELU} below 0
   * @param outOfRange what to do about inputs outside the documented range
   * @param sums receives the sum of each partition's results before they are rounded to dst's type,
   *     {@code [partitions, 1]}; {@code null} for none
   * @return how many inputs were outside the function's documented range
   * @throws ArithmeticException if there are any and they are to be refused
   */
  public long activation(
      Tensor dst,
      ActivationFunction function,
      Tensor data,
      Operand bias,
      Operand scale,
      float slope,
      OutOfRange outOfRange,
      @Nullable Tensor sums) {
    Checks.tile(core, "activation dst", dst);
    Checks.tile(core, "activation data", data);
    sameShape("activation", dst, data);
    bias.check("bias", data.dimension(0), false);
    scale.check("scale", data.dimension(0), true);
    Checks.require(
        core != NeuronCore.V2 || bias.isVector() || bias.get(0) == 0,
        "activation with a scalar bias; %s takes a vector [partitions, 1]",
        core.title());
    if (sums != null) {
      Checks.tile(core, "activation sums", sums);
      Checks.require(
          Arrays.equals(sums.shape(), new long[] {data.dimension(0), 1}),
          "activation sums are %s; they must be [%d, 1]",
          sums,
          data.dimension(0));
    }
    return scalarEngine.activation(
        dst, function, data, bias, scale, slope, outOfRange, sums, next());
  }

  // ---- GpSimd Engine

  /**
   * {@code iota}: {@code offset + partition * channelMultiplier + pattern}, in 32-bit integers.
   *
   * @param dst a tile whose partitions have as many elements as the pattern
   * @param pattern the loops over a partition's elements
   * @param offset added to all
   * @param channelMultiplier added for each partition before
   */
  public void iota(Tensor dst, AccessPattern pattern, int offset, int channelMultiplier) {
    Checks.tile(core, "iota dst", dst);
    patternFits("iota", dst, pattern);
    gpSimdEngine.iota(dst, pattern, offset, channelMultiplier, next());
  }

  /**
   * {@code iota} to integers, saturating.
   *
   * @param dst a tile whose partitions have as many elements as the pattern
   * @param pattern the loops over a partition's elements
   * @param offset added to all
   * @param channelMultiplier added for each partition before
   */
  public void iota(IntegerTile dst, AccessPattern pattern, int offset, int channelMultiplier) {
    integers("iota dst", dst);
    Checks.require(
        dst.free() == pattern.size(),
        "iota dst is %s; the pattern has %d elements",
        dst,
        pattern.size());
    GpSimdEngine.iota(dst, pattern, offset, channelMultiplier);
  }

  /**
   * {@code affine_select}: {@code onTrue} where {@code offset + partition * channelMultiplier +
   * pattern} compares with 0 as asked, else {@code onFalse}.
   *
   * @param dst of onTrue's shape
   * @param pattern the loops over a partition's elements
   * @param offset added to all
   * @param channelMultiplier added for each partition before
   * @param onTrue a tile
   * @param onFalse a number
   * @param comparison one of the six comparisons
   */
  public void affineSelect(
      Tensor dst,
      AccessPattern pattern,
      int offset,
      int channelMultiplier,
      Tensor onTrue,
      float onFalse,
      AluOperator comparison) {
    Checks.tile(core, "affine_select dst", dst);
    Checks.tile(core, "affine_select on_true_tile", onTrue);
    sameShape("affine_select", dst, onTrue);
    patternFits("affine_select", dst, pattern);
    gpSimdEngine.affineSelect(
        dst, pattern, offset, channelMultiplier, onTrue, onFalse, comparison, next());
  }

  /**
   * {@code select_reduce} without its reduction: {@code onTrue} where the predicate is not 0, else
   * {@code onFalse}.
   *
   * @param dst of onTrue's shape
   * @param predicate integers, as many as onTrue has numbers
   * @param onTrue a tile
   * @param onFalse a number for all partitions or one for each
   * @param reverse whether the predicate is reversed
   */
  public void select(
      Tensor dst, IntegerTile predicate, Tensor onTrue, Operand onFalse, boolean reverse) {
    Checks.tile(core, "select dst", dst);
    Checks.tile(core, "select on_true", onTrue);
    sameShape("select", dst, onTrue);
    sameSize("select predicate", predicate, onTrue);
    onFalse.check("on_false", onTrue.dimension(0), false);
    gpSimdEngine.select(dst, predicate, onTrue, onFalse, reverse, next());
  }

  /**
   * {@code tensor_copy} to integers: to nearest even, saturating, NaN to 0.
   *
   * @param dst as many integers as src has numbers
   * @param src a tile
   */
  public void tensorCopy(IntegerTile dst, Tensor src) {
    Checks.tile(core, "tensor_copy src", src);
    sameSize("tensor_copy dst", dst, src);
    gpSimdEngine.copy(dst, src);
  }

  /**
   * {@code tensor_copy} from integers, through FP32.
   *
   * @param dst a tile
   * @param src as many integers as dst has numbers
   */
  public void tensorCopy(Tensor dst, IntegerTile src) {
    Checks.tile(core, "tensor_copy dst", dst);
    sameSize("tensor_copy src", src, dst);
    gpSimdEngine.copy(dst, src, next());
  }

  /**
   * {@code tensor_copy} between integers: bits if the types are equal, else through FP32,
   * saturating.
   *
   * @param dst a tile
   * @param src a tile of the same shape
   */
  public void tensorCopy(IntegerTile dst, IntegerTile src) {
    sameIntegers("tensor_copy", dst, src);
    GpSimdEngine.copy(dst, src);
  }

  /**
   * {@code tensor_tensor} on integers of one type: bitvec operators on their bits; add, subtract,
   * multiply, maximum, minimum and comparisons exactly, modulo 2^bits, which is documented for 32
   * bits.
   *
   * @param dst a tile
   * @param data1 the left operand, of the same type and shape
   * @param data2 the right operand, of the same type and shape
   * @param op the operator
   */
  public void tensorTensor(IntegerTile dst, IntegerTile data1, IntegerTile data2, AluOperator op) {
    sameIntegers("tensor_tensor", dst, data1);
    sameIntegers("tensor_tensor", dst, data2);
    integerOperator("tensor_tensor", dst, data1, op);
    integerOperator("tensor_tensor", dst, data2, op);
    GpSimdEngine.combine(dst, data1, data2, 0, op);
  }

  /**
   * {@code tensor_scalar} on integers of one type, as {@link #tensorTensor(IntegerTile,
   * IntegerTile, IntegerTile, AluOperator)}.
   *
   * @param dst a tile
   * @param data the left operand, of the same type and shape
   * @param op the operator
   * @param operand the right operand; ignored by {@link AluOperator#INVERT}
   */
  public void tensorScalar(IntegerTile dst, IntegerTile data, AluOperator op, long operand) {
    sameIntegers("tensor_scalar", dst, data);
    integerOperator("tensor_scalar", dst, data, op);
    GpSimdEngine.combine(dst, data, null, operand, op);
  }

  // ---- checks

  private void arithmetic(String instruction, AluOperator op) {
    Checks.require(
        !op.bitvec(),
        "%s with %s on numbers; bitvec operators take IntegerTile operands",
        instruction,
        op.nkiName());
    Checks.require(
        op.availableOn(core),
        "%s with %s: %s has it not, %s has",
        instruction,
        op.nkiName(),
        core.title(),
        NeuronCore.V4.title());
  }

  private static void sameShape(String instruction, Tensor dst, Tensor data) {
    Checks.require(
        Arrays.equals(dst.shape(), data.shape()),
        "%s: %s and %s differ in shape",
        instruction,
        dst,
        data);
  }

  private static void patternFits(String instruction, Tensor dst, AccessPattern pattern) {
    Checks.require(
        dst.size() == dst.dimension(0) * pattern.size(),
        "%s dst is %s; the pattern has %d elements for each partition",
        instruction,
        dst,
        pattern.size());
  }

  private static void integers(String what, IntegerTile tile) {
    Checks.require(
        tile.partitions() <= NeuronCore.PARTITIONS,
        "%s is %s; there are 128 partitions",
        what,
        tile);
  }

  private static void sameSize(String what, IntegerTile tile, Tensor tensor) {
    integers(what, tile);
    Checks.require(
        tile.partitions() == tensor.dimension(0) && tile.size() == tensor.size(),
        "%s is %s; it goes with %s",
        what,
        tile,
        tensor);
  }

  private static void sameIntegers(String instruction, IntegerTile dst, IntegerTile data) {
    integers(instruction, dst);
    Checks.require(
        dst.partitions() == data.partitions() && dst.free() == data.free(),
        "%s: %s and %s differ in shape",
        instruction,
        dst,
        data);
  }

  private static void integerOperator(
      String instruction, IntegerTile dst, IntegerTile data, AluOperator op) {
    Checks.require(
        dst.type() == data.type(), "%s: %s and %s differ in type", instruction, dst, data);
    boolean exact =
        switch (op) {
          case ADD,
              SUBTRACT,
              MULTIPLY,
              MAXIMUM,
              MINIMUM,
              EQUAL,
              NOT_EQUAL,
              GREATER_EQUAL,
              GREATER,
              LESS_EQUAL,
              LESS ->
              true;
          default -> false;
        };
    Checks.require(
        op.bitvec() || exact, "%s with %s on integers; convert them first", instruction, op);
  }
}
