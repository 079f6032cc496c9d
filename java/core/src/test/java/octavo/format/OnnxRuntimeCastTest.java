package octavo.format;

import static org.junit.jupiter.api.Assertions.fail;

import ai.onnxruntime.OrtException;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Our casts against those of ONNX Runtime, bit by bit. */
@ExtendWith(FormatChecks.class)
class OnnxRuntimeCastTest {

  static Stream<Arguments> casts() {
    return Stream.of(
        Arguments.of(OnnxRuntimeCast.Type.FP16, Formats.FP16, Overflow.IEEE),
        Arguments.of(OnnxRuntimeCast.Type.BF16, Formats.BF16, Overflow.IEEE),
        Arguments.of(OnnxRuntimeCast.Type.E4M3FN, Formats.E4M3FN, Overflow.IEEE),
        Arguments.of(OnnxRuntimeCast.Type.E4M3FN, Formats.E4M3FN, Overflow.SATURATE),
        Arguments.of(OnnxRuntimeCast.Type.E4M3FNUZ, Formats.E4M3FNUZ, Overflow.IEEE),
        Arguments.of(OnnxRuntimeCast.Type.E4M3FNUZ, Formats.E4M3FNUZ, Overflow.SATURATE),
        Arguments.of(OnnxRuntimeCast.Type.E5M2, Formats.E5M2, Overflow.IEEE),
        Arguments.of(OnnxRuntimeCast.Type.E5M2, Formats.E5M2, Overflow.SATURATE),
        Arguments.of(OnnxRuntimeCast.Type.E5M2FNUZ, Formats.E5M2FNUZ, Overflow.IEEE),
        Arguments.of(OnnxRuntimeCast.Type.E5M2FNUZ, Formats.E5M2FNUZ, Overflow.SATURATE));
  }

  @ParameterizedTest
  @MethodSource("casts")
  void everyBf16NumberIsCastAlike(OnnxRuntimeCast.Type type, FloatFormat format, Overflow overflow)
      throws OrtException {
    int[] bits = new int[1 << 16];
    Arrays.setAll(bits, code -> code << 16);
    assertCastAlike(type, format, overflow, bits);
  }

  @ParameterizedTest
  @MethodSource("casts")
  void everyFp16NumberIsCastAlike(OnnxRuntimeCast.Type type, FloatFormat format, Overflow overflow)
      throws OrtException {
    int[] bits = new int[1 << 16];
    Arrays.setAll(bits, code -> Float.floatToRawIntBits(Float.float16ToFloat((short) code)));
    assertCastAlike(type, format, overflow, bits);
  }

  @ParameterizedTest
  @MethodSource("casts")
  void numbersAroundEveryCodeAndEveryMidpointAreCastAlike(
      OnnxRuntimeCast.Type type, FloatFormat format, Overflow overflow) throws OrtException {
    int[] bits =
        IntStream.range(0, 1 << format.bits())
            .filter(code -> Float.isFinite(format.decode(code)))
            .flatMap(code -> IntStream.of(bits(format.decode(code)), bits(midpoint(format, code))))
            .flatMap(OnnxRuntimeCastTest::around)
            .toArray();
    assertCastAlike(type, format, overflow, bits);
  }

