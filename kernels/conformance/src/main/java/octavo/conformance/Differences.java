package octavo.conformance;

import java.util.List;
import java.util.stream.Collectors;
import octavo.format.ElementFormat;

/**
 * How a result differs from the expected one.
 *
 * @param size the number of elements of the result
 * @param count how many of its codes and scales differ
 * @param shown the first of them
 * @param guardOffset where a byte that belongs to no element differs, counted from the beginning of
 *     the guarded memory; -1 if none does
 */
record Differences(long size, long count, List<Element> shown, long guardOffset) {

  /** How many differing elements are shown. */
  static final int SHOWN = 4;

  /** No difference. */
  static final Differences NONE = new Differences(0, 0, List.of(), -1);

  /**
   * One differing code.
   *
   * @param where its index
   * @param format its format
   * @param expected the code it should be
   * @param actual the code it is
   */
  record Element(String where, ElementFormat format, int expected, int actual) {

    @Override
    public String toString() {
      int digits = format.storageBits() / 4;
      return "%s expected %s, actual %s"
          .formatted(where, text(expected, digits), text(actual, digits));
    }

    private String text(int code, int digits) {
      long unsigned = Integer.toUnsignedLong(code) & ((1L << format.storageBits()) - 1);
      return ("0x%0" + digits + "X (%s)").formatted(unsigned, format.decode(code));
    }
  }

  /** {@return whether there is none} */
  boolean none() {
    return count == 0 && guardOffset < 0;
  }

  /** {@return lines for a person} */
  String describe() {
    String text = "";
    if (count > 0) {
      text +=
          "  differing  %d of %d elements\n%s"
              .formatted(
                  count,
                  size,
                  shown.stream()
                      .map(element -> "  element    " + element + "\n")
                      .collect(Collectors.joining()));
    }
    if (guardOffset >= 0) {
      text +=
          "  outside    byte %d of the output's memory belongs to no element and was written\n"
              .formatted(guardOffset);
    }
    return text;
  }
}
