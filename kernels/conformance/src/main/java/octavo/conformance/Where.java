package octavo.conformance;

/**
 * Where an operand is.
 *
 * @param layout how it lies there
 * @param memory what keeps the memory
 */
record Where(Layout layout, Memory memory) {

  /** Consecutive, off-heap. */
  static final Where PLAIN = new Where(Layout.PACKED, Memory.CONFINED);

  static Where in(Memory memory) {
    return new Where(Layout.PACKED, memory);
  }

  static Where lying(Layout layout) {
    return new Where(layout, Memory.CONFINED);
  }

  /** {@return both as case ids spell them} */
  @Override
  public String toString() {
    return layout + "@" + memory;
  }
}
