package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Against blocks and checksums computed with AWS's published algorithm and ml_dtypes, not with
 * ours.
 */
class QuantizeMxTest {

  /** A group of 32 numbers with overflows, ties, zeros of both signs and elements that vanish. */
  private static final String BLOCK =
      "43fa c3e0 43e0 43e8 43f0 c3f8 4380 437f 4370 4378 3f80 3f00 ba80 0000 8000 4049"
          + " 42c8 4204 4188 3f88 3f98 4020 c0e0 4146 c396 3d00 3c00 bb80 40c0 40a0 c178 3b00";

  /** The order of the expectations below. */
  private static final EdgeBlocks[] MODES = {
    EdgeBlocks.DOCUMENTED, EdgeBlocks.NUMPY_GOLDEN, EdgeBlocks.NKILIB_GOLDEN, EdgeBlocks.NXD_GOLDEN
  };

  private static final MxQuantizer QUANTIZER = MxQuantizer.ofDefaults();

  /** {@return a tile of 32 partitions whose groups all hold a group's codes} */
  private static Tensor source(Format format, int[] codes) {
    Tensor tile = Tensor.allocateHeap(format, 32, 4);
    for (int p = 0; p < 32; p++) {
      for (int c = 0; c < 4; c++) {
        tile.setCode(codes[p % 8 * 4 + c], p, c);
      }
    }
    return tile;
  }

  private static int[] bf16(String hexadecimal) {
    return Arrays.stream(hexadecimal.split(" "))
        .mapToInt(code -> Integer.parseInt(code, 16))
        .toArray();
  }

  private static int[] bf16(float... values) {
    int[] codes = new int[32];
    for (int i = 0; i < values.length; i++) {
      codes[i] = Float.floatToRawIntBits(values[i]) >>> 16;
      assertTrue(
          Float.isNaN(values[i]) || Float.intBitsToFloat(codes[i] << 16) == values[i],
          "exact in BF16");
    }
    return codes;
  }

  private static MxTile quantize(Tensor source, ElementFormat element, MxQuantization how) {
    MxTile tile = MxTile.allocate(Arena.ofAuto(), element, 32, 1);
    QUANTIZER.quantize(source, tile, how);
    return tile;
  }

  private static String codes(MxTile tile, int group) {
    byte[] codes = new byte[32];
    for (int i = 0; i < 32; i++) {
      codes[i] = (byte) tile.data().code(8 * group + i / 4, 0, i % 4);
    }
    return HexFormat.ofDelimiter(" ").formatHex(codes);
  }

  @ParameterizedTest
  @CsvSource({
    "E4M3FN, OCP_FLOOR, 7f, 7e fe 7e 7e 7e fe 78 78 77 78 38 30 80 00 80 45"
        + " 6c 60 58 38 3a 42 ce 54 f9 10 04 82 4c 4a d8 01",
    "E4M3FN, TRAINIUM, 80, 78 f6 76 76 77 f8 70 70 6f 70 30 28 80 00 80 3d"
        + " 64 58 50 30 32 3a c6 4c f1 08 02 81 44 42 d0 00",
    "E5M2, OCP_FLOOR, 78, 7b fb 7b 7b 7b fb 78 78 78 78 58 54 b0 00 80 5e"
        + " 72 6c 68 58 59 5d e3 66 f9 44 3c b8 62 61 e8 34",
    "E2M1, OCP_FLOOR, 85, 07 0f 07 07 07 0f 06 06 06 06 00 00 08 00 08 00"
        + " 03 01 01 00 00 00 08 00 0e 00 00 08 00 00 08 00"
  })
  void workedBlock(String element, ScaleRule rule, String scale, String codes) {
    for (EdgeBlocks edges : EdgeBlocks.values()) {
      MxTile tile =
          quantize(
              source(Formats.BF16, bf16(BLOCK)),
              (ElementFormat) Formats.byName(element),
              new MxQuantization(rule, edges));
      for (int group = 0; group < 4; group++) {
        assertEquals(codes, codes(tile, group), edges.name());
        assertEquals(Integer.parseInt(scale, 16), tile.scales().code(0, group, 0));
      }
    }
  }

