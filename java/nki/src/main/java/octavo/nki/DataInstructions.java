package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import octavo.Cast;
import octavo.Engine;
import octavo.format.Format;
import octavo.format.Rounding;
import octavo.tensor.Tensor;

/**
 * What every instruction of {@link Nisa} has, and the instructions that move data, make patterns
 * and compute on integers.
 */
abstract sealed class DataInstructions permits ElementwiseInstructions {

  final NeuronCore core;
  final VectorEngine vectorEngine;
  final GpSimdEngine gpSimdEngine;
  private final Cast writes;
  private long instructions;

  DataInstructions(NeuronCore core, Engine engine, Cast writes) {
    this.core = core;
    this.writes = writes;
    this.vectorEngine = new VectorEngine(engine);
    this.gpSimdEngine = new GpSimdEngine(vectorEngine);
  }

  /** {@return the generation} */
  public final NeuronCore core() {
    return core;
  }

  /** {@return how the next instruction rounds what it writes} */
  final Cast next() {
    if (writes.rounding() != Rounding.STOCHASTIC) {
      return writes;
    }
    // An odd multiplier far from splitmix64's own keeps the streams of instructions apart.
    long seed = writes.seed() + instructions++ * 0xD1342543DE82EF95L;
    return new Cast(writes.rounding(), writes.overflow(), seed);
  }

  // ---- copies

