package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks quantized as {@link BlockScaling} says, against worked examples. */
@ExtendWith(FormatChecks.class)
class BlockScalingTest {

  private static final float[] WORKED = {
    500,
    -448,
    448,
    464,
    480,
    -496,
    256,
    255,
    240,
    248,
    1,
    0.5f,
    -0.0009765625f,
    0,
    -0.0f,
    3.140625f,
    100,
    33,
    17,
    1.0625f,
    1.1875f,
    2.5f,
    -7,
    12.375f,
    -300,
    0.03125f,
    0.0078125f,
    -0.00390625f,
    6,
    5,
    -15.5f,
    0.001953125f
  };

  /** One block by the golden algorithm of AWS's quantize_mx with the casts of ml_dtypes. */
  @ParameterizedTest
  @CsvSource({
    "MXFP8_E4M3, OCP_FLOOR, 7F, 7e fe 7e 7e 7e fe 78 78 77 78 38 30 80 00 80 45"
        + " 6c 60 58 38 3a 42 ce 54 f9 10 04 82 4c 4a d8 01",
    "MXFP8_E4M3, TRAINIUM,  80, 78 f6 76 76 77 f8 70 70 6f 70 30 28 80 00 80 3d"
        + " 64 58 50 30 32 3a c6 4c f1 08 02 81 44 42 d0 00",
    "MXFP8_E5M2, OCP_FLOOR, 78, 7b fb 7b 7b 7b fb 78 78 78 78 58 54 b0 00 80 5e"
        + " 72 6c 68 58 59 5d e3 66 f9 44 3c b8 62 61 e8 34",
    "MXFP4,      OCP_FLOOR, 85, 07 0f 07 07 07 0f 06 06 06 06 00 00 08 00 08 00"
        + " 03 01 01 00 00 00 08 00 0e 00 00 08 00 00 08 00"
  })
  void workedBlock(String name, ScaleRule rule, String scale, String codes) {
    BlockFormat format = (BlockFormat) Formats.byName(name);
    float amax = amax(WORKED);
    assertEquals(500, amax);
    int code = BlockScaling.scaleCode(format, rule, amax, 1);
    assertEquals(Vectors.hex(scale), code);
    assertEquals(codes, hex(encode(format, WORKED, code, 1), "%02x", " "));
    FormatChecks.count(33);
  }

  /** torchao's nvfp4_quantize, evaluated in NumPy with the casts of ml_dtypes. */
  @Test
  void nvfp4AsTorchao() {
    float tensorScale = Float.NaN;
    int blocks = 0;
    for (List<String> words : Vectors.read("nvfp4.txt")) {
      if (words.get(0).equals("tensor")) {
        tensorScale = BlockScaling.tensorScale(Formats.NVFP4, Vectors.fp32(words.get(1)));
        assertEquals(Vectors.hex(words.get(2)), Float.floatToRawIntBits(tensorScale));
        continue;
      }
      float[] values = new float[16];
      for (int i = 0; i < 16; i++) {
        values[i] = Vectors.fp32(words.get(2 + i));
      }
      int code =
          BlockScaling.scaleCode(Formats.NVFP4, ScaleRule.OCP_FLOOR, amax(values), tensorScale);
      assertEquals(Vectors.hex(words.get(1)), code, () -> "scale of " + words);
      assertEquals(
          words.get(18),
          hex(encode(Formats.NVFP4, values, code, tensorScale), "%x", ""),
          () -> "codes of " + words);
      blocks++;
    }
    assertEquals(18, blocks);
    FormatChecks.count(17L * blocks + 4);
  }

  /**
   * NVFP4 by hand: a tensor with amax 2688 = 448 * 6 has T = 1, so that block scales are amax / 6
   * in E4M3FN.
   */
  @ParameterizedTest
  @CsvSource({
    "2688, 7E", // 448
    "6,    38", // 1
    "12,   40", // 2
    "6.75, 39", // 1.125
    "6.375,38", // 1.0625, a tie: to even
    "0.1,  09", // 0.01667, above the midpoint 0.0166 of 8 and 9 * 2^-9
    "0.05, 08", // 0.0083 is below the least scale, 2^-6
    "0,    08"
  })
  void nvfp4ScalesByHand(float amax, String code) {
    float tensorScale = BlockScaling.tensorScale(Formats.NVFP4, 2688);
    assertEquals(1.0f, tensorScale);
    assertEquals(
        Vectors.hex(code),
        BlockScaling.scaleCode(Formats.NVFP4, ScaleRule.OCP_FLOOR, amax, tensorScale));
    FormatChecks.count(2);
  }

  @Test
  void tensorScaleOfOtherFormatsIsOne() {
    for (BlockFormat format : Formats.blocks()) {
      if (!format.tensorScale()) {
        assertEquals(1.0f, BlockScaling.tensorScale(format, 12345));
      }
    }
  }

  @Test
  void tensorScaleOfTinyTensorsKeepsItsReciprocalFinite() {
    assertEquals(0x1p-120f, BlockScaling.tensorScale(Formats.NVFP4, 0));
    assertEquals(0x1p-120f, BlockScaling.tensorScale(Formats.NVFP4, Float.MIN_VALUE));
    assertEquals(Float.MAX_VALUE / 2688, BlockScaling.tensorScale(Formats.NVFP4, Float.MAX_VALUE));
    float factor = BlockScaling.factor(Formats.NVFP4, 0x08, 0x1p-120f);
    assertEquals(0x1p126f, factor);
    FormatChecks.count(4);
  }