  /** Every finite BF16 amax, the scale bytes' checksum, and the largest of them. */
  @ParameterizedTest
  @CsvSource({
    "E4M3FN, OCP_FLOOR, 0bd87fcc, 246",
    "E4M3FN, TRAINIUM, 635ecace, 247",
    "E5M2, OCP_FLOOR, , 239",
    "E5M2, TRAINIUM, , 240"
  })
  void scaleOfEveryAmax(String element, ScaleRule rule, String crc, int largest) {
    int amaxes = 0x7F80;
    Tensor source = Tensor.allocateHeap(Formats.BF16, 32, amaxes);
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    for (int amax = 0; amax < amaxes; amax++) {
      // Group g of four free elements: its numbers anywhere in 8 partitions by 4, with any sign.
      int partition = amax % 4 * 8 + random.nextInt(8);
      int column = amax / 4 * 4 + random.nextInt(4);
      source.setCode(amax | (random.nextBoolean() ? 0x8000 : 0), partition, column);
    }
    MxTile tile =
        MxTile.allocate(Arena.ofAuto(), (ElementFormat) Formats.byName(element), 32, amaxes / 4);
    Nisa.on(NeuronCore.V4)
        .quantizeMx(tile, source, new MxQuantization(rule, EdgeBlocks.DOCUMENTED));

    byte[] scales = new byte[amaxes];
    int found = 0;
    for (int amax = 0; amax < amaxes; amax++) {
      int code = tile.scales().code(0, amax % 4, amax / 4);
      scales[amax] = (byte) code;
      found = Math.max(found, code);
    }
    assertEquals(largest, found);
    if (crc != null) {
      CRC32 checksum = new CRC32();
      checksum.update(scales);
      assertEquals(Long.parseLong(crc, 16), checksum.getValue());
    }
  }

  /** 500 saturates by the OCP rule and becomes 512 by AWS's, as the block above shows in values. */
  @Test
  void theRulesDiffer() {
    Tensor source = source(Formats.BF16, bf16(BLOCK));
    assertEquals(448, quantize(source, Formats.E4M3FN, MxQuantization.OCP).get(0, 0, 0));
    assertEquals(512, quantize(source, Formats.E4M3FN, MxQuantization.NKI_0_5).get(0, 0, 0));
  }

  /** Scale bytes from the references' formulas, by hand; elements from the values. */
  @Test
  void zeros() {
    Tensor source = source(Formats.BF16, bf16(0, -0.0f));
    assertEdges(source, MxQuantization.OCP, new int[] {0, 0xF8, 0, 0xF9}, "00 80");
    assertEdges(source, MxQuantization.NKI_0_5, new int[] {0, 0xF9, 0, 0xFA}, "00 80");
  }

  @Test
  void tiny() {
    // 1.5 * 2^-124: exponent field 3.
    Tensor source = source(Formats.BF16, bf16(0x1.8p-124f, -0x1p-126f));
    int[] codes = {0, 256 + 3 - 8, 0, 256 + 3 - 8};
    int[][] elements = {
      {Formats.E4M3FN.encode(12, octavo.format.Overflow.IEEE), 0x80 | 0x40},
      {0x00, 0x80},
      {Formats.E4M3FN.encode(384, octavo.format.Overflow.IEEE), 0x80 | 0x68},
      {0x00, 0x80}
    };
    // Scaled by 2^127: 12 and -2; by the unlimited 2^132: 384 and -64.
    for (int i = 0; i < MODES.length; i++) {
      MxTile tile = quantize(source, Formats.E4M3FN, MxQuantization.OCP.withEdges(MODES[i]));
      assertEquals(codes[i], tile.scales().code(0, 1, 0), MODES[i].name());
      assertEquals(elements[i][0], tile.data().code(8, 0, 0), MODES[i].name());
      assertEquals(elements[i][1], tile.data().code(8, 0, 1), MODES[i].name());
    }
  }

