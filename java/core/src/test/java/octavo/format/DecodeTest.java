package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every code of every element format stands for what its specification says. */
@ExtendWith(FormatChecks.class)
class DecodeTest {

  static List<FloatFormat> floatFormats() {
    return Formats.elements().stream()
        .filter(FloatFormat.class::isInstance)
        .map(FloatFormat.class::cast)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("floatFormats")
  void constantsAreThoseOfTheSpecification(FloatFormat format) {
    Specification specification = Specification.of(format);
    int padding = specification.padding();
    assertEquals(specification.exponentBits(), format.exponentBits());
    assertEquals(specification.mantissaBits(), format.mantissaBits());
    assertEquals(specification.bias(), format.bias());
    assertEquals(padding, format.paddingBits());
    assertEquals(specification.max(), format.maxFinite());
    assertEquals(specification.maxCode() << padding, format.maxFiniteCode());
    assertEquals(specification.minNormal(), format.minNormal());
    assertEquals(specification.minSubnormal(), format.minPositive());
    assertEquals(specification.max(), format.decode(specification.maxCode() << padding));
    assertEquals(
        specification.minNormal(), format.decode(specification.minNormalCode() << padding));
    assertEquals(
        specification.minSubnormal(), format.decode(specification.minSubnormalCode() << padding));
    assertEquals(!specification.infinities().isEmpty(), format.infinities());
    assertEquals(!specification.nans().isEmpty(), format.hasNan());
    int floorLog2 = (int) Math.floor(Math.log(specification.max()) / Math.log(2) + 1e-12);
    assertEquals(floorLog2, format.maxExponent());
    FormatChecks.count(13);
  }

  @ParameterizedTest
  @MethodSource("floatFormats")
  void everyCodeHasItsValue(FloatFormat format) {
    Specification specification = Specification.of(format);
    long codes = specification.codes();
    // FP32 is 2^32 codes; a prime step visits every exponent.
    long step = format.equals(Formats.FP32) ? 65_521 : 1;
    BigDecimal[] powers = powersOfTwo();
    long checks = 0;
    for (long c = 0; c < codes; c += step) {
      int code = (int) c;
      float value = format.decode(code << specification.padding());
      if (specification.isNan(code)) {
        boolean negative = (code & specification.signBit()) != 0;
        assertEquals(
            negative ? 0xFFC0_0000 : 0x7FC0_0000,
            Float.floatToRawIntBits(value),
            () -> "%s code %X is NaN".formatted(format, code));
        assertTrue(format.isNan(code << specification.padding()));
      } else if (specification.infinities().contains(code)) {
        boolean negative = specification.infinities().indexOf(code) == 1;
        assertEquals(negative ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY, value);
        assertFalse(format.isNan(code << specification.padding()));
      } else {
        BigDecimal expected = fieldFormula(specification, code, powers);
        boolean negative = (code & specification.signBit()) != 0;
        boolean equal =
            Float.isFinite(value)
                && expected.compareTo(new BigDecimal(value).abs()) == 0
                && (Float.floatToRawIntBits(value) < 0) == negative;
        if (!equal) {
          throw new AssertionError(
              "%s code %X decodes to %s; the specification says %s%s"
                  .formatted(format, code, value, negative ? "-" : "", expected));
        }
      }
      checks++;
    }
    FormatChecks.count(checks);
  }

  /**
   * The magnitude of a finite code: mantissa and exponent field as the format standards read them.
   */
  private static BigDecimal fieldFormula(
      Specification specification, int code, BigDecimal[] powers) {
    int m = specification.mantissaBits();
    int e = (code >>> m) & ((1 << specification.exponentBits()) - 1);
    int f = code & ((1 << m) - 1);
    if (specification.pureScale()) {
      return powers[OFFSET + e - specification.bias()];
    }
    return e == 0
        ? BigDecimal.valueOf(f).multiply(powers[OFFSET + 1 - specification.bias() - m])
        : BigDecimal.valueOf((1L << m) + f).multiply(powers[OFFSET + e - specification.bias() - m]);
  }

  private static final int OFFSET = 160;

  private static BigDecimal[] powersOfTwo() {
    BigDecimal[] powers = new BigDecimal[2 * OFFSET];
    for (int i = 0; i < powers.length; i++) {
      powers[i] =
          i < OFFSET ? new BigDecimal("0.5").pow(OFFSET - i) : new BigDecimal(2).pow(i - OFFSET);
    }
    return powers;
  }

  @ParameterizedTest
  @MethodSource("floatFormats")
  void bitsOutsideTheCodeAreIgnored(FloatFormat format) {
    if (format.bits() < 32) {
      for (int code = 0; code < 1 << format.bits(); code++) {
        int dirty = code | -1 << format.bits();
        assertEquals(bits(format.decode(code)), bits(format.decode(dirty)));
        assertEquals(format.isNan(code), format.isNan(dirty));
      }
      FormatChecks.count(2L << format.bits());
    }
    for (int padding = 1; padding < 1 << format.paddingBits(); padding++) {
      assertEquals(1.5f, format.decode(0x3FC0_0000 | padding));
      assertEquals(Float.POSITIVE_INFINITY, format.decode(0x7F80_0000 | padding));
      FormatChecks.count(2);
    }
  }

  @Test
  void halfPrecisionDecodesAsTheJdkDoes() {
    for (int code = 0; code < 65_536; code++) {
      float expected = Float.float16ToFloat((short) code);
      float actual = Formats.FP16.decode(code);
      assertEquals(Float.isNaN(expected), Float.isNaN(actual));
      if (!Float.isNaN(expected)) {
        assertEquals(bits(expected), bits(actual), "FP16 code " + Integer.toHexString(code));
      }
    }
    FormatChecks.count(65_536);
  }

  @Test
  void bf16IsTheUpperHalfOfFp32() {
    for (int code = 0; code < 65_536; code++) {
      float expected = Float.intBitsToFloat(code << 16);
      float actual = Formats.BF16.decode(code);
      assertTrue(
          Float.isNaN(expected) ? Float.isNaN(actual) : bits(expected) == bits(actual),
          "BF16 code " + Integer.toHexString(code));
    }
    FormatChecks.count(65_536);
  }

  @Test
  void integersAreTwosComplementWithAPoint() {
    for (int code = 0; code < 256; code++) {
      int signed = code < 128 ? code : code - 256;
      assertEquals((float) signed, Formats.INT8.decode(code));
      assertEquals(signed / 64.0f, Formats.INT8_FIXED6.decode(code));
      assertEquals((float) signed, Formats.INT8.decode(code | 0xABCD_EF00));
    }
    assertEquals(127.0f, Formats.INT8.maxFinite());
    assertEquals(1.984375f, Formats.INT8_FIXED6.maxFinite());
    assertEquals(0, Formats.INT8_FIXED6.maxExponent());
    assertFalse(Formats.INT8.hasNan());
    FormatChecks.count(3 * 256 + 4);
  }

  /**
   * CRC-32 of all decoded values as little-endian FP32 with every NaN as 7FC00000, by ml_dtypes
   * 0.5.4.
   */
  @ParameterizedTest
  @CsvSource({
    "E3M4,        6bff5c51",
    "E4M3,        9f892b8b",
    "E4M3FN,      2fdee9ac",
    "E5M2,        3d83fd11",
    "E2M3,        50f19834",
    "E3M2,        ce26bb00",
    "E2M1,        866770b6",
    "E8M0,        719979ba",
    "E4M3FNUZ,    f2dfa052",
    "E5M2FNUZ,    09c70b84",
    "E4M3B11FNUZ, b58a74fe"
  })
  void allCodesDecodeAsMlDtypesDoes(String name, String crc) {
    ElementFormat format = Formats.byName(name).element();
    ByteBuffer values = ByteBuffer.allocate(4 << format.bits()).order(ByteOrder.LITTLE_ENDIAN);
    for (int code = 0; code < 1 << format.bits(); code++) {
      values.putInt(Float.floatToIntBits(format.decode(code)));
    }
    CRC32 actual = new CRC32();
    actual.update(values.array());
    assertEquals(crc, "%08x".formatted(actual.getValue()), name);
    FormatChecks.count(1L << format.bits());
  }

  /** Single codes from the tables of the specifications and of AWS's own decoder. */
  @ParameterizedTest
  @CsvSource({
    "E5M2,   01, 0x1p-16",
    "E5M2,   40, 2",
    "E5M2,   7B, 57344",
    "E5M2,   7C, Infinity",
    "E4M3FN, 01, 0x1p-9",
    "E4M3FN, 07, 0x1.cp-7",
    "E4M3FN, 40, 2",
    "E4M3FN, 7E, 448",
    "E4M3FN, FE, -448",
    "E4M3,   77, 240",
    "E4M3,   78, Infinity",
    "E4M3,   F8, -Infinity",
    "E3M4,   6F, 15.5",
    "E3M4,   70, Infinity",
    "E3M4,   01, 0x1p-6",
    "E3M4,   10, 0.25",
    "E2M3,   1F, 7.5",
    "E3M2,   1F, 28",
    "E2M1,   0,  0",
    "E2M1,   1,  0.5",
    "E2M1,   2,  1",
    "E2M1,   3,  1.5",
    "E2M1,   4,  2",
    "E2M1,   5,  3",
    "E2M1,   6,  4",
    "E2M1,   7,  6",
    "E2M1,   8,  -0.0",
    "E2M1,   9,  -0.5",
    "E2M1,   F,  -6",
    "E8M0,   00, 0x1p-127",
    "E8M0,   7F, 1",
    "E8M0,   FE, 0x1p127",
    "E8M0,   FF, NaN",
    "INT8_FIXED6, 80, -2",
    "INT8_FIXED6, 01, 0.015625"
  })
  void publishedCode(String name, String code, String value) {
    float actual = Formats.byName(name).element().decode(Integer.parseInt(code, 16));
    assertEquals(Float.floatToIntBits(Float.parseFloat(value)), Float.floatToIntBits(actual));
    FormatChecks.count(1);
  }

  @Test
  void tablesHoldTheDecodedValues() {
    for (ElementFormat format : Formats.elements()) {
      if (format.bits() > 8) {
        IllegalArgumentException e =
            assertThrows(IllegalArgumentException.class, () -> DecodeTable.of(format));
        assertEquals(
            format + " has " + format.bits() + " bits; tables are for at most 8", e.getMessage());
        continue;
      }
      float[] table = DecodeTable.of(format);
      assertEquals(1 << format.bits(), table.length);
      for (int code = 0; code < table.length; code++) {
        assertEquals(bits(format.decode(code)), bits(table[code]));
      }
    }
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }
}
