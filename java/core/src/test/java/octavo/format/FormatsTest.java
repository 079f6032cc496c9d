package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The lists of formats, and descriptions that are no format. */
class FormatsTest {

  @Test
  void namesAreUniqueAndFindTheirFormat() {
    Set<String> names = new HashSet<>();
    for (Format format : Formats.all()) {
      assertTrue(names.add(format.name()), format.name());
      assertEquals(format, Formats.byName(format.name()));
      assertEquals(format, Formats.byName(format.name().toLowerCase(java.util.Locale.ROOT)));
      assertEquals(format.name(), format.toString());
    }
    assertEquals(Formats.elements().size() + Formats.blocks().size(), names.size());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Formats.byName("E9M9"));
    assertTrue(
        e.getMessage().startsWith("no format is called 'E9M9'; the formats are [FP32, TF32, "));
    assertTrue(e.getMessage().contains("NVFP4"));
  }

  @Test
  void everyTableOfTheTestsHasAFormat() {
    for (Specification specification : Specification.all()) {
      assertEquals(specification.name(), Formats.byName(specification.name()).name());
    }
  }

  @Test
  void scaledFormatsAreNamedAfterTheirParts() {
    assertEquals(Formats.E4M3FN_1X128, Formats.scaled(Formats.E4M3FN, 1, 128));
    assertEquals(Formats.E4M3FN_TENSOR, Formats.scaled(Formats.E4M3FN, 0, 0));
    assertEquals(Formats.INT8_ROW, Formats.scaled(Formats.INT8, 1, BlockFormat.WHOLE));
    assertEquals("E5M2_64X32", Formats.scaled(Formats.E5M2, 64, 32).name());
  }

  @Test
  void codesTakeTheirStorage() {
    assertEquals(4, Formats.E2M1.storageBits());
    assertEquals(8, Formats.E2M3.storageBits());
    assertEquals(8, Formats.E8M0.storageBits());
    assertEquals(16, Formats.BF16.storageBits());
    assertEquals(32, Formats.TF32.storageBits());
  }

  @Test
  void numbersOfScales() {
    assertEquals(3, Formats.E4M3FN_128X128.scaleRows(257));
    assertEquals(2, Formats.E4M3FN_128X128.scaleColumns(129));
    assertEquals(1, Formats.E4M3FN_TENSOR.scaleRows(257));
    assertEquals(257, Formats.E4M3FN_ROW.scaleRows(257));
    assertEquals(1, Formats.E4M3FN_ROW.scaleColumns(257));
    assertEquals(1L << 38, Formats.MXFP4.scaleColumns(1L << 43));
  }

  @Test
  void contradictoryFloatFormatsAreRefused() {
    refused("float format X: bits must be 1 to 32, not 33", 33, 8, 23, 127, true, NanCodes.IEEE);
    refused("float format X: the fields take 9 bits of 8", 8, 5, 3, 15, true, NanCodes.IEEE);
    refused(
        "float format X: FP32 holds exponents of 1 to 8 bits", 16, 9, 3, 15, true, NanCodes.IEEE);
    refused("float format X: FP32 holds 23 mantissa bits", 32, 5, 24, 15, true, NanCodes.IEEE);
    refused(
        "float format X: values from 2^-201 to 2^-169 are not all exact in FP32",
        8,
        5,
        2,
        200,
        true,
        NanCodes.NONE);
    refused(
        "float format X: values from 2^-149 to 2^128 are not all exact in FP32",
        32,
        8,
        23,
        127,
        true,
        NanCodes.NONE);
    refused(
        "float format X: only pure scales lack the sign, and they lack subnormals",
        8,
        4,
        3,
        7,
        false,
        NanCodes.NONE);
    Executable infinity =
        () -> new FloatFormat("X", 8, 4, 3, 7, true, true, NanCodes.ALL_ONES, true, true);
    assertEquals(
        "float format X: infinity goes with IEEE NaN codes",
        assertThrows(IllegalArgumentException.class, infinity).getMessage());
    Executable zero =
        () -> new FloatFormat("X", 8, 4, 3, 8, true, false, NanCodes.NEGATIVE_ZERO, true, true);
    assertEquals(
        "float format X: negative zero and its NaN share a code",
        assertThrows(IllegalArgumentException.class, zero).getMessage());
    Executable mantissa =
        () -> new FloatFormat("X", 8, 4, 3, 7, false, false, NanCodes.NONE, false, false);
    assertEquals(
        "float format X: an unsigned format is a pure power of two",
        assertThrows(IllegalArgumentException.class, mantissa).getMessage());
  }

  private static void refused(
      String message,
      int bits,
      int exponent,
      int mantissa,
      int bias,
      boolean signed,
      NanCodes nan) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new FloatFormat(
                    "X",
                    bits,
                    exponent,
                    mantissa,
                    bias,
                    signed,
                    nan == NanCodes.IEEE,
                    nan,
                    true,
                    true));
    assertEquals(message, e.getMessage());
  }

  @Test
  void missingCodesAreRefused() {
    assertEquals(
        "E2M1 has no NaN",
        assertThrows(UnsupportedOperationException.class, () -> Formats.E2M1.nanCode(false))
            .getMessage());
    assertEquals(
        "E4M3FN has no infinity",
        assertThrows(UnsupportedOperationException.class, () -> Formats.E4M3FN.infinityCode(true))
            .getMessage());
  }

  @Test
  void impossibleBlocksAndIntegersAreRefused() {
    for (int[] block : new int[][] {{-1, 32}, {1, -1}, {0, 32}, {128, 0}}) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> Formats.scaled(Formats.E4M3FN, block[0], block[1]));
      assertTrue(
          e.getMessage()
              .endsWith(
                  "a block of %d x %d; both dimensions positive, 1 x WHOLE or WHOLE x WHOLE"
                      .formatted(block[0], block[1])),
          e.getMessage());
    }
    assertEquals(
        "block format X: scales in BF16; they are in E8M0, E4M3FN or FP32",
        assertThrows(
                IllegalArgumentException.class,
                () -> new BlockFormat("X", Formats.E2M1, 1, 32, Formats.BF16, false))
            .getMessage());
    assertEquals(
        "integer format X: 9 bits with 0 after the point; 2 to 8 bits and a point inside",
        assertThrows(IllegalArgumentException.class, () -> new IntegerFormat("X", 9, 0, false))
            .getMessage());
    assertEquals(
        "integer format X: 4 bits with 4 after the point; 2 to 8 bits and a point inside",
        assertThrows(IllegalArgumentException.class, () -> new IntegerFormat("X", 4, 4, false))
            .getMessage());
  }
}