  /**
   * E8M0 from all BF16 numbers and around every power of two. The values where the two differ, all
   * of them by choice: ONNX Runtime knows no overflow or underflow but NaN unless it saturates, and
   * if it does, negative numbers become the least power; and it rounds to nearest also just above
   * that, where ml_dtypes, which ours follows, goes up.
   */
  @ParameterizedTest
  @CsvSource({
    "E8M0_NEAREST, NEAREST_EVEN, IEEE",
    "E8M0_NEAREST, NEAREST_EVEN, SATURATE",
    "E8M0_DOWN,    TOWARD_ZERO,  IEEE",
    "E8M0_DOWN,    TOWARD_ZERO,  SATURATE"
  })
  void powersOfTwoAreCastAlikeButFor(
      OnnxRuntimeCast.Type type, Rounding rounding, Overflow overflow) throws OrtException {
    int[] bits =
        IntStream.concat(
                IntStream.range(0, 1 << 16).map(code -> code << 16),
                IntStream.range(0, 512)
                    .map(code -> code << 23)
                    .flatMap(power -> IntStream.of(power, power | 0x40_0000))
                    .flatMap(OnnxRuntimeCastTest::around))
            .toArray();
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    boolean saturate = overflow == Overflow.SATURATE;
    float[] theirs;
    try (var cast = new OnnxRuntimeCast(type, saturate)) {
      theirs = cast.cast(values);
    }
    for (int i = 0; i < bits.length; i++) {
      float value = values[i];
      float ours = Formats.E8M0.decode(Formats.E8M0.encode(value, rounding, overflow, 0));
      float expected = ours;
      boolean tiesAtTheLeast = value > 0x1p-127f && value < 0x1.8p-127f;
      if (type == OnnxRuntimeCast.Type.E8M0_NEAREST && tiesAtTheLeast) {
        expected = 0x1p-127f;
      } else if (saturate && value < 0) {
        expected = 0x1p-127f;
      } else if (!saturate && (value > 0x1p127f || (value > 0 && value < 0x1p-127f))) {
        expected = Float.NaN;
      }
      if (Float.compare(expected, theirs[i]) != 0) {
        fail(
            "E8M0 %s %s: %s (%08x) is %s here and %s there"
                .formatted(rounding, overflow, value, bits[i], ours, theirs[i]));
      }
    }
    FormatChecks.count(bits.length);
  }

  @Tag("nightly")
  @ParameterizedTest
  @MethodSource("casts")
  void everyFp32NumberIsCastAlike(OnnxRuntimeCast.Type type, FloatFormat format, Overflow overflow)
      throws OrtException {
    int[] bits = new int[1 << 20];
    try (var cast = new OnnxRuntimeCast(type, overflow == Overflow.SATURATE)) {
      for (long start = 0; start < 1L << 32; start += bits.length) {
        int first = (int) start;
        Arrays.setAll(bits, i -> first + i);
        assertCastAlike(cast, type, format, overflow, bits);
      }
    }
  }

  /** Halfway from a code's number to the next one away from zero, if need be beyond the largest. */
  private static float midpoint(FloatFormat format, int code) {
    double value = format.decode(code);
    double next = format.decode(code + 1);
    boolean isLargest = !Double.isFinite(next) || Math.abs(next) < Math.abs(value);
    return (float) (isLargest ? value + (value - format.decode(code - 1)) / 2 : (value + next) / 2);
  }

  /** The nearest FP32 numbers, and those of which one low bit differs. */
  private static IntStream around(int bits) {
    return IntStream.concat(
        IntStream.rangeClosed(-2, 2).map(step -> bits + step),
        IntStream.range(2, 16).map(bit -> bits ^ (1 << bit)));
  }

  private static int bits(float value) {
    return Float.floatToRawIntBits(value);
  }

  private static void assertCastAlike(
      OnnxRuntimeCast.Type type, FloatFormat format, Overflow overflow, int[] bits)
      throws OrtException {
    try (var cast = new OnnxRuntimeCast(type, overflow == Overflow.SATURATE)) {
      assertCastAlike(cast, type, format, overflow, bits);
    }
  }

  private static void assertCastAlike(
      OnnxRuntimeCast cast,
      OnnxRuntimeCast.Type type,
      FloatFormat format,
      Overflow overflow,
      int[] bits)
      throws OrtException {
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    float[] theirs = cast.cast(values);
    for (int i = 0; i < bits.length; i++) {
      float ours = format.decode(format.encode(values[i], overflow));
      boolean alike = Float.isNaN(ours) ? Float.isNaN(theirs[i]) : bits(ours) == bits(theirs[i]);
      boolean departs = OnnxRuntimeCast.departs(type, overflow == Overflow.SATURATE, values[i]);
      if (alike == departs) {
        fail(
            "%s %s: %s (%08x) is %s here and %s there, %s to be alike"
                .formatted(
                    format,
                    overflow,
                    values[i],
                    bits[i],
                    ours,
                    theirs[i],
                    departs ? "not known" : "known"));
      }
    }
    FormatChecks.count(bits.length);
  }
}
