package octavo.conformance;

import java.util.Locale;

/** What keeps the memory of a tensor. */
enum Memory {
  /** A Java array of bytes. */
  BYTES,
  /** A Java array of floats, as {@code Tensor.of(float[], ...)} makes it. */
  FLOATS,
  /** An arena that only one thread may use. */
  CONFINED,
  /** An arena that any thread may close. */
  SHARED,
  /** An arena that the garbage collector closes. */
  AUTOMATIC,
  /** A mapped file. */
  MAPPED;

  /** {@return the name as case ids spell it} */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
