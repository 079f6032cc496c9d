package octavo.nki;

import java.util.Set;
import octavo.format.BlockFormat;
import octavo.tensor.Tensor;

/** What a generation demands of a call's arguments. */
final class Checks {

  private Checks() {}

  /**
   * {@return what to throw} A condition stands before it, so that a call that is fine boxes
   * nothing.
   */
  @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency of its own.
  static IllegalArgumentException refusal(String message, Object... values) {
    return new IllegalArgumentException(message.formatted(values));
  }

  /** A tile that an engine reads or writes: its type, its partitions and its bytes. */
  static DType tile(NeuronCore core, String instruction, String operand, Tensor tile) {
    if (tile.format() instanceof BlockFormat) {
      throw refusal(
          "%s %s is %s; a tile has no scales: pack it into an MxTile", instruction, operand, tile);
    }
    DType type = DType.of(tile);
    if (!core.types().contains(type)) {
      throw refusal(
          "%s %s is %s: %s has no %s; its types are %s",
          instruction, operand, tile, core.title(), type, core.types());
    }
    partitions(instruction, operand, tile);
    long bytes = tile.dimension(0) == 0 ? 0 : tile.size() / tile.dimension(0) * type.bytes();
    if (bytes > core.sbufPartitionBytes()) {
      throw refusal(
          "%s %s is %s: %d bytes in a partition; SBUF of %s has %d",
          instruction, operand, tile, bytes, core.title(), core.sbufPartitionBytes());
    }
    return type;
  }

  static void partitions(String instruction, String operand, Tensor tile) {
    if (tile.rank() < 2) {
      throw refusal(
          "%s %s is %s; a tile has a partition dimension and a free one",
          instruction, operand, tile);
    }
    if (tile.dimension(0) > NeuronCore.PARTITIONS) {
      throw refusal(
          "%s %s is %s: %d partitions; there are 128, cut it with slice(0, ..)",
          instruction, operand, tile, tile.dimension(0));
    }
  }

  /** Types and shapes of a plain product, without the limits of one instruction. */
  static void product(
      NeuronCore core, Tensor dst, Tensor stationary, Tensor moving, PerformanceMode mode) {
    DType first = DType.of(stationary);
    DType second = DType.of(moving);
    String objection = core.objection(first, second, mode);
    if (!objection.isEmpty()) {
      throw refusal("%s", objection);
    }
    psum(core, dst);
    boolean pairs = mode == PerformanceMode.DOUBLE_ROW;
    int rank = pairs ? 3 : 2;
    boolean fits =
        stationary.rank() == rank
            && moving.rank() == rank
            && stationary.dimension(0) == moving.dimension(0)
            && (!pairs || (stationary.dimension(1) == 2 && moving.dimension(1) == 2))
            && isMatrix(dst, stationary.columns(), moving.columns());
    if (!fits) {
      throw refusal(
          "stationary %s, moving %s, dst %s; %s goes with %s and [M, N]",
          stationary, moving, dst, mode, pairs ? "[K / 2, 2, M], [K / 2, 2, N]" : "[K, M], [K, N]");
    }
    apart(dst, stationary);
    apart(dst, moving);
  }

  /** The limits of one instruction. */
  static void instruction(
      NeuronCore core, Tensor dst, long partitions, long stationary, long moving) {
    if (partitions > NeuronCore.PARTITIONS) {
      throw refusal(
          "operands of %d partitions; an instruction takes 128: cut K, or use TiledMatmul",
          partitions);
    }
    if (stationary > NeuronCore.STATIONARY_FREE) {
      throw refusal(
          "stationary operand of free size %d; an instruction takes %d: cut M, or use TiledMatmul",
          stationary, NeuronCore.STATIONARY_FREE);
    }
    DType psum = DType.of(dst);
    if (moving > core.movingFree(psum)) {
      throw refusal(
          "moving operand of free size %d; an instruction of %s takes %d with %s results: cut N, or use TiledMatmul",
          moving, core.title(), core.movingFree(psum), psum);
    }
  }

  static void productMx(NeuronCore core, Tensor dst, MxTile stationary, MxTile moving) {
    microscaling(core, "nc_matmul_mx");
    psum(core, dst);
    if (stationary.partitions() != moving.partitions()
        || !isMatrix(dst, stationary.free(), moving.free())) {
      throw refusal(
          "stationary %s, moving %s, dst %s; nc_matmul_mx takes [P, M], [P, N] and [M, N]",
          stationary, moving, dst);
    }
    apart(dst, stationary);
    apart(dst, moving);
  }

  private static void apart(Tensor dst, MxTile operand) {
    apart(dst, operand.data());
    apart(dst, operand.scales());
  }