  /** FP32 scales: amax / max, as DeepSeek and compressed-tensors store them. */
  @ParameterizedTest
  @CsvSource({
    "E4M3FN_ROW,    448,      1",
    "E4M3FN_1X128,  896,      2",
    "E4M3FN_128X128, 1,       0x1.24924ap-9", // 1 / 448 = 0x1.249249249...p-9
    "E5M2_ROW,      57344,    1",
    "E4M3_ROW,      240,      1",
    "E4M3_ROW,      448,      0x1.dddddep0", // 448 / 240
    "INT8_ROW,      127,      1",
    "INT8_1X32,     254,      2",
    "E4M3FN_TENSOR, 0,        1",
    "E4M3FN_TENSOR, 0x1p-149, 0x1p-126",
    "E4M3FN_TENSOR, 0x1p-118, 0x1p-126",
    "INT8_ROW,      0x1p-120, 0x1p-126"
  })
  void fp32Scale(String name, float amax, float scale) {
    BlockFormat format = (BlockFormat) Formats.byName(name);
    int code = BlockScaling.scaleCode(format, ScaleRule.OCP_FLOOR, amax, 1);
    assertEquals(scale, Float.intBitsToFloat(code));
    assertTrue(BlockScaling.divides(format));
    assertEquals(scale, BlockScaling.factor(format, code, 1));
    FormatChecks.count(2);
  }

  @Test
  void powerOfTwoFactorsAreExactReciprocals() {
    for (int code = 0; code < 255; code++) {
      float factor = BlockScaling.factor(Formats.MXFP4, code, 1);
      assertEquals(1.0, (double) factor * Formats.E8M0.decode(code), "scale code " + code);
    }
    assertFalse(BlockScaling.divides(Formats.MXFP4));
    FormatChecks.count(255);
  }

  /** In every format: NaN and infinity make the block NaN, zeros and the tiniest stay finite. */
  @Test
  void edgeBlocks() {
    for (BlockFormat format : Formats.blocks()) {
      for (float amax : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        int code = BlockScaling.scaleCode(format, ScaleRule.OCP_FLOOR, amax, 1);
        assertTrue(Float.isNaN(format.scale().decode(code)), format + " " + amax);
        assertTrue(Float.isNaN(BlockScaling.factor(format, code, 1)), format + " " + amax);
        int[] codes = encode(format, new float[] {1, -2, amax, 0}, code, 1);
        for (int element : codes) {
          float product = format.element().decode(element) * format.scale().decode(code);
          assertTrue(Float.isNaN(product), format + " " + amax);
        }
      }
      for (float amax : new float[] {0, Float.MIN_VALUE, 0x1p-140f, Float.MIN_NORMAL}) {
        float tensorScale = BlockScaling.tensorScale(format, amax);
        int code = BlockScaling.scaleCode(format, ScaleRule.TRAINIUM, amax, tensorScale);
        float scale = format.scale().decode(code);
        assertTrue(scale > 0 && scale < Float.POSITIVE_INFINITY, format + " " + amax);
        int[] codes = encode(format, new float[] {amax, -amax, 0}, code, tensorScale);
        for (int element : codes) {
          float value = format.element().decode(element) * (scale * tensorScale);
          assertTrue(Math.abs(value) <= 2 * amax, format + " " + amax + " became " + value);
        }
        assertEquals(0, format.element().decode(codes[2]));
      }
      for (ScaleRule rule : ScaleRule.values()) {
        float tensorScale = BlockScaling.tensorScale(format, Float.MAX_VALUE);
        int code = BlockScaling.scaleCode(format, rule, Float.MAX_VALUE, tensorScale);
        int element = encode(format, new float[] {Float.MAX_VALUE}, code, tensorScale)[0];
        float scale = format.scale().decode(code) * tensorScale;
        double value = (double) format.element().decode(element) * scale;
        assertEquals(1, value / Float.MAX_VALUE, 0.34, format + " " + rule);
      }
    }
    FormatChecks.count(Formats.blocks().size() * (2 * 6 + 4 * 5 + 6L));
  }

  /** What subnormal numbers become under the least scale, 2^-127: 2^127 times themselves. */
  @Test
  void subnormalBlock() {
    float[] values = {0x1p-127f, 0x1.8p-126f, -0x1p-128f, 0x1p-149f};
    int code = BlockScaling.scaleCode(Formats.MXFP4, ScaleRule.OCP_FLOOR, amax(values), 1);
    assertEquals(0, code);
    // 1, 3, -0.5 and 2^-22 in units of 2^-127
    assertEquals("2 5 9 0", hex(encode(Formats.MXFP4, values, code, 1), "%x", " "));
    FormatChecks.count(5);
  }

  private static int[] encode(
      BlockFormat format, float[] values, int scaleCode, float tensorScale) {
    float factor = BlockScaling.factor(format, scaleCode, tensorScale);
    int[] codes = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      float scaled = BlockScaling.divides(format) ? values[i] / factor : values[i] * factor;
      codes[i] = format.element().encode(scaled, Overflow.SATURATE);
    }
    return codes;
  }

  private static float amax(float[] values) {
    float amax = 0;
    for (float value : values) {
      amax = Math.max(amax, Math.abs(value));
    }
    return amax;
  }

  private static String hex(int[] codes, String format, String separator) {
    List<String> words = new ArrayList<>();
    Arrays.stream(codes).forEach(code -> words.add(format.formatted(code)));
    return words.stream().collect(Collectors.joining(separator));
  }
}
