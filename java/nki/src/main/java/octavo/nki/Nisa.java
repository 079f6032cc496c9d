package octavo.nki;

import octavo.Cast;
import octavo.Engine;
import octavo.Ops;
import octavo.format.Formats;
import octavo.tensor.Tensor;

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
 * <p>An instance is one core's instruction stream with its working memory, its engines' reduction
 * registers ({@link Reduction}) and random generators: not safe for use by several threads at once.
 * After warm-up on tiles of the same shapes an instruction allocates nothing on the heap, but for:
 * stochastic rounding, a {@link Cast} for its seed; {@link PerformanceMode#DOUBLE_ROW}, views of
 * operands; {@link NanScale#GOLDEN_INFINITY} and FP4 whose values an {@link Fp4Expansion} changes,
 * working memory; the states of random generators.
 *
 * <p>Throughout: {@link IllegalArgumentException} with what the generation allows if types, shapes
 * or limits forbid a call.
 *
 * <p>Sources: AWS Neuron SDK, {@code nki.isa}; the package's comment says what is Octavo's own.
 */
public final class Nisa extends ElementwiseInstructions {

  private final TensorEngine tensorEngine;
  private final MxQuantizer quantizer;

  /**
   * Makes a core.
   *
   * @param core the generation
   * @param engine runs the kernels
   * @param writes how FP32 results are rounded when they are written
   */
  public Nisa(NeuronCore core, Engine engine, Cast writes) {
    super(core, engine, writes);
    this.tensorEngine = new TensorEngine(engine);
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
    if (stationary.free() % 2 != 0) {
      throw Checks.refusal("stationary operand %s: its free size must be even", stationary);
    }
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
    Checks.tile(core, "nc_transpose", "data", data);
    int side = vector ? NeuronCore.QUADRANT : NeuronCore.PARTITIONS;
    if (data.rank() != 2 || data.dimension(0) > side || data.columns() > side) {
      throw Checks.refusal(
          "nc_transpose data is %s; the %s Engine takes at most [%d, %d]",
          data, vector ? "Vector" : "Tensor", side, side);
    }
    if (!dst.format().equals(data.format())
        || !Checks.isMatrix(dst, data.columns(), data.dimension(0))
        || !dst.unitColumnStride()) {
      throw Checks.refusal(
          "nc_transpose dst is %s; %s gives %s [%d, %d], consecutive in memory",
          dst, data, data.format(), data.columns(), data.dimension(0));
    }
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
    DType type = Checks.tile(core, "quantize_mx", "source", src);
    if (type != DType.FLOAT16 && type != DType.BFLOAT16) {
      throw Checks.refusal(
          "quantize_mx source is %s; the instruction takes float16 and bfloat16: MxQuantizer takes FP32 too",
          src);
    }
    if (dst.type() == DType.FLOAT4_E2M1FN_X4) {
      throw Checks.refusal(
          "quantize_mx destination is %s; the instruction gives FP8: MxQuantizer gives FP4 too",
          dst);
    }
    Cast cast = next();
    quantizer.quantize(src, dst, quantization, cast.rounding(), cast.seed());
  }
}
