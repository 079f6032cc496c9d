package octavo.format;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;

/** What the tests of casts have in common. */
final class Codec {

  private Codec() {}

  /** {@return the formats with boundaries to walk: all but FP32, where a cast changes nothing} */
  static List<ElementFormat> narrow() {
    return Formats.elements().stream().filter(format -> !format.equals(Formats.FP32)).toList();
  }

  /** {@return the formats of at most 16 bits} */
  static List<ElementFormat> atMost16Bits() {
    return Formats.elements().stream().filter(format -> format.bits() <= 16).toList();
  }

  /** Fails with everything one needs to know about a cast that went wrong. */
  static void wrong(
      ElementFormat format,
      float value,
      Rounding rounding,
      Overflow overflow,
      int expected,
      int actual) {
    fail(
        "%s %s %s: %s (FP32 bits %08X) gave code %X = %s; the specification says %X"
            .formatted(
                format,
                rounding,
                overflow,
                value,
                Float.floatToRawIntBits(value),
                actual,
                format.decode(actual),
                expected));
  }

  /**
   * Compares a number's codes in nearest even and toward zero, both overflow rules, with an oracle.
   */
  static void checkDeterministic(ElementFormat format, Oracle oracle, float value) {
    for (Rounding rounding : List.of(Rounding.NEAREST_EVEN, Rounding.TOWARD_ZERO)) {
      for (Overflow overflow : Overflow.values()) {
        int expected = oracle.encode(value, rounding, overflow);
        int actual = format.encode(value, rounding, overflow, 0x9E37_79B9);
        if (expected != actual) {
          wrong(format, value, rounding, overflow, expected, actual);
        }
      }
    }
  }

  /** The comparisons that {@link #checkDeterministic} makes. */
  static final int DETERMINISTIC_CASES = 4;
}
