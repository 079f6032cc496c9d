package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Casts to every element format, to nearest even and toward zero, with both overflow rules. */
@ExtendWith(FormatChecks.class)
class EncodeTest {

  static List<ElementFormat> narrow() {
    return Codec.narrow();
  }

  /** CRC-32 of the codes, NaN inputs left out, by ml_dtypes 0.5.4 (= 0.6.0). */
  @ParameterizedTest
  @CsvSource({
    "E3M4,        ef80e280, 49c9e9c3",
    "E4M3,        b9c66bca, 7c233851",
    "E4M3FN,      37449f7b, f7402c93",
    "E5M2,        d888644c, 3457c5f2",
    "E2M3,        4d85b9f4, 1dc774f6",
    "E3M2,        175d59e3, 33fdd1cc",
    "E2M1,        4b3022d0, f195977f",
    "E8M0,        81e73081, 593bc42d",
    "E4M3FNUZ,    51220d78, 188872e6",
    "E5M2FNUZ,    2c4356ce, ac99a5b1",
    "E4M3B11FNUZ, 993dea71, 59f8220c"
  })
  void all16BitInputsEncodeAsMlDtypesDoes(String name, String fromBf16, String fromFp16) {
    ElementFormat format = Formats.byName(name).element();
    CRC32 bf16 = new CRC32();
    CRC32 fp16 = new CRC32();
    for (int i = 0; i < 65_536; i++) {
      update(bf16, format, Float.intBitsToFloat(i << 16));
      update(fp16, format, Float.float16ToFloat((short) i));
    }
    assertEquals(fromBf16, "%08x".formatted(bf16.getValue()), name + " from BF16");
    assertEquals(fromFp16, "%08x".formatted(fp16.getValue()), name + " from FP16");
    FormatChecks.count(2 * 65_536);
  }