  /** neuronx-distributed counts a zero as exponent field 1, more than a subnormal number's 0. */
  @Test
  void subnormal() {
    Tensor source = source(Formats.BF16, bf16(0x1p-130f));
    assertEdges(source, MxQuantization.OCP, new int[] {0, 0xF8, 0, 0xF9}, null);
  }

  @Test
  void infinity() {
    Tensor source =
        source(Formats.BF16, bf16(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1, 0x1p127f));
    assertEdges(source, MxQuantization.OCP, new int[] {0xFF, 247, 247, 247}, null);
    assertEdges(source, MxQuantization.NKI_0_5, new int[] {0xFF, 248, 248, 248}, null);
    for (EdgeBlocks edges :
        new EdgeBlocks[] {
          EdgeBlocks.NUMPY_GOLDEN, EdgeBlocks.NKILIB_GOLDEN, EdgeBlocks.NXD_GOLDEN
        }) {
      // 2^127 / 2^120 = 128, code 0x70.
      MxTile tile = quantize(source, Formats.E4M3FN, MxQuantization.OCP.withEdges(edges));
      assertTrue(codes(tile, 2).startsWith("7e fe 00 70"), edges.name());
    }
    MxTile documented = quantize(source, Formats.E4M3FN, MxQuantization.OCP);
    assertTrue(Float.isNaN(documented.get(3, 0, 3)));
  }

  @Test
  void notANumber() {
    Tensor source = source(Formats.BF16, bf16(Float.NaN, 3));
    assertEdges(source, MxQuantization.OCP, new int[] {0xFF, 247, 247, 247}, null);
    MxTile golden =
        quantize(source, Formats.E4M3FN, MxQuantization.OCP.withEdges(EdgeBlocks.NUMPY_GOLDEN));
    assertTrue(codes(golden, 3).startsWith("7f 00"));
    MxTile documented = quantize(source, Formats.E4M3FN, MxQuantization.OCP);
    assertTrue(Float.isNaN(documented.get(31, 0, 3)));
  }

  private static void assertEdges(
      Tensor source, MxQuantization how, int[] scales, String firstCodes) {
    for (int i = 0; i < MODES.length; i++) {
      MxTile tile = quantize(source, Formats.E4M3FN, how.withEdges(MODES[i]));
      for (int group = 0; group < 4; group++) {
        assertEquals(scales[i], tile.scales().code(0, group, 0), how + " " + MODES[i]);
        if (firstCodes != null) {
          assertTrue(codes(tile, group).startsWith(firstCodes), MODES[i].name());
        }
      }
    }
  }

  /** All partitions, sources and both ranks, against the rule applied to each group. */
  @Test
  void groupsAreEightPartitionsByFour() {
    RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    Nisa nisa = Nisa.on(NeuronCore.V4);
    for (Format format : new Format[] {Formats.BF16, Formats.FP16}) {
      for (int partitions = 32; partitions <= 128; partitions += 32) {
        for (int free : new int[] {1, 5, 64}) {
          Tensor source = Tensor.allocateHeap(format, partitions, 4L * free);
          for (int p = 0; p < partitions; p++) {
            for (int c = 0; c < 4 * free; c++) {
              float value = (float) Math.scalb(random.nextGaussian(), random.nextInt(20) - 10);
              source.setCode(source.element().encode(value, octavo.format.Overflow.SATURATE), p, c);
            }
          }
          MxTile tile = MxTile.allocate(Arena.ofAuto(), Formats.E5M2, partitions, free);
          nisa.quantizeMx(tile, source);
          MxTile same = MxTile.allocate(Arena.ofAuto(), Formats.E5M2, partitions, free);
          nisa.quantizeMx(same, source.reshape(partitions, free, 4));
          assertEquals(-1, tile.data().data().mismatch(same.data().data()));

          for (int g = 0; g < partitions / 8; g++) {
            for (int f = 0; f < free; f++) {
              float amax = 0;
              for (int i = 0; i < 32; i++) {
                amax = Math.max(amax, Math.abs(source.get(8 * g + i / 4, 4 * f + i % 4)));
              }
              int exponent = Math.getExponent(amax) - 14;
              assertEquals(exponent + 127, tile.scales().code(g / 4, g % 4, f));
              for (int i = 0; i < 32; i++) {
                float scaled = Math.scalb(source.get(8 * g + i / 4, 4 * f + i % 4), -exponent);
                assertEquals(
                    Formats.E5M2.encode(scaled, octavo.format.Overflow.SATURATE),
                    tile.data().code(8 * g + i / 4, f, i % 4));
              }
            }
          }
        }
      }
    }
  }

