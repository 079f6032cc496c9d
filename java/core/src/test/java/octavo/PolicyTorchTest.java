package octavo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Policy#TORCH} against libtorch, the codes of NaN included. */
class PolicyTorchTest {

  private static final Map<FloatFormat, String> DTYPES =
      Map.of(
          Formats.E4M3FN, "float8_e4m3fn",
          Formats.E5M2, "float8_e5m2",
          Formats.E4M3FNUZ, "float8_e4m3fnuz",
          Formats.E5M2FNUZ, "float8_e5m2fnuz",
          Formats.E8M0, "float8_e8m0fnu",
          Formats.BF16, "bfloat16",
          Formats.FP16, "float16");

  private static Torch torch;

  @BeforeAll
  static void load() {
    torch = new Torch();
  }

  static Stream<FloatFormat> formats() {
    return Policy.TORCH.castFormats().stream().map(FloatFormat.class::cast);
  }

  private static int[] cast(FloatFormat format, float[] values) {
    return torch.cast(DTYPES.get(format), format.bits() / 8, values);
  }

  @Test
  void everyTypeIsCompared() {
    assertEquals(DTYPES.keySet(), java.util.Set.copyOf(formats().toList()));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyNumberIsCastAlike(FloatFormat format) {
    for (float[] values :
        List.of(PolicyInputs.everyBf16(), PolicyInputs.everyFp16(), PolicyInputs.fp32(format))) {
      int[] theirs = cast(format, values);
      for (int i = 0; i < values.length; i++) {
        int ours = Policy.TORCH.encode(format, values[i]);
        if (ours != theirs[i]) {
          assertEquals(
              theirs[i],
              ours,
              "%s of %s (%08x)".formatted(format, values[i], Float.floatToRawIntBits(values[i])));
        }
      }
    }
  }

  /**
   * torchao's to_mx in its mode FLOOR, in the same steps, with the casts made by libtorch. torchao
   * clamps before E5M2, whose cast does not saturate.
   */
  @Test
  void blocksAreThoseOfTorchaoWithItsCasts() {
    for (BlockFormat format : new BlockFormat[] {Formats.MXFP8_E4M3, Formats.MXFP8_E5M2}) {
      FloatFormat element = (FloatFormat) format.element();
      float[][] blocks = PolicyInputs.blocks(20_000, 32);
      float[] scaled = new float[blocks.length * 32];
      int[] scales = new int[blocks.length];
      for (int b = 0; b < blocks.length; b++) {
        float amax = 0;
        for (float value : blocks[b]) {
          amax = Math.max(amax, Math.abs(value));
        }
        int exponent = (Float.floatToRawIntBits(amax) >>> 23) - 127 - element.maxExponent();
        scales[b] = Float.isFinite(amax) ? Math.clamp(exponent, -127, 128) + 127 : 255;
        float reciprocal =
            scales[b] == 255
                ? Float.NaN
                : scales[b] == 254 ? 0x1p-127f : Float.intBitsToFloat((254 - scales[b]) << 23);
        for (int k = 0; k < 32; k++) {
          float product = blocks[b][k] * reciprocal;
          scaled[b * 32 + k] =
              element.equals(Formats.E5M2) && !Float.isNaN(product)
                  ? Math.clamp(product, -57344f, 57344f)
                  : product;
        }
      }
      int[] codes = cast(element, scaled);
      int[] ours = new int[32];
      int nan = 0;
      for (int b = 0; b < blocks.length; b++) {
        assertEquals(scales[b], Policy.TORCH.quantizeBlock(format, blocks[b], ours));
        nan += scales[b] == 255 ? 1 : 0;
        for (int k = 0; k < 32 && scales[b] != 255; k++) {
          assertEquals(codes[b * 32 + k], ours[k], format + " block " + b + " element " + k);
        }
      }
      assertTrue(nan > 100, "blocks with NaN or infinity: " + nan);
    }
  }
}