  static void microscaling(NeuronCore core, String instruction) {
    if (!core.microscaling()) {
      throw refusal(
          "%s has no %s; it exists from %s on", core.title(), instruction, NeuronCore.V4.title());
    }
  }

  private static void psum(NeuronCore core, Tensor dst) {
    if (!TiledMatmul.isPsum(core, dst)) {
      throw refusal("dst is %s; %s sums products in %s", dst, core.title(), core.psumTypes());
    }
  }

  static void apart(Tensor dst, Tensor operand) {
    if (dst.overlaps(operand)) {
      throw refusal(
          "dst %s overlaps its operand %s in memory; give it memory of its own", dst, operand);
    }
  }

  static boolean isMatrix(Tensor tensor, long rows, long columns) {
    return tensor.rank() == 2 && tensor.rows() == rows && tensor.columns() == columns;
  }

  // ---- elementwise instructions

  static void since(NeuronCore core, NeuronCore first, String instruction) {
    if (core.compareTo(first) < 0) {
      throw refusal("%s has no %s; it exists from %s on", core.title(), instruction, first.title());
    }
  }

  static void arithmetic(NeuronCore core, String instruction, AluOperator op) {
    if (op.bitvec()) {
      throw refusal(
          "%s with %s on numbers; bitvec operators take IntegerTile operands",
          instruction, op.nkiName());
    }
    if (op == AluOperator.BYPASS) {
      throw refusal("%s with bypass, which is for activate2 only", instruction);
    }
    if (!op.availableOn(core)) {
      throw refusal(
          "%s with %s: %s has it not, %s has",
          instruction, op.nkiName(), core.title(), NeuronCore.V4.title());
    }
  }

  static void binary(NeuronCore core, String instruction, AluOperator op) {
    arithmetic(core, instruction, op);
    if (!op.binary()) {
      throw refusal("%s with %s, which takes one operand", instruction, op.nkiName());
    }
  }

  /** A reduction along the free dimension that an instruction is to do beside its work. */
  static void reduction(
      NeuronCore core,
      String instruction,
      Reduction reduction,
      Tensor data,
      Set<AluOperator> operators,
      Set<ReduceCmd> commands) {
    if (!commands.contains(reduction.command())) {
      throw refusal(
          "%s with reduce_cmd %s; it has %s",
          instruction,
          reduction.command().nkiName(),
          commands.stream().map(ReduceCmd::nkiName).sorted().toList());
    }
    if (reduction.command() != ReduceCmd.IDLE && !operators.contains(reduction.op())) {
      throw refusal(
          "%s with reduce_op %s; it has %s",
          instruction,
          reduction.op().nkiName(),
          operators.stream().map(AluOperator::nkiName).sorted().toList());
    }
    if (reduction.command() == ReduceCmd.LOAD_REDUCE) {
      reduction.init().check("reduce_init", data.dimension(0), true);
    }
    Tensor result = reduction.result();
    if (result != null) {
      DType type = tile(core, instruction, "reduce_res", result);
      if (!isMatrix(result, data.dimension(0), 1) || type.integer()) {
        throw refusal(
            "%s reduce_res is %s; it must be [%d, 1] in a floating-point type",
            instruction, result, data.dimension(0));
      }
    }
  }

  static void sameShape(String instruction, Tensor dst, Tensor data) {
    if (!dst.sameShape(data)) {
      throw Checks.refusal("%s: %s and %s differ in shape", instruction, dst, data);
    }
  }

  static void patternFits(String instruction, Tensor dst, AccessPattern pattern) {
    if (dst.size() != dst.dimension(0) * pattern.size()) {
      throw Checks.refusal(
          "%s dst is %s; the pattern has %d elements for each partition",
          instruction, dst, pattern.size());
    }
  }

  static void integers(String what, IntegerTile tile) {
    if (tile.partitions() > NeuronCore.PARTITIONS) {
      throw Checks.refusal("%s is %s; there are 128 partitions", what, tile);
    }
  }

  static void sameSize(String what, IntegerTile tile, Tensor tensor) {
    integers(what, tile);
    if (tile.partitions() != tensor.dimension(0) || tile.size() != tensor.size()) {
      throw Checks.refusal("%s is %s; it goes with %s", what, tile, tensor);
    }
  }

  static void sameIntegers(String instruction, IntegerTile dst, IntegerTile data) {
    integers(instruction, dst);
    if (dst.partitions() != data.partitions() || dst.free() != data.free()) {
      throw Checks.refusal("%s: %s and %s differ in shape", instruction, dst, data);
    }
  }
}
