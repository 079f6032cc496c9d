package octavo.nki;

import java.util.Arrays;
import java.util.Set;
import octavo.format.BlockFormat;
import octavo.tensor.Tensor;

/** What a generation demands of a call's arguments. */
final class Checks {

  private Checks() {}

  @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency of its own.
  static void require(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(values));
    }
  }

  /** A tile that an engine reads or writes: its type, its partitions and its bytes. */
  static DType tile(NeuronCore core, String what, Tensor tile) {
    require(
        !(tile.format() instanceof BlockFormat),
        "%s is %s; a tile has no scales: pack it into an MxTile",
        what,
        tile);
    DType type = DType.of(tile);
    require(
        core.types().contains(type),
        "%s is %s: %s has no %s; its types are %s",
        what,
        tile,
        core.title(),
        type,
        core.types());
    partitions(what, tile);
    long bytes = tile.dimension(0) == 0 ? 0 : tile.size() / tile.dimension(0) * type.bytes();
    require(
        bytes <= core.sbufPartitionBytes(),
        "%s is %s: %d bytes in a partition; SBUF of %s has %d",
        what,
        tile,
        bytes,
        core.title(),
        core.sbufPartitionBytes());
    return type;
  }

  static void partitions(String what, Tensor tile) {
    require(
        tile.rank() >= 2, "%s is %s; a tile has a partition dimension and a free one", what, tile);
    require(
        tile.dimension(0) <= NeuronCore.PARTITIONS,
        "%s is %s: %d partitions; there are 128, cut it with slice(0, ..)",
        what,
        tile,
        tile.dimension(0));
  }

  /** Types and shapes of a plain product, without the limits of one instruction. */
  static void product(
      NeuronCore core, Tensor dst, Tensor stationary, Tensor moving, PerformanceMode mode) {
    DType first = DType.of(stationary);
    DType second = DType.of(moving);
    String objection = core.objection(first, second, mode);
    require(objection.isEmpty(), "%s", objection);
    psum(core, dst);
    boolean pairs = mode == PerformanceMode.DOUBLE_ROW;
    int rank = pairs ? 3 : 2;
    boolean fits =
        stationary.rank() == rank
            && moving.rank() == rank
            && stationary.dimension(0) == moving.dimension(0)
            && (!pairs || (stationary.dimension(1) == 2 && moving.dimension(1) == 2))
            && Arrays.equals(dst.shape(), new long[] {stationary.columns(), moving.columns()});
    require(
        fits,
        "stationary %s, moving %s, dst %s; %s goes with %s and [M, N]",
        stationary,
        moving,
        dst,
        mode,
        pairs ? "[K / 2, 2, M], [K / 2, 2, N]" : "[K, M], [K, N]");
    apart(dst, stationary);
    apart(dst, moving);
  }

  /** The limits of one instruction. */
  static void instruction(
      NeuronCore core, Tensor dst, long partitions, long stationary, long moving) {
    require(
        partitions <= NeuronCore.PARTITIONS,
        "operands of %d partitions; an instruction takes 128: cut K, or use TiledMatmul",
        partitions);
    require(
        stationary <= NeuronCore.STATIONARY_FREE,
        "stationary operand of free size %d; an instruction takes %d: cut M, or use TiledMatmul",
        stationary,
        NeuronCore.STATIONARY_FREE);
    DType psum = DType.of(dst);
    require(
        moving <= core.movingFree(psum),
        "moving operand of free size %d; an instruction of %s takes %d with %s results: cut N, or use TiledMatmul",
        moving,
        core.title(),
        core.movingFree(psum),
        psum);
  }

  static void productMx(NeuronCore core, Tensor dst, MxTile stationary, MxTile moving) {
    microscaling(core, "nc_matmul_mx");
    psum(core, dst);
    require(
        stationary.partitions() == moving.partitions()
            && Arrays.equals(dst.shape(), new long[] {stationary.free(), moving.free()}),
        "stationary %s, moving %s, dst %s; nc_matmul_mx takes [P, M], [P, N] and [M, N]",
        stationary,
        moving,
        dst);
    for (MxTile operand : new MxTile[] {stationary, moving}) {
      apart(dst, operand.data());
      apart(dst, operand.scales());
    }
  }

  static void microscaling(NeuronCore core, String instruction) {
    require(
        core.microscaling(),
        "%s has no %s; it exists from %s on",
        core.title(),
        instruction,
        NeuronCore.V4.title());
  }

  private static void psum(NeuronCore core, Tensor dst) {
    require(
        TiledMatmul.isPsum(core, dst),
        "dst is %s; %s sums products in %s",
        dst,
        core.title(),
        core.psumTypes());
  }

  static void apart(Tensor dst, Tensor operand) {
    require(
        !dst.overlaps(operand),
        "dst %s overlaps its operand %s in memory; give it memory of its own",
        dst,
        operand);
  }

  // ---- elementwise instructions

  static void since(NeuronCore core, NeuronCore first, String instruction) {
    require(
        core.compareTo(first) >= 0,
        "%s has no %s; it exists from %s on",
        core.title(),
        instruction,
        first.title());
  }

  static void arithmetic(NeuronCore core, String instruction, AluOperator op) {
    require(
        !op.bitvec(),
        "%s with %s on numbers; bitvec operators take IntegerTile operands",
        instruction,
        op.nkiName());
    require(op != AluOperator.BYPASS, "%s with bypass, which is for activate2 only", instruction);
    require(
        op.availableOn(core),
        "%s with %s: %s has it not, %s has",
        instruction,
        op.nkiName(),
        core.title(),
        NeuronCore.V4.title());
  }

  static void binary(NeuronCore core, String instruction, AluOperator op) {
    arithmetic(core, instruction, op);
    require(op.binary(), "%s with %s, which takes one operand", instruction, op.nkiName());
  }

  /** A reduction along the free dimension that an instruction is to do beside its work. */
  static void reduction(
      NeuronCore core,
      String instruction,
      Reduction reduction,
      Tensor data,
      Set<AluOperator> operators,
      Set<ReduceCmd> commands) {
    require(
        commands.contains(reduction.command()),
        "%s with reduce_cmd %s; it has %s",
        instruction,
        reduction.command().nkiName(),
        commands.stream().map(ReduceCmd::nkiName).sorted().toList());
    require(
        reduction.command() == ReduceCmd.IDLE || operators.contains(reduction.op()),
        "%s with reduce_op %s; it has %s",
        instruction,
        reduction.op().nkiName(),
        operators.stream().map(AluOperator::nkiName).sorted().toList());
    if (reduction.command() == ReduceCmd.LOAD_REDUCE) {
      reduction.init().check("reduce_init", data.dimension(0), true);
    }
    Tensor result = reduction.result();
    if (result != null) {
      DType type = tile(core, instruction + " reduce_res", result);
      require(
          Arrays.equals(result.shape(), new long[] {data.dimension(0), 1}) && !type.integer(),
          "%s reduce_res is %s; it must be [%d, 1] in a floating-point type",
          instruction,
          result,
          data.dimension(0));
    }
  }

  static void sameShape(String instruction, Tensor dst, Tensor data) {
    Checks.require(
        Arrays.equals(dst.shape(), data.shape()),
        "%s: %s and %s differ in shape",
        instruction,
        dst,
        data);
  }

  static void patternFits(String instruction, Tensor dst, AccessPattern pattern) {
    Checks.require(
        dst.size() == dst.dimension(0) * pattern.size(),
        "%s dst is %s; the pattern has %d elements for each partition",
        instruction,
        dst,
        pattern.size());
  }

  static void integers(String what, IntegerTile tile) {
    Checks.require(
        tile.partitions() <= NeuronCore.PARTITIONS,
        "%s is %s; there are 128 partitions",
        what,
        tile);
  }

  static void sameSize(String what, IntegerTile tile, Tensor tensor) {
    integers(what, tile);
    Checks.require(
        tile.partitions() == tensor.dimension(0) && tile.size() == tensor.size(),
        "%s is %s; it goes with %s",
        what,
        tile,
        tensor);
  }

  static void sameIntegers(String instruction, IntegerTile dst, IntegerTile data) {
    integers(instruction, dst);
    Checks.require(
        dst.partitions() == data.partitions() && dst.free() == data.free(),
        "%s: %s and %s differ in shape",
        instruction,
        dst,
        data);
  }
}
