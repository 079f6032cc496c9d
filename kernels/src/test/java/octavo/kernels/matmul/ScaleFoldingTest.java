package octavo.kernels.matmul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;
import octavo.Engine;
import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.kernels.vector.Width;
import octavo.spi.Overrides;
import octavo.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scales up to the bounds within which they are multiplied into elements, and beyond. */
class ScaleFoldingTest {

  private static final int BIAS = 127;
  private static final int M = 20;
  private static final int N = 19;
  private static final int K = 96;

  @ParameterizedTest
  @EnumSource
  void scalesAtTheBounds(Width width) {
    Engine reference = Engine.create(Overrides.NONE.withBackends("reference"));
    Engine vector =
        Engine.create(
            Overrides.parse(
                Map.of("octavo.backend", "vector", "octavo.vector.bits", width.variant())));
    SplittableRandom random = new SplittableRandom(7);
    BlockFormat[] formats = {Formats.MXFP8_E4M3, Formats.MXFP8_E5M2, Formats.MXFP4};
    int folded = 0;
    int kept = 0;
    for (BlockFormat left : formats) {
      for (BlockFormat right : formats) {
        for (int center = -126; center <= 126; center += 6) {
          // Both operands' scales there, or only one's.
          Tensor a = operand(left, M, center, random);
          Tensor b = operand(right, N, center % 4 == 0 ? center : -center / 2, random);
          Tensor expected = Tensor.allocate(Arena.ofAuto(), Formats.FP32, M, N);
          Tensor actual = Tensor.allocate(Arena.ofAuto(), Formats.FP32, M, N);
          reference.matmul(a, b, expected);
          vector.matmul(a, b, actual);
          String what = "%s x %s, scales of 2^%d".formatted(left, right, center);
          for (long i = 0; i < M; i++) {
            for (long j = 0; j < N; j++) {
              assertEquals(
                  Float.floatToIntBits(expected.get(i, j)),
                  Float.floatToIntBits(actual.get(i, j)),
                  what);
            }
          }
          if (isExact(a, b)) {
            folded++;
          } else {
            kept++;
          }
        }
      }
    }
    assertTrue(folded > 100 && kept > 100, folded + " folded, " + kept + " kept");
  }

  private static boolean isExact(Tensor a, Tensor b) {
    Source left = new Source();
    Source right = new Source();
    left.set(a);
    right.set(b);
    return ScaleFolding.isExact(left, right, 32);
  }

  /** An operand with any codes in its first rows, and only finite ones in the others. */
  private static Tensor operand(BlockFormat format, int rows, int center, SplittableRandom random) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, rows, K);
    long bytes = tensor.data().byteSize();
    for (long i = 0; i < bytes; i++) {
      int code = random.nextInt(256);
      boolean any = i < bytes / 8 || format.equals(Formats.MXFP4);
      tensor.data().set(ValueLayout.JAVA_BYTE, i, (byte) (any ? code : code & 0xBB));
    }
    Tensor scales = tensor.scales();
    for (long i = 0; i < rows; i++) {
      for (long j = 0; j < K / 32; j++) {
        int exponent = Math.clamp(center + random.nextInt(3) - 1L, -127, 127);
        scales.setCode(exponent + BIAS, i, j);
      }
    }
    return tensor;
  }
}
