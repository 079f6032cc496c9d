package octavo.nki;

/**
 * What an instruction does to its engine's reduction registers: one FP32 number for each partition,
 * {@code nki.isa.reduce_cmd}.
 *
 * <p>Source: AWS Neuron SDK, {@code nki.isa.reduce_cmd}.
 */
public enum ReduceCmd {
  /**
   * Nothing. (On a device's Vector Engine they may hold anything afterwards; here they stay as they
   * are.)
   */
  IDLE("idle"),
  /** Resets them to the operator's neutral number; this instruction's results do not count. */
  RESET("reset"),
  /** Goes on from what they hold. */
  REDUCE("reduce"),
  /** Resets them, then reduces. */
  RESET_REDUCE("reset_reduce"),
  /** Sets them to given numbers, then reduces. */
  LOAD_REDUCE("load_reduce");

  private final String nkiName;

  ReduceCmd(String nkiName) {
    this.nkiName = nkiName;
  }

  /** {@return the name in {@code nki.isa}} */
  public String nkiName() {
    return nkiName;
  }

  /** {@return whether the instruction's results are reduced into the registers} */
  boolean reduces() {
    return this == REDUCE || this == RESET_REDUCE || this == LOAD_REDUCE;
  }
}
