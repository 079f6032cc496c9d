package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OrtException;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import octavo.Policy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Policy#ORT} against ONNX Runtime: what its codes decode to, all that it shows of them. */
class PolicyOnnxRuntimeTest {

  private static final Map<FloatFormat, OnnxRuntimeCast.Type> TYPES =
      Map.of(
          Formats.FP16, OnnxRuntimeCast.Type.FP16,
          Formats.BF16, OnnxRuntimeCast.Type.BF16,
          Formats.E4M3FN, OnnxRuntimeCast.Type.E4M3FN,
          Formats.E4M3FNUZ, OnnxRuntimeCast.Type.E4M3FNUZ,
          Formats.E5M2, OnnxRuntimeCast.Type.E5M2,
          Formats.E5M2FNUZ, OnnxRuntimeCast.Type.E5M2FNUZ,
          Formats.E8M0, OnnxRuntimeCast.Type.E8M0_UP);

  static Stream<FloatFormat> formats() {
    return Policy.ORT.castFormats().stream().map(FloatFormat.class::cast);
  }

  @Test
  void everyTypeIsCompared() {
    assertEquals(TYPES.keySet(), Set.copyOf(formats().toList()));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyNumberIsCastAlike(FloatFormat format) throws OrtException {
    int[] bits =
        IntStream.concat(
                IntStream.range(0, 1 << 16).map(code -> code << 16),
                IntStream.concat(
                    IntStream.range(0, 1 << 16)
                        .map(code -> Float.floatToRawIntBits(Float.float16ToFloat((short) code))),
                    new java.util.Random(1).ints(500_000)))
            .toArray();
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    OnnxRuntimeCast.Type type = TYPES.get(format);
    float[] theirs;
    try (var cast = new OnnxRuntimeCast(type, type.canSaturate())) {
      theirs = cast.cast(values);
    }
    for (int i = 0; i < values.length; i++) {
      float ours = format.decode(Policy.ORT.encode(format, values[i]));
      if (Float.compare(ours, theirs[i]) != 0) {
        assertEquals(theirs[i], ours, "%s of %s (%08x)".formatted(format, values[i], bits[i]));
      }
    }
  }
}