  /**
   * {@code tensor_copy}: bits if the types are equal, else through FP32.
   *
   * @param dst of src's shape
   * @param src a tile
   */
  public final void tensorCopy(Tensor dst, Tensor src) {
    Checks.tile(core, "tensor_copy", "dst", dst);
    Checks.tile(core, "tensor_copy", "src", src);
    Checks.sameShape("tensor_copy", dst, src);
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
   * {@code memset}: one number everywhere, rounded like any result.
   *
   * @param dst a tile
   * @param value the number
   */
  public final void memset(Tensor dst, float value) {
    Checks.tile(core, "memset", "dst", dst);
    Arrays.fill(vectorEngine.results(dst), 0, (int) dst.size(), value);
    vectorEngine.narrow(dst, next());
  }

  // ---- patterns

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
  public final void affineSelect(
      Tensor dst,
      AccessPattern pattern,
      int offset,
      int channelMultiplier,
      Tensor onTrue,
      float onFalse,
      AluOperator comparison) {
    Checks.tile(core, "affine_select", "dst", dst);
    Checks.tile(core, "affine_select", "on_true_tile", onTrue);
    Checks.sameShape("affine_select", dst, onTrue);
    Checks.patternFits("affine_select", dst, pattern);
    if (!comparison.compares()) {
      throw Checks.refusal("%s is no comparison", comparison.nkiName());
    }
    gpSimdEngine.affineSelect(
        dst, pattern, offset, channelMultiplier, onTrue, onFalse, comparison, next());
  }

  /**
   * {@code iota}: {@code offset + partition * channelMultiplier + pattern}, in 32-bit integers.
   *
   * @param dst a tile whose partitions have as many elements as the pattern
   * @param pattern the loops over a partition's elements
   * @param offset added to all
   * @param channelMultiplier added for each partition before
   */
  public final void iota(Tensor dst, AccessPattern pattern, int offset, int channelMultiplier) {
    Checks.tile(core, "iota", "dst", dst);
    Checks.patternFits("iota", dst, pattern);
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
  public final void iota(
      IntegerTile dst, AccessPattern pattern, int offset, int channelMultiplier) {
    Checks.integers("iota dst", dst);
    if (dst.free() != pattern.size()) {
      throw Checks.refusal("iota dst is %s; the pattern has %d elements", dst, pattern.size());
    }
    GpSimdEngine.iota(dst, pattern, offset, channelMultiplier);
  }

  // ---- random bits

  /**
   * {@code rand_set_state} on the GpSimd Engine, from NeuronCore-v3 on: the states of its XORWOW
   * generators. Without it partition p begins as {@code Xorwow.ofSeed(p)}.
   *
   * @param srcSeeds uint32 {@code [partitions, 6]}: for each partition a state in the order of
   *     {@link Xorwow}, which is Octavo's reading
   */
  public final void randSetState(IntegerTile srcSeeds) {
    states("rand_set_state src_seeds", srcSeeds);
    gpSimdEngine.setStates(srcSeeds);
  }

  /**
   * {@code rand_get_state} on the GpSimd Engine, from NeuronCore-v3 on.
   *
   * @param dst uint32 {@code [partitions, 6]}
   */
  public final void randGetState(IntegerTile dst) {
    states("rand_get_state dst", dst);
    gpSimdEngine.getStates(dst);
  }

  private void states(String what, IntegerTile tile) {
    Checks.since(core, NeuronCore.V3, what);
    Checks.integers(what, tile);
    if (tile.type() != IntegerType.UINT32 || tile.free() != Xorwow.STATE_WORDS) {
      throw Checks.refusal(
          "%s is %s; a state of the GpSimd Engine is six uint32 in each partition", what, tile);
    }
  }

  /**
   * {@code rng} on the GpSimd Engine, from NeuronCore-v3 on: 32 random bits for each number, of
   * which narrower types keep the low ones. Each partition's numbers are its generator's next ones,
   * in order. (The Vector Engine's generators before NeuronCore-v4 are not public.)
   *
   * @param dst a tile
   */
  public final void rng(IntegerTile dst) {
    Checks.since(core, NeuronCore.V3, "rng on the GpSimd Engine");
    Checks.integers("rng dst", dst);
    gpSimdEngine.rng(dst);
  }

  // ---- integers

  /**
   * {@code tensor_copy} to integers: to nearest even, saturating, NaN to 0.
   *
   * @param dst as many integers as src has numbers
   * @param src a tile
   */
  public final void tensorCopy(IntegerTile dst, Tensor src) {
    Checks.tile(core, "tensor_copy", "src", src);
    Checks.sameSize("tensor_copy dst", dst, src);
    gpSimdEngine.copy(dst, src);
  }

  /**
   * {@code tensor_copy} from integers, through FP32.
   *
   * @param dst a tile
   * @param src as many integers as dst has numbers
   */
  public final void tensorCopy(Tensor dst, IntegerTile src) {
    Checks.tile(core, "tensor_copy", "dst", dst);
    Checks.sameSize("tensor_copy src", src, dst);
    gpSimdEngine.copy(dst, src, next());
  }

  /**
   * {@code tensor_copy} between integers: bits if the types are equal, else through FP32,
   * saturating.
   *
   * @param dst a tile
   * @param src a tile of the same shape
   */
  public final void tensorCopy(IntegerTile dst, IntegerTile src) {
    Checks.sameIntegers("tensor_copy", dst, src);
    GpSimdEngine.copy(dst, src);
  }

  /**
   * {@code tensor_reduce} of integers over the whole free dimension, by a bitvec operator;
   * arithmetic ones reduce numbers, so copy integers to a tensor first.
   *
   * @param dst of data's type, {@code [partitions, 1]}
   * @param op bitwise_and, bitwise_or or bitwise_xor
   * @param data a tile
   */
  public final void tensorReduce(IntegerTile dst, AluOperator op, IntegerTile data) {
    Checks.integers("tensor_reduce data", data);
    if (!op.bitvec() || !op.reduces()) {
      throw Checks.refusal(
          "tensor_reduce with %s on integers; bitwise_and, bitwise_or and bitwise_xor reduce them",
          op.nkiName());
    }
    if (dst.type() != data.type() || dst.partitions() != data.partitions() || dst.free() != 1) {
      throw Checks.refusal(
          "tensor_reduce dst is %s; %s gives %s [%d, 1]",
          dst, data, data.type().type(), data.partitions());
    }
    GpSimdEngine.reduce(dst, data, op);
  }

  /**
   * {@code tensor_copy_predicated}: writes src where the predicate is not 0, and leaves dst as it
   * is elsewhere. Bits move unchanged.
   *
   * @param dst a tile
   * @param src of dst's type and shape
   * @param predicate uint8, uint16 or uint32, as many as dst has numbers
   * @param reversePred whether the predicate is reversed
   */
  public final void tensorCopyPredicated(
      Tensor dst, Tensor src, IntegerTile predicate, boolean reversePred) {
    Checks.tile(core, "tensor_copy_predicated", "dst", dst);
    Checks.sameShape("tensor_copy_predicated", dst, src);
    if (!dst.format().equals(src.format())) {
      throw Checks.refusal(
          "tensor_copy_predicated: src is %s and dst %s; they must have one type", src, dst);
    }
    if (predicate.type().signed()) {
      throw Checks.refusal(
          "tensor_copy_predicated predicate is %s; it must be uint8, uint16 or uint32", predicate);
    }
    Checks.sameSize("tensor_copy_predicated predicate", predicate, dst);
    GpSimdEngine.copyPredicated(dst, src, predicate, reversePred);
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
  public final void tensorTensor(
      IntegerTile dst, IntegerTile data1, IntegerTile data2, AluOperator op) {
    Checks.sameIntegers("tensor_tensor", dst, data1);
    Checks.sameIntegers("tensor_tensor", dst, data2);
    integerOperator("tensor_tensor", dst, data1, op);
    integerOperator("tensor_tensor", dst, data2, op);
    GpSimdEngine.combine(dst, data1, data2, 0, op);
  }

  /**
   * {@code tensor_scalar} on integers of one type, as {@code tensor_tensor}.
   *
   * @param dst a tile
   * @param data the left operand, of the same type and shape
   * @param op the operator
   * @param operand the right operand; ignored by {@link AluOperator#INVERT}
   */
  public final void tensorScalar(IntegerTile dst, IntegerTile data, AluOperator op, long operand) {
    Checks.sameIntegers("tensor_scalar", dst, data);
    integerOperator("tensor_scalar", dst, data, op);
    GpSimdEngine.combine(dst, data, null, operand, op);
  }

  private static void integerOperator(
      String instruction, IntegerTile dst, IntegerTile data, AluOperator op) {
    if (dst.type() != data.type()) {
      throw Checks.refusal("%s: %s and %s differ in type", instruction, dst, data);
    }
    boolean exact =
        switch (op) {
          case ADD, SUBTRACT, MULTIPLY, MAXIMUM, MINIMUM -> true;
          default -> op.compares() || op.bitvec();
        };
    if (!exact) {
      throw Checks.refusal("%s with %s on integers; convert them first", instruction, op);
    }
  }
}