  @Test
  void beyondTheInstruction() {
    Tensor fp32 = Tensor.allocateHeap(Formats.FP32, 160, 8);
    fp32.setCode(Float.floatToRawIntBits(1 + 0x1p-20f), 159, 7);
    MxTile tile = MxTile.allocate(Arena.ofAuto(), Formats.E2M1, 160, 2);
    QUANTIZER.quantize(fp32, tile, MxQuantization.OCP);
    assertEquals(1, tile.get(159, 1, 3));
    assertEquals(125, tile.scales().code(4, 3, 1));

    Nisa nisa = Nisa.on(NeuronCore.V4);
    NeuronCoreTest.assertRefused(
        "float16 and bfloat16",
        () ->
            nisa.quantizeMx(
                MxTile.allocate(Arena.ofAuto(), Formats.E5M2, 32, 2),
                Tensor.allocateHeap(Formats.FP32, 32, 8)));
    NeuronCoreTest.assertRefused(
        "gives FP8",
        () ->
            nisa.quantizeMx(
                MxTile.allocate(Arena.ofAuto(), Formats.E2M1, 32, 2),
                Tensor.allocateHeap(Formats.BF16, 32, 8)));
    NeuronCoreTest.assertRefused(
        "documented are TRAINIUM and OCP_FLOOR",
        () -> new MxQuantization(ScaleRule.RCEIL, EdgeBlocks.DOCUMENTED));
  }

  /** The mean of many stochastic codes is the number itself. */
  @Test
  void stochastic() {
    Tensor source = Tensor.allocateHeap(Formats.BF16, 128, 4096);
    source.data().fill((byte) 0x3F); // 0x3F3F = 0.74609375 = 1.4921875 * 2^-1
    MxTile tile = MxTile.allocate(Arena.ofAuto(), Formats.E5M2, 128, 1024);
    QUANTIZER.quantize(source, tile, MxQuantization.NKI_0_5, Rounding.STOCHASTIC, 7);
    double mean = 0;
    for (int p = 0; p < 128; p++) {
      for (int f = 0; f < 1024; f++) {
        mean += tile.get(p, f, 0) / (128.0 * 1024);
      }
    }
    // Neighbours 0.625 and 0.75: one draw deviates by at most 0.0625.
    assertEquals(0.74609375, mean, 0.001);
  }

  @Test
  void scaleTilesMayBeShared() {
    Tensor scaleTile = Tensor.allocateHeap(Formats.E8M0, 128, 3);
    MxTile tile = MxTile.of(Tensor.allocateHeap(Formats.E4M3FN, 128, 3, 4), scaleTile, 8);
    Tensor source = Tensor.allocateHeap(Formats.BF16, 128, 12);
    source.data().fill((byte) 0x3F);
    Nisa.on(NeuronCore.V4).quantizeMx(tile, source);
    int[] written = new int[128];
    for (int p = 0; p < 128; p++) {
      written[p] = scaleTile.code(p, 2);
    }
    int[] expected = new int[128];
    for (int p : new int[] {8, 9, 10, 11, 40, 41, 42, 43, 72, 73, 74, 75, 104, 105, 106, 107}) {
      expected[p] = 126 - 7;
    }
    assertArrayEquals(expected, written);
  }
}
