package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The scale of a block follows from its largest magnitude as the sources of each rule say. */
@ExtendWith(FormatChecks.class)
class ScaleRuleTest {

  private static final int FINITE_BF16 = 0x7F80;

  static List<ElementFormat> mxElements() {
    return List.of(
        Formats.E4M3FN,
        Formats.E5M2,
        Formats.E3M2,
        Formats.E2M3,
        Formats.E2M1,
        Formats.INT8_FIXED6,
        Formats.E4M3,
        Formats.E3M4);
  }

  /**
   * The bytes for all finite non-negative BF16 magnitudes, {@code clip(floor(log2 amax) - k +
   * 127)}.
   */
  @Test
  void allBf16MagnitudesHaveThePublishedChecksum() {
    assertEquals("0bd87fcc", checksum(ScaleRule.OCP_FLOOR, Formats.E4M3FN));
    assertEquals("635ecace", checksum(ScaleRule.TRAINIUM, Formats.E4M3FN));
    float largest = 0x1.fep127f;
    assertEquals(246, ScaleRule.OCP_FLOOR.scaleCode(largest, Formats.E4M3FN));
    assertEquals(247, ScaleRule.TRAINIUM.scaleCode(largest, Formats.E4M3FN));
    assertEquals(239, ScaleRule.OCP_FLOOR.scaleCode(largest, Formats.E5M2));
    assertEquals(240, ScaleRule.TRAINIUM.scaleCode(largest, Formats.E5M2));
    FormatChecks.count(2 * FINITE_BF16 + 4);
  }

  private static String checksum(ScaleRule rule, ElementFormat element) {
    CRC32 crc = new CRC32();
    for (int i = 0; i < FINITE_BF16; i++) {
      crc.update(rule.scaleCode(Float.intBitsToFloat(i << 16), element));
    }
    return "%08x".formatted(crc.getValue());
  }

  /** Every rule once more, in double precision, for all BF16 magnitudes and every MX element. */
  @ParameterizedTest
  @MethodSource("mxElements")
  void allBf16MagnitudesFollowTheFormulas(ElementFormat element) {
    int emax = (int) Math.floor(Math.log(element.maxFinite()) / Math.log(2) + 1e-12);
    int mantissa =
        switch (element.name()) {
          case "E5M2", "E3M2" -> 2;
          case "E4M3FN", "E4M3", "E2M3" -> 3;
          case "E3M4" -> 4;
          case "E2M1" -> 1;
          default -> 6;
        };
    for (int i = 1; i < FINITE_BF16; i++) {
      float amax = Float.intBitsToFloat(i << 16);
      int floor = Math.getExponent((double) amax);
      assertEquals(clip(floor - emax), ScaleRule.OCP_FLOOR.scaleCode(amax, element));
      assertEquals(clip(floor - emax + 1), ScaleRule.TRAINIUM.scaleCode(amax, element));
      int ceil = amax == Math.scalb(1.0, floor) ? floor : floor + 1;
      assertEquals(clip(ceil - emax), ScaleRule.CEIL.scaleCode(amax, element));
      // To the element's mantissa, halves up. Below FP32's normal range every result is clipped.
      double unit = Math.scalb(1.0, floor - mantissa);
      double rounded = Math.floor(amax / unit + 0.5) * unit;
      int even = amax < Float.MIN_NORMAL && emax > 0 ? -127 : Math.getExponent(rounded) - emax;
      if (amax >= Float.MIN_NORMAL || emax > 0) {
        assertEquals(clip(even), ScaleRule.EVEN.scaleCode(amax, element));
      }
      double descale = amax * (1.0f / element.maxFinite());
      int exponent = descale == 0 ? -200 : Math.getExponent(descale);
      int rceil = descale == Math.scalb(1.0, exponent) ? exponent : exponent + 1;
      assertEquals(clip(rceil), ScaleRule.RCEIL.scaleCode(amax, element));
      // No BF16 number is so close to a power of two that the rounded logarithm reaches it.
      assertEquals(clip(floor - emax), ScaleRule.GGML.scaleCode(amax, element));
    }
    FormatChecks.count(6L * FINITE_BF16);
  }

  private static int clip(int exponent) {
    return Math.clamp(exponent, -127, 127) + 127;
  }

  /** torchao's formulas, evaluated in NumPy, for magnitudes at which the rules differ. */
  @Test
  void rulesGiveTorchaosScales() {
    List<List<String>> cases = Vectors.read("scale-rules.txt");
    assertEquals(1050, cases.size());
    for (List<String> words : cases) {
      ScaleRule rule = ScaleRule.valueOf(words.get(0));
      ElementFormat element = Formats.byName(words.get(1)).element();
      int code = rule.scaleCode(Vectors.fp32(words.get(2)), element);
      assertEquals(Vectors.hex(words.get(3)), code, () -> "case " + words);
    }
    FormatChecks.count(cases.size());
  }

