package octavo.bench;

/** What bounds an operation on a machine. */
public enum Limit {
  /** Nothing that could be measured. */
  NONE("none"),

  /** Fused multiply-adds of FP32 in registers. */
  FMA("FP32 FMA peak"),

  /** Reading memory that no cache holds. */
  READ("DRAM read"),

  /** The lower one of FMA and the rate at which DRAM delivers the weights. */
  ROOFLINE("DRAM read or FMA peak"),

  /** Copying as many bytes as the operation reads and writes, within as much memory. */
  COPY("copy of the same bytes");

  private final String text;

  Limit(String text) {
    this.text = text;
  }

  /** {@return the limit for a person} */
  public String text() {
    return text;
  }
}
