package octavo.nki;

import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The reduction along the free dimension that an instruction adds to its work: {@code reduce_op},
 * {@code reduce_cmd}, {@code reduce_res} and {@code reduce_init} of {@code nki.isa}.
 *
 * <p>What is reduced are the FP32 results before they are rounded to the destination's type. An
 * instruction's own results are reduced as by {@link Nisa#tensorReduce}, then combined with the
 * register; the order on a device is not public. The Scalar Engine and the Vector Engine have
 * registers of their own.
 *
 * @param command what happens to the registers
 * @param op the operator
 * @param init what {@link ReduceCmd#LOAD_REDUCE} sets the registers to, FP32; ignored by others
 * @param result receives the registers after the instruction, {@code [partitions, 1]}; {@code null}
 *     leaves them in the engine only
 */
public record Reduction(ReduceCmd command, AluOperator op, Operand init, @Nullable Tensor result) {

  /** No reduction. */
  public static final Reduction NONE =
      new Reduction(ReduceCmd.IDLE, AluOperator.ADD, Operand.ZERO, null);

  /**
   * {@return a reduction of one instruction's results}: {@link ReduceCmd#RESET_REDUCE}
   *
   * @param op the operator
   * @param result receives it, {@code [partitions, 1]}
   */
  public static Reduction of(AluOperator op, Tensor result) {
    return new Reduction(ReduceCmd.RESET_REDUCE, op, Operand.ZERO, result);
  }

  /**
   * {@return one of several instructions that reduce to the same registers}
   *
   * @param command what happens to the registers
   * @param op the operator
   * @param result receives the registers after the instruction, {@code [partitions, 1]}; {@code
   *     null} for none
   */
  public static Reduction of(ReduceCmd command, AluOperator op, @Nullable Tensor result) {
    return new Reduction(command, op, Operand.ZERO, result);
  }
}
