package octavo.conformance;

import java.util.Locale;
import octavo.format.BlockFormat;
import octavo.format.Format;

/** How a matrix lies in its memory. */
enum Layout {
  /** Rows one after the other, from an address that is a multiple of 64. */
  PACKED,
  /** The same, from an odd address: nothing is aligned. */
  OFFSET,
  /** A part of a larger matrix: there are other columns between the rows. */
  STRIDED,
  /** A transposed view: neighbouring columns are a row's length apart. */
  TRANSPOSED;

  /** {@return whether tensors in a format can lie like this} */
  boolean allows(Format format) {
    return this != TRANSPOSED
        || (!(format instanceof BlockFormat) && format.element().storageBits() >= 8);
  }

  /** {@return the name as case ids spell it} */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
