package octavo.kernels.matmul;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.op.Epilogue;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference products against {@link MatmulKernel}'s definition: by hand, and in BigDecimal. */
class MatmulReferenceTest {

  private static final int E2M1_HALF = 0x1;
  private static final int E2M1_ONE = 0x2;
  private static final int E2M1_SIX = 0x7;
  private static final int E4M3FN_ONE = 0x38;

  private final MatmulKernel plain = new MatmulPlainReference();
  private final MatmulKernel block = new MatmulBlockReference();

  @Test
  void plainProductWithBias() {
    Tensor a = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor b = Tensor.of(new float[] {1, 0, -1, 0.5f, 2, 0.25f}, 2, 3);
    Tensor bias = Tensor.of(new float[] {10, -20}, 2);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 2, 2);
    plain.run(a, b, Epilogue.ofBias(bias), out, Workers.CALLER);
    assertArrayEquals(new float[] {8, -14.75f, 8, -6.5f}, out.toArray());
  }

  @Test
  void oneChainFromTheFirstElementOn() {
    // 2^24 + 1 is no FP32 number: from the front both ones vanish, from the back they count.
    Tensor a = Tensor.of(new float[] {0x1p24f, 1, 1, 1, 1, 0x1p24f}, 2, 3);
    Tensor b = Tensor.of(new float[] {1, 1, 1}, 1, 3);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 2, 1);
    plain.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertArrayEquals(new float[] {0x1p24f, 0x1p24f + 2}, out.toArray());
  }

  @Test
  void theProductIsNotRounded() {
    float x = 1 + 0x1p-12f;
    Tensor a = Tensor.of(new float[] {-1, x}, 1, 2);
    Tensor b = Tensor.of(new float[] {1, x}, 1, 2);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 1, 1);
    plain.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals(0x1p-11f + 0x1p-24f, out.get(0, 0));
  }

  @Test
  void rowScalesApplyOnceAtTheEnd() {
    Tensor a = Tensor.allocateHeap(Formats.E4M3FN_ROW, 2, 4);
    setRow(a, 0, 1, 2, -3, 0.5f);
    setRow(a, 1, 448, 448, 448, 448);
    a.scales().setCode(Float.floatToRawIntBits(0.1f), 0, 0);
    a.scales().setCode(Float.floatToRawIntBits(0x1p-20f), 1, 0);
    Tensor b = Tensor.allocateHeap(Formats.E5M2_ROW, 1, 4);
    setRow(b, 0, 1.5f, -2, 1, 4);
    b.scales().setCode(Float.floatToRawIntBits(3.0f), 0, 0);
    Tensor bias = Tensor.of(new float[] {1.25f}, 1);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 2, 1);
    plain.run(a, b, Epilogue.ofBias(bias), out, Workers.CALLER);
    float first = 0.1f * 3.0f;
    assertEquals(-3.5f * first + 1.25f, out.get(0, 0)); // 1.5 - 4 - 3 + 2
    assertEquals(2016 * (0x1p-20f * 3) + 1.25f, out.get(1, 0)); // 448 * 4.5
  }

  @Test
  void outputIsRoundedOnceAndOverflowsToInfinity() {
    Tensor a = Tensor.of(new float[] {1, Float.MAX_VALUE, -Float.MAX_VALUE}, 3, 1);
    Tensor b = Tensor.of(new float[] {0x1.01p0f, 0x1.03p0f}, 2, 1); // halfway, in BF16
    Tensor out = Tensor.allocateHeap(Formats.BF16, 3, 2);
    plain.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertArrayEquals(
        new float[] {
          1,
          1.015625f,
          Float.POSITIVE_INFINITY,
          Float.POSITIVE_INFINITY,
          Float.NEGATIVE_INFINITY,
          Float.NEGATIVE_INFINITY
        },
        out.toArray());
  }

  @Test
  void withoutTermsTheSumIsPositiveZero() {
    Tensor a = Tensor.allocateHeap(Formats.E4M3FN_ROW, 1, 0);
    a.scales().setCode(Float.floatToRawIntBits(-1.0f), 0, 0);
    Tensor b = Tensor.allocateHeap(Formats.BF16, 1, 0);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 1, 1);
    out.setCode(0x7FC0_0000, 0, 0);
    plain.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals(0x8000_0000, out.code(0, 0)); // +0 times -1
    Tensor mx = Tensor.allocateHeap(Formats.MXFP4, 1, 0);
    block.run(mx, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals(0, out.code(0, 0));
  }

  @Test
  void nvfp4WithTensorScales() {
    Tensor a = Tensor.allocateHeap(Formats.NVFP4, 2, 32);
    fillRow(a, 0, 0, 32, E2M1_ONE);
    fillRow(a, 1, 0, 16, E2M1_SIX);
    fillRow(a, 1, 16, 32, E2M1_HALF);
    a.scales().setCode(0x38, 0, 0); // 1
    a.scales().setCode(0x40, 0, 1); // 2
    a.scales().setCode(0x30, 1, 0); // 0.5
    a.scales().setCode(0x7E, 1, 1); // 448
    a.setTensorScale(0.25f);
    Tensor b = Tensor.allocateHeap(Formats.NVFP4, 2, 32);
    fillRow(b, 0, 0, 32, E2M1_ONE);
    fillRow(b, 1, 0, 32, E2M1_SIX | 8);
    b.scales().setCode(0x38, 0, 0);
    b.scales().setCode(0x38, 0, 1);
    b.scales().setCode(0x44, 1, 0); // 3
    b.scales().setCode(0x01, 1, 1); // 2^-9
    b.setTensorScale(3.0f);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 2, 2);
    block.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertArrayEquals(
        new float[] {
          (16 + 32) * 0.75f,
          (-96 * 3 - 96 * (2 * 0x1p-9f)) * 0.75f,
          (96 * 0.5f + 8 * 448) * 0.75f,
          (-576 * 1.5f - 48 * (448 * 0x1p-9f)) * 0.75f
        },
        out.toArray());
  }

  @Test
  void differentBlockLengthsUseTheShorter() {
    Tensor a = Tensor.allocateHeap(Formats.MXFP4, 1, 32);
    fillRow(a, 0, 0, 16, E2M1_ONE);
    fillRow(a, 0, 16, 32, E2M1_SIX);
    a.scales().setCode(127 + 3, 0, 0);
    Tensor b = Tensor.allocateHeap(Formats.NVFP4, 1, 32);
    fillRow(b, 0, 0, 32, E2M1_HALF);
    b.scales().setCode(0x3C, 0, 0); // 1.5
    b.scales().setCode(0x7E, 0, 1); // 448
    b.setTensorScale(0.5f);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 1, 1);
    block.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals((8 * 12 + 48 * 3584) * 0.5f, out.get(0, 0));
  }

  @Test
  void eachBlockHasAChainOfItsOwn() {
    // In one chain the ones would vanish beside 2^24; in the second block's chain they add up
    // first.
    Tensor a = Tensor.allocateHeap(Formats.FP32, 1, 64);
    a.setCode(Float.floatToRawIntBits(0x1p24f), 0, 0);
    for (int k = 32; k < 64; k++) {
      a.setCode(Float.floatToRawIntBits(1), 0, k);
    }
    Tensor b = Tensor.allocateHeap(Formats.MXFP8_E4M3, 1, 64);
    fillRow(b, 0, 0, 64, E4M3FN_ONE);
    b.scales().setCode(127, 0, 0);
    b.scales().setCode(127, 0, 1);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 1, 1);
    block.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals(0x1p24f + 32, out.get(0, 0));
  }

  @Test
  void partialBlocksOf128By128() {
    Tensor a = Tensor.allocateHeap(Formats.BF16, 1, 130);
    Tensor b = Tensor.allocateHeap(Formats.E4M3FN_128X128, 129, 130);
    for (int k = 0; k < 130; k++) {
      a.setCode(Formats.BF16.encode(1, Overflow.IEEE), 0, k);
      for (int j = 0; j < 129; j++) {
        b.setCode(E4M3FN_ONE, j, k);
      }
    }
    float[] scales = {2, 3, 5, 7};
    for (int s = 0; s < 4; s++) {
      b.scales().setCode(Float.floatToRawIntBits(scales[s]), s / 2, s % 2);
    }
    Tensor out = Tensor.allocateHeap(Formats.FP32, 1, 129);
    block.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals(128 * 2 + 2 * 3, out.get(0, 0));
    assertEquals(128 * 2 + 2 * 3, out.get(0, 127));
    assertEquals(128 * 5 + 2 * 7, out.get(0, 128));
  }

  @Test
  void aNanScaleMakesItsRowNan() {
    Tensor a = Tensor.allocateHeap(Formats.MXFP8_E5M2, 2, 32);
    a.scales().setCode(0xFF, 1, 0);
    Tensor b = Tensor.allocateHeap(Formats.BF16, 1, 32);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 2, 1);
    block.run(a, b, Epilogue.NONE, out, Workers.CALLER);
    assertEquals(0, out.code(0, 0));
    assertTrue(Float.isNaN(out.get(1, 0)));
  }

  // ---- every pair of formats, in BigDecimal

  static Stream<Format> formats() {
    return Formats.all().stream();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void theDefinitionInBigDecimal(Format format) {
    SplittableRandom random = new SplittableRandom(7);
    for (Format other : Formats.all()) {
      long k = divides(format) && divides(other) ? 37 : 64;
      Tensor a = randomTensor(format, 2, k, random);
      Tensor b = randomTensor(other, 3, k, random);
      Tensor out = Tensor.allocateHeap(Formats.FP32, 2, 3);
      boolean inner = scales(format) || scales(other);
      (inner ? block : plain).run(a, b, Epilogue.NONE, out, Workers.CALLER);
      for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
          int expected = Float.floatToIntBits(product(a, i, b, j));
          assertEquals(
              expected, out.code(i, j), "%s x %s at [%d, %d]".formatted(format, other, i, j));
        }
      }
    }
  }

  private static float product(Tensor a, int i, Tensor b, int j) {
    int length = MatmulRequest.blockLength(a.format(), b.format());
    int columns = (int) a.columns();
    float acc = 0;
    if (length == 0) {
      for (int k = 0; k < columns; k++) {
        acc = fused(element(a, i, k), element(b, j, k), acc);
      }
    } else {
      for (int start = 0; start < columns; start += length) {
        float sum = 0;
        for (int k = start; k < Math.min(columns, start + length); k++) {
          sum = fused(element(a, i, k), element(b, j, k), sum);
        }
        acc = fused(sum, times(innerScale(a, i, start), innerScale(b, j, start)), acc);
      }
    }
    return times(acc, times(endFactor(a, i), endFactor(b, j)));
  }

  private static float element(Tensor tensor, int row, int column) {
    return tensor.element().decode(tensor.code(row, column));
  }

  private static float innerScale(Tensor tensor, int row, int column) {
    return tensor.format() instanceof BlockFormat format && format.blockColumns() != 0
        ? tensor.scales().get(row / format.blockRows(), column / format.blockColumns())
        : 1;
  }

  private static float endFactor(Tensor tensor, int row) {
    if (!(tensor.format() instanceof BlockFormat format)) {
      return 1;
    }
    if (format.blockColumns() == 0) {
      return format.blockRows() == 0 ? tensor.scales().get(0) : tensor.scales().get(row, 0);
    }
    return tensor.tensorScale();
  }

  private static float times(float x, float y) {
    return fused(x, y, negative(x) != negative(y) ? -0f : 0f);
  }

  /** {@return {@code x * y + z} rounded once, found without {@link Math#fma}} */
  private static float fused(float x, float y, float z) {
    if (!Float.isFinite(x) || !Float.isFinite(y) || !Float.isFinite(z)) {
      return Math.fma(x, y, z);
    }
    BigDecimal product = new BigDecimal(x).multiply(new BigDecimal(y));
    BigDecimal exact = product.add(new BigDecimal(z));
    if (exact.signum() != 0) {
      float magnitude = exact.abs().floatValue();
      return exact.signum() < 0 ? -magnitude : magnitude;
    }
    boolean negativeProduct = negative(x) != negative(y);
    boolean negativeAddend = negative(z);
    return product.signum() == 0 && negativeProduct && negativeAddend ? -0f : 0f;
  }

  private static boolean negative(float x) {
    return Float.floatToRawIntBits(x) < 0;
  }

  private static boolean scales(Format format) {
    return format instanceof BlockFormat block && block.blockColumns() != 0;
  }

  private static boolean divides(Format format) {
    return !scales(format) || ((BlockFormat) format).partialBlocks();
  }

  private static Tensor randomTensor(Format format, long rows, long k, SplittableRandom random) {
    Tensor tensor = Tensor.allocateHeap(format, rows, k);
    randomCodes(tensor, random);
    if (format instanceof BlockFormat block) {
      Tensor scales = tensor.scales().matrix();
      for (long i = 0; i < scales.rows(); i++) {
        for (long s = 0; s < scales.columns(); s++) {
          float scale = (float) Math.exp(random.nextGaussian());
          scales.setCode(block.scale().encode(scale, Overflow.SATURATE), i, s);
        }
      }
      if (block.tensorScale()) {
        tensor.setTensorScale((float) Math.exp(random.nextGaussian()));
      }
    }
    return tensor;
  }

  private static void randomCodes(Tensor tensor, SplittableRandom random) {
    ElementFormat element = tensor.element();
    for (long i = 0; i < tensor.rows(); i++) {
      for (long k = 0; k < tensor.columns(); k++) {
        int code = random.nextInt();
        while (!Float.isFinite(element.decode(code)) || Math.abs(element.decode(code)) > 0x1p40f) {
          code = random.nextInt();
        }
        tensor.setCode(code, i, k);
      }
    }
  }

  private static void setRow(Tensor tensor, int row, float... values) {
    for (int k = 0; k < values.length; k++) {
      tensor.setCode(tensor.element().encode(values[k], Overflow.SATURATE), row, k);
    }
  }

  private static void fillRow(Tensor tensor, int row, int from, int to, int code) {
    for (int k = from; k < to; k++) {
      tensor.setCode(code, row, k);
    }
  }
}
