package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * All 2^32 FP32 numbers through every format of at most 16 bits: nearest even and toward zero, with
 * both overflow rules, against the boundaries of {@link Oracle}; and, as a second opinion, the
 * CRC-32 of all codes against that of ml_dtypes and NumPy, and FP16 against the JDK.
 *
 * <p>Formats are spread over the processors.
 */
@Tag("nightly")
@ExtendWith(FormatChecks.class)
@Execution(ExecutionMode.SAME_THREAD)
class ExhaustiveTest {

  private static final int INFINITY = 0x7F80_0000;
  private static final int BATCH = 1 << 16;

  /**
   * CRC-32 of the codes (16-bit ones little endian) of all FP32 numbers but NaN in ascending order
   * of their bits as unsigned integers, by the casts of ml_dtypes 0.5.4 and, for FP16, NumPy 2.4.6.
   */
  private static final Map<String, String> CRCS =
      Map.ofEntries(
          Map.entry("E3M4", "e40cd046"),
          Map.entry("E4M3", "9fe7f816"),
          Map.entry("E4M3FN", "db48574e"),
          Map.entry("E5M2", "7a771491"),
          Map.entry("E2M3", "38c84a38"),
          Map.entry("E3M2", "0be8e184"),
          Map.entry("E2M1", "57dbe179"),
          Map.entry("E8M0", "11a6e711"),
          Map.entry("E4M3FNUZ", "e4c8d58c"),
          Map.entry("E5M2FNUZ", "fe50d84f"),
          Map.entry("E4M3B11FNUZ", "8ee2cfad"),
          Map.entry("BF16", "37d9c367"),
          Map.entry("FP16", "5c6e0bdb"));

  @Test
  void everyFp32NumberInEveryShortFormat() {
    List<ElementFormat> formats = Codec.atMost16Bits();
    formats.parallelStream().forEach(ExhaustiveTest::walk);
  }

  private static void walk(ElementFormat format) {
    long start = System.nanoTime();
    Oracle oracle = Oracle.of(format);
    CRC32 crc = new CRC32();
    walk(format, oracle, false, crc);
    walk(format, oracle, true, crc);
    nans(format, oracle);
    String expected = CRCS.get(format.name());
    if (expected != null) {
      assertEquals(expected, HexFormat.of().toHexDigits((int) crc.getValue()), format.name());
    }
    long numbers = 2L * (INFINITY + 1L);
    long nans = (1L << 32) - numbers;
    FormatChecks.count(4 * numbers + nans + (expected == null ? 0 : numbers));
    System.out.printf(
        "%s: all FP32 numbers, %s, %.0f s%n",
        format,
        expected == null ? "no published checksum" : "checksum " + expected,
        (System.nanoTime() - start) / 1e9);
  }

  /** Walks magnitudes upwards; the index follows, as boundaries ascend too. */
  private static void walk(ElementFormat format, Oracle oracle, boolean negative, CRC32 crc) {
    int[] nearest = oracle.nearest;
    int[] towardZero = oracle.towardZero;
    int last = oracle.overflowIndex();
    boolean half = format.equals(Formats.FP16);
    int width = format.bits() > 8 ? 2 : 1;
    byte[] batch = new byte[BATCH * 2];
    int filled = 0;
    int n = 0;
    int z = 0;
    int[] expected = new int[4];
    for (int magnitude = 0; magnitude >= 0 && magnitude <= INFINITY; magnitude++) {
      // Between two boundaries nothing changes; zero and infinity are cases of their own.
      boolean change = magnitude <= 1 || magnitude == INFINITY;
      while (n < last && nearest[n + 1] <= magnitude) {
        n++;
        change = true;
      }
      while (z < last && towardZero[z + 1] <= magnitude) {
        z++;
        change = true;
      }
      if (change) {
        expected[0] = oracle.code(magnitude, n, negative, Rounding.NEAREST_EVEN, Overflow.IEEE);
        expected[1] = oracle.code(magnitude, n, negative, Rounding.NEAREST_EVEN, Overflow.SATURATE);
        expected[2] = oracle.code(magnitude, z, negative, Rounding.TOWARD_ZERO, Overflow.IEEE);
        expected[3] = oracle.code(magnitude, z, negative, Rounding.TOWARD_ZERO, Overflow.SATURATE);
      }
      float value = Float.intBitsToFloat(negative ? magnitude | 0x8000_0000 : magnitude);
      int code = check(format, value, Rounding.NEAREST_EVEN, Overflow.IEEE, expected[0]);
      check(format, value, Rounding.NEAREST_EVEN, Overflow.SATURATE, expected[1]);
      check(format, value, Rounding.TOWARD_ZERO, Overflow.IEEE, expected[2]);
      check(format, value, Rounding.TOWARD_ZERO, Overflow.SATURATE, expected[3]);
      if (half && code != (Float.floatToFloat16(value) & 0xFFFF)) {
        EncodeTest.checkAgainstJdk(value);
      }
      batch[filled++] = (byte) code;
      if (width == 2) {
        batch[filled++] = (byte) (code >> 8);
      }
      if (filled >= BATCH) {
        crc.update(batch, 0, filled);
        filled = 0;
      }
    }
    crc.update(batch, 0, filled);
  }

  private static int check(
      ElementFormat format, float value, Rounding rounding, Overflow overflow, int expected) {
    int actual = format.encode(value, rounding, overflow, 0);
    if (expected != actual) {
      Codec.wrong(format, value, rounding, overflow, expected, actual);
    }
    return actual;
  }

  private static void nans(ElementFormat format, Oracle oracle) {
    for (int magnitude = INFINITY + 1; magnitude > 0; magnitude++) {
      for (int sign : new int[] {0, 0x8000_0000}) {
        float value = Float.intBitsToFloat(magnitude | sign);
        int expected = oracle.nan(sign != 0);
        int actual = format.encode(value, Overflow.IEEE);
        if (expected != actual) {
          Codec.wrong(format, value, Rounding.NEAREST_EVEN, Overflow.IEEE, expected, actual);
        }
      }
    }
  }
}