  /** Worked by hand: 448 = 1.75 * 2^8 is E4M3FN's largest value, 6 = 1.5 * 2^2 that of E2M1. */
  @ParameterizedTest
  @CsvSource({
    // amax, element, floor, trainium, ceil, even, rceil
    "256, E4M3FN, 7F, 80, 7F, 7F, 7F", // a power of two: 256 / 448 < 1
    "448, E4M3FN, 7F, 80, 80, 7F, 7F", // fits exactly
    "450, E4M3FN, 7F, 80, 80, 7F, 80", // too large for 448: only RCEIL and CEIL see it
    "480, E4M3FN, 7F, 80, 80, 7F, 80", // 1.875 rounds to 1.875
    "496, E4M3FN, 7F, 80, 80, 80, 80", // 1.9375 is half way to 2 and goes up
    "511, E4M3FN, 7F, 80, 80, 80, 80",
    "4,   E2M1,   7F, 80, 7F, 7F, 7F",
    "6,   E2M1,   7F, 80, 80, 7F, 7F",
    "6.5, E2M1,   7F, 80, 80, 7F, 80", // 1.625 rounds to 1.5
    "7,   E2M1,   7F, 80, 80, 80, 80", // 1.75 is half way to 2 and goes up
    "1,   E5M2,   70, 71, 70, 70, 70",
    "3,   E3M2,   7C, 7D, 7D, 7C, 7C"
  })
  void workedByHand(
      float amax,
      String element,
      String floor,
      String trainium,
      String ceil,
      String even,
      String rceil) {
    ElementFormat format = Formats.byName(element).element();
    assertEquals(Vectors.hex(floor), ScaleRule.OCP_FLOOR.scaleCode(amax, format));
    assertEquals(Vectors.hex(trainium), ScaleRule.TRAINIUM.scaleCode(amax, format));
    assertEquals(Vectors.hex(ceil), ScaleRule.CEIL.scaleCode(amax, format));
    assertEquals(Vectors.hex(even), ScaleRule.EVEN.scaleCode(amax, format));
    assertEquals(Vectors.hex(rceil), ScaleRule.RCEIL.scaleCode(amax, format));
    FormatChecks.count(5);
  }

  /**
   * ggml takes log2f: log2 of the number below 2^k is k - 8.6e-8, which for k = 3, where FP32
   * numbers are 2.4e-7 apart, rounds to 3, but for k = 1 and 2 does not round to k. The next number
   * down is 3 - 1.7e-7, which does not reach 3 either.
   */
  @ParameterizedTest
  @CsvSource({
    "0x1.fffffep0, 0",
    "0x1.fffffep1, 1",
    "0x1.fffffep2, 3",
    "0x1.fffffcp2, 2",
    "0x1.fffffep-1, -1",
    "0x1.fffffep-4, -3",
    "8, 3",
    "0x1p-126, -126",
    "0x1.8p-140, -140",
    "0x1.fffffep127, 128",
    "0x1p29, 29",
    "0x1p-29, -29"
  })
  void ggmlRoundsTheLogarithm(float amax, int log2) {
    assertEquals(
        Math.clamp(log2 - 2, -127, 127) + 127, ScaleRule.GGML.scaleCode(amax, Formats.E2M1));
    FormatChecks.count(1);
  }

  @ParameterizedTest
  @EnumSource(ScaleRule.class)
  void zeroNanAndInfiniteBlocks(ScaleRule rule) {
    for (ElementFormat element : mxElements()) {
      assertEquals(0x00, rule.scaleCode(0, element));
      assertEquals(0xFF, rule.scaleCode(Float.NaN, element));
      assertEquals(0xFF, rule.scaleCode(Float.intBitsToFloat(0xFFFF_FFFF), element));
      assertEquals(0xFF, rule.scaleCode(Float.POSITIVE_INFINITY, element));
      assertEquals(0x00, rule.scaleCode(Float.MIN_VALUE, element));
      FormatChecks.count(5);
    }
  }

  @ParameterizedTest
  @EnumSource(ScaleRule.class)
  void noFiniteBlockGetsTheNanScaleAndLargerBlocksNeverASmallerOne(ScaleRule rule) {
    for (ElementFormat element : mxElements()) {
      int previous = 0;
      for (long bits = 1; bits < 0x7F80_0000L; bits += 4093) {
        int code = rule.scaleCode(Float.intBitsToFloat((int) bits), element);
        if (code < previous || code > 254) {
          throw new AssertionError(
              "%s %s: %s gave %d after %d"
                  .formatted(rule, element, Float.intBitsToFloat((int) bits), code, previous));
        }
        previous = code;
      }
      assertEquals(true, rule.scaleCode(Float.MAX_VALUE, element) <= 254);
      FormatChecks.count(0x7F80_0000L / 4093);
    }
  }
}