  private static void update(CRC32 crc, ElementFormat format, float value) {
    if (!Float.isNaN(value)) {
      crc.update(format.encode(value, Overflow.IEEE));
    }
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void aroundEveryBoundary(ElementFormat format) {
    Oracle oracle = Oracle.of(format);
    long checks = 0;
    for (int[] boundaries : List.of(oracle.nearest, oracle.towardZero)) {
      for (int boundary : boundaries) {
        for (int magnitude = boundary - 4; magnitude <= boundary + 4; magnitude++) {
          if (magnitude >= 0) {
            Codec.checkDeterministic(format, oracle, Float.intBitsToFloat(magnitude));
            Codec.checkDeterministic(format, oracle, -Float.intBitsToFloat(magnitude));
            checks += 2 * Codec.DETERMINISTIC_CASES;
          }
        }
      }
    }
    FormatChecks.count(checks);
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void everyThousandthFp32Number(ElementFormat format) {
    Oracle oracle = Oracle.of(format);
    long checks = 0;
    for (long bits = 0; bits < 1L << 32; bits += 1021) {
      Codec.checkDeterministic(format, oracle, Float.intBitsToFloat((int) bits));
      checks += Codec.DETERMINISTIC_CASES;
    }
    FormatChecks.count(checks);
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void midpointsGoToTheEvenCodeAndTheirNeighboursToTheNearer(ElementFormat format) {
    if (format.equals(Formats.E8M0)) {
      return; // Ties go up there; see the oracle, and e8m0 below.
    }
    int last = format instanceof IntegerFormat ? 127 : ((FloatFormat) format).maxFiniteCode();
    int step = format.equals(Formats.TF32) ? 1 << 13 : 1;
    long checks = 0;
    for (int code = 0; code < last; code += step) {
      double low = format.decode(code);
      double high = format.decode(code + step);
      float midpoint = (float) ((low + high) / 2);
      if (midpoint != (low + high) / 2) {
        continue; // Half the least subnormal may have no FP32 code.
      }
      int even = (code / step & 1) == 0 ? code : code + step;
      for (Overflow overflow : Overflow.values()) {
        assertEquals(even, format.encode(midpoint, overflow));
        assertEquals(code, format.encode(Math.nextDown(midpoint), overflow));
        assertEquals(code + step, format.encode(Math.nextUp(midpoint), overflow));
      }
      checks += 6;
    }
    assertTrue(checks >= 6L * (last / step) - 6, format + ": " + checks);
    FormatChecks.count(checks);
  }

  @ParameterizedTest
  @MethodSource("narrow")
  void everyFiniteCodeSurvivesTheRoundTrip(ElementFormat format) {
    long codes = format.equals(Formats.TF32) ? 1L << 19 : 1L << format.bits();
    int padding = format.equals(Formats.TF32) ? 13 : 0;
    for (long c = 0; c < codes; c++) {
      int code = (int) c << padding;
      float value = format.decode(code);
      if (Float.isNaN(value)) {
        continue;
      }
      // What MXINT8 leaves out when encoding it still decodes.
      int expected = format.equals(Formats.INT8_FIXED6) && code == 0x80 ? 0x81 : code;
      for (Rounding rounding : Rounding.values()) {
        assertEquals(expected, format.encode(value, rounding, Overflow.IEEE, -1), format.name());
      }
    }
    FormatChecks.count(3 * codes);
  }

  @Test
  void fp32IsLeftAlone() {
    for (long bits = 0; bits < 1L << 32; bits += 1021) {
      float value = Float.intBitsToFloat((int) bits);
      boolean nan = Float.isNaN(value);
      for (Rounding rounding : Rounding.values()) {
        int code = Formats.FP32.encode(value, rounding, Overflow.IEEE, (int) bits);
        int expected = nan ? (bits < 1L << 31 ? 0x7FC0_0000 : 0xFFC0_0000) : (int) bits;
        if (code != expected) {
          Codec.wrong(Formats.FP32, value, rounding, Overflow.IEEE, expected, code);
        }
        if (!nan && Float.floatToRawIntBits(Formats.FP32.decode(code)) != (int) bits) {
          throw new AssertionError("FP32 code %X decodes to another number".formatted(code));
        }
      }
    }
    assertEquals(0x7F7F_FFFF, Formats.FP32.encode(Float.POSITIVE_INFINITY, Overflow.SATURATE));
    assertEquals(0xFF7F_FFFF, Formats.FP32.encode(Float.NEGATIVE_INFINITY, Overflow.SATURATE));
    FormatChecks.count(6 * (1L << 32) / 1021 + 2);
  }

  @Test
  void halfPrecisionEncodesAsTheJdkDoes() {
    long checks = 0;
    for (int code = 0; code < 0x7C00; code++) {
      // Every number, and every midpoint behind it, with four neighbours on both sides.
      float value = Float.float16ToFloat((short) code);
      float next = code == 0x7BFF ? 65_536 : Float.float16ToFloat((short) (code + 1));
      for (float center : new float[] {value, (value + next) / 2}) {
        int bits = Float.floatToRawIntBits(center);
        for (int magnitude = Math.max(bits - 4, 0); magnitude <= bits + 4; magnitude++) {
          checkAgainstJdk(Float.intBitsToFloat(magnitude));
          checkAgainstJdk(-Float.intBitsToFloat(magnitude));
          checks += 2;
        }
      }
    }
    for (long bits = 0; bits < 1L << 32; bits += 509) {
      checkAgainstJdk(Float.intBitsToFloat((int) bits));
      checks++;
    }
    FormatChecks.count(checks);
  }

  static void checkAgainstJdk(float value) {
    int expected = Float.floatToFloat16(value) & 0xFFFF;
    int actual = Formats.FP16.encode(value, Overflow.IEEE);
    boolean same =
        Float.isNaN(value) ? (expected & 0x8000) == (actual & 0x8000) : expected == actual;
    if (!same) {
      Codec.wrong(Formats.FP16, value, Rounding.NEAREST_EVEN, Overflow.IEEE, expected, actual);
    }
  }

  /**
   * BF16 once more, by rounding the quotient by its unit in the last place with {@link Math#rint}.
   */
  @Test
  void bf16RoundsAsRintDoes() {
    int[] lowHalves = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
    for (int high = 0; high < 65_536; high++) {
      for (int low : lowHalves) {
        float value = Float.intBitsToFloat(high << 16 | low);
        if (Float.isNaN(value) || Float.isInfinite(value)) {
          continue;
        }
        double unit = Math.scalb(1.0, Math.max(Math.getExponent(value), -126) - 7);
        float rounded = (float) (Math.rint(value / unit) * unit);
        int expected = Float.floatToRawIntBits(rounded) >>> 16;
        int actual = Formats.BF16.encode(value, Overflow.IEEE);
        if (expected != actual) {
          Codec.wrong(Formats.BF16, value, Rounding.NEAREST_EVEN, Overflow.IEEE, expected, actual);
        }
      }
    }
    FormatChecks.count(65_536L * lowHalves.length);
  }

  /** Rounding comes first, the comparison with the largest value after it; ml_dtypes casts so. */
  @ParameterizedTest
  @CsvSource({
    "E4M3FN, 448,    7E, 7E",
    "E4M3FN, 464,    7E, 7E",
    "E4M3FN, 464.01, 7F, 7E",
    "E4M3FN, 480,    7F, 7E",
    "E4M3FN, -464,   FE, FE",
    "E4M3FN, -480,   FF, FE",
    "E4M3,   247.9,  77, 77",
    "E4M3,   248,    78, 77",
    "E4M3,   -248,   F8, F7",
    "E3M4,   15.7,   6F, 6F",
    "E3M4,   15.75,  70, 6F",
    "E3M4,   -15.75, F0, EF",
    "E5M2,   61439,  7B, 7B",
    "E5M2,   61440,  7C, 7B",
    "E5M2,   -61440, FC, FB",
    "FP16,   65519,  7BFF, 7BFF",
    "FP16,   65520,  7C00, 7BFF",
    "BF16,   0x1.fefffep127, 7F7F, 7F7F",
    "BF16,   0x1.ffp127,     7F80, 7F7F",
    "TF32,   0x1.ffdffep127, 7F7FE000, 7F7FE000",
    "TF32,   0x1.ffep127,    7F800000, 7F7FE000",
    "E4M3FNUZ,    247.9, 7F, 7F",
    "E4M3FNUZ,    248,   80, 7F",
    "E4M3FNUZ,    -248,  80, FF",
    "E5M2FNUZ,    61439, 7F, 7F",
    "E5M2FNUZ,    61440, 80, 7F",
    "E4M3B11FNUZ, 30.9,  7F, 7F",
    "E4M3B11FNUZ, 31,    80, 7F",
    "E3M2,   30,     1F, 1F",
    "E3M2,   1e9,    1F, 1F",
    "E2M3,   7.75,   1F, 1F",
    "E2M3,   -99,    3F, 3F",
    "E2M1,   7,      7,  7",
    "E2M1,   -1e30,  F,  F",
    "INT8,   127.5,  7F, 7F",
    "INT8,   -128.5, 80, 80",
    "INT8,   -1e30,  80, 80",
    "INT8_FIXED6, 1.99, 7F, 7F",
    "INT8_FIXED6, -2,   81, 81",
    "E8M0,   0x1.6p127,  FE, FE",
    "E8M0,   0x1.8p127,  FF, FE"
  })
  void overflowBoundary(String name, float value, String ieee, String saturate) {
    ElementFormat format = Formats.byName(name).element();
    assertEquals(code(ieee), format.encode(value, Overflow.IEEE));
    assertEquals(code(saturate), format.encode(value, Overflow.SATURATE));
    int towardZero = format.encode(value, Rounding.TOWARD_ZERO, Overflow.IEEE, 0);
    assertEquals(code(saturate), towardZero, "toward zero a finite number never overflows");
    FormatChecks.count(3);
  }

  /** The conversion table of the OCP 8-bit Floating Point Specification, section 5. */
  @ParameterizedTest
  @CsvSource({
    // source, E4M3 SAT, E4M3 NONSAT, E5M2 SAT, E5M2 NONSAT
    "NaN,       7F, 7F, 7E, 7E",
    "Infinity,  7E, 7F, 7B, 7C",
    "-Infinity, FE, FF, FB, FC",
    "1e6,       7E, 7F, 7B, 7C",
    "-1e6,      FE, FF, FB, FC",
    "1e-9,      00, 00, 00, 00",
    "-1e-9,     80, 80, 80, 80",
    "0.0,       00, 00, 00, 00",
    "-0.0,      80, 80, 80, 80"
  })
  void ofp8ConversionMatrix(
      float source, String sat4, String nonsat4, String sat5, String nonsat5) {
    assertEquals(code(sat4), Formats.E4M3FN.encode(source, Overflow.SATURATE));
    assertEquals(code(nonsat4), Formats.E4M3FN.encode(source, Overflow.IEEE));
    assertEquals(code(sat5), Formats.E5M2.encode(source, Overflow.SATURATE));
    assertEquals(code(nonsat5), Formats.E5M2.encode(source, Overflow.IEEE));
    FormatChecks.count(4);
  }

  /**
   * What ml_dtypes makes of special numbers; of NaN in FP6, FP4 and integers, what is documented.
   */
  @ParameterizedTest
  @CsvSource({
    // format, +Inf, -Inf, NaN, -NaN, -0
    "E3M4,        70, F0, 78, F8, 80",
    "E4M3,        78, F8, 7C, FC, 80",
    "E4M3FN,      7F, FF, 7F, FF, 80",
    "E4M3FNUZ,    80, 80, 80, 80, 00",
    "E4M3B11FNUZ, 80, 80, 80, 80, 00",
    "E5M2,        7C, FC, 7E, FE, 80",
    "E5M2FNUZ,    80, 80, 80, 80, 00",
    "E8M0,        FF, FF, FF, FF, FF",
    "E2M3,        1F, 3F, 1F, 1F, 20",
    "E3M2,        1F, 3F, 1F, 1F, 20",
    "E2M1,        7,  F,  7,  7,  8",
    "FP16,        7C00, FC00, 7E00, FE00, 8000",
    "BF16,        7F80, FF80, 7FC0, FFC0, 8000",
    "TF32,        7F800000, FF800000, 7FC00000, FFC00000, 80000000",
    "FP32,        7F800000, FF800000, 7FC00000, FFC00000, 80000000",
    "INT8,        7F, 80, 0, 0, 0",
    "INT8_FIXED6, 7F, 81, 0, 0, 0"
  })
  void specialNumbers(
      String name, String inf, String negInf, String nan, String negNan, String negZero) {
    ElementFormat format = Formats.byName(name).element();
    for (Rounding rounding : Rounding.values()) {
      for (int randomBits : new int[] {0, 0x8000_0000, -1}) {
        assertEquals(
            code(inf), format.encode(Float.POSITIVE_INFINITY, rounding, Overflow.IEEE, randomBits));
        assertEquals(
            code(negInf),
            format.encode(Float.NEGATIVE_INFINITY, rounding, Overflow.IEEE, randomBits));
        for (int payload : new int[] {0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0x7FBF_FFFF}) {
          for (Overflow overflow : Overflow.values()) {
            assertEquals(
                code(nan),
                format.encode(Float.intBitsToFloat(payload), rounding, overflow, randomBits));
            assertEquals(
                code(negNan),
                format.encode(
                    Float.intBitsToFloat(payload | 0x8000_0000), rounding, overflow, randomBits));
          }
        }
        assertEquals(code(negZero), format.encode(-0.0f, rounding, Overflow.IEEE, randomBits));
      }
    }
    FormatChecks.count(9 * 19);
  }

  /** E2M1's ties, by ml_dtypes and compressed-tensors. */
  @ParameterizedTest
  @CsvSource({
    "0.25, 0",
    "0.75, 2",
    "1.25, 2",
    "1.75, 4",
    "2.5, 4",
    "3.5, 6",
    "5, 6",
    "0.2500001, 1",
    "0.7499999, 1",
    "1.2500001, 3",
    "1.7499999, 3",
    "2.5000002, 5",
    "3.4999998, 5",
    "5.0000005, 7"
  })
  void fp4Ties(float value, int code) {
    assertEquals(code, Formats.E2M1.encode(value, Overflow.SATURATE));
    assertEquals(8 | code, Formats.E2M1.encode(-value, Overflow.SATURATE));
    FormatChecks.count(2);
  }

  /** E8M0's cast, by ml_dtypes: ties go up, and so does everything between 2^-127 and 2^-126. */
  @ParameterizedTest
  @CsvSource({
    "1.4999999, 7F",
    "1.5, 80",
    "0x1.4p127, FE",
    "0x1p-127, 00",
    "0x1p-149, 00",
    "0x1.000004p-127, 01",
    "0x1.4p-127, 01",
    "0x1p-126, 01",
    "0x1.7ffffep-126, 01",
    "0x1.8p-126, 02",
    "-1, FF",
    "0, FF",
    "Infinity, FF",
    "NaN, FF"
  })
  void e8m0(float value, String code) {
    assertEquals(code(code), Formats.E8M0.encode(value, Overflow.IEEE));
    FormatChecks.count(1);
  }

  /**
   * 1 + 2^-4 + 2^-40 lies above a tie of E4M3FN; FP32, the input type, has rounded it to the tie.
   */
  @Test
  void inputsAreFp32() {
    assertEquals(0x38, Formats.E4M3FN.encode((float) (1 + 0x1p-4 + 0x1p-40), Overflow.IEEE));
    assertEquals(0x39, Formats.E4M3FN.encode(Math.nextUp(1.0625f), Overflow.IEEE));
    FormatChecks.count(2);
  }

  @Test
  void e4m3AndE4m3fnShareTheirCodesUpTo240() {
    for (int i = 0; i < 65_536; i++) {
      float value = Float.intBitsToFloat(i << 16);
      if (Math.abs(value) <= 240) {
        assertEquals(
            Formats.E4M3.encode(value, Overflow.IEEE), Formats.E4M3FN.encode(value, Overflow.IEEE));
        FormatChecks.count(1);
      }
    }
  }

  @Test
  void e5m2IsTheUpperByteOfHalfPrecision() {
    for (int code = 0; code < 256; code++) {
      float expected = Float.float16ToFloat((short) (code << 8));
      float actual = Formats.E5M2.decode(code);
      assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(actual));
    }
    FormatChecks.count(256);
  }

  /** AWS's rescaling of E4M3FN weights to a largest value of 240: divide by 448/240, cast again. */
  @Test
  void trainiumCheckpointRescale() {
    int[] first = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8};
    CRC32 crc = new CRC32();
    for (int code = 0; code <= 0x7E; code++) {
      float quotient = Formats.E4M3FN.decode(code) / (448f / 240f);
      float inBf16 = Formats.BF16.decode(Formats.BF16.encode(quotient, Overflow.IEEE));
      int rescaled = Formats.E4M3FN.encode(quotient, Overflow.IEEE);
      assertEquals(code < 16 ? first[code] : code - 7, rescaled);
      assertEquals(rescaled, Formats.E4M3FN.encode(inBf16, Overflow.IEEE));
      crc.update(rescaled);
    }
    assertEquals("2e47db96", "%08x".formatted(crc.getValue()));
    FormatChecks.count(2 * 127);
  }

  private static int code(String hex) {
    return Integer.parseUnsignedInt(hex, 16);
  }
}
