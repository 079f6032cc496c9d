package octavo.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.ScaleRule;
import octavo.kernels.vector.Width;
import octavo.spi.DequantizeKernel;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every code of a scale with every code of an element, and scales at every step of a rule. */
class ScaleCodesTest {

  /** Scales in FP32: these mantissas with every exponent, subnormals, infinity and NaN included. */
  private static final int[] MANTISSAS = {0, 1, 0x2A_AAAB, 0x7F_FFFF};

  private static final float[] TENSOR_SCALES = {1.0f, 0x1p-20f, 1.0f / 3, 3e30f};

  static Stream<Arguments> decoders() {
    List<DequantizeKernel> kernels = new ArrayList<>();
    kernels.add(new DequantizeReference());
    kernels.add(new DequantizeScalar());
    for (Width width : Width.values()) {
      kernels.add(new DequantizeVector(width));
    }
    return Formats.blocks().stream()
        .flatMap(format ->
            kernels.stream().map(kernel -> Arguments.of(format, kernel.id().toString(), kernel)));
  }

  @ParameterizedTest(name = "{0} by {1}")
  @MethodSource("decoders")
  void elementsTimesScalesAreTheProductOfTheirValues(
      BlockFormat format, String id, DequantizeKernel kernel) {
    // A tensor for each scale if there is but one; else blocks below each other, one for each.
    int[] scales = scales(format);
    boolean single = format.blockRows() == BlockFormat.WHOLE;
    int bands = single ? 1 : scales.length;
    int bandRows = single ? 1 : format.blockRows();
    int codes = 1 << format.element().bits();
    int width = format.blockColumns() == BlockFormat.WHOLE ? 1 : format.blockColumns();
    int columns = Math.ceilDiv(codes, width) * width;
    try (Arena arena = Arena.ofConfined()) {
      Tensor in = Tensor.allocate(arena, format, (long) bands * bandRows, columns);
      Tensor out = Tensor.allocate(arena, Formats.FP32, in.rows(), columns);
      for (long row = 0; row < in.rows(); row++) {
        for (int k = 0; k < columns; k++) {
          in.setCode(k % codes, row, k);
        }
      }
      for (int from = 0; from < scales.length; from += bands) {
        Tensor matrix = in.scales().matrix();
        for (int band = 0; band < bands; band++) {
          for (long k = 0; k < matrix.columns(); k++) {
            matrix.setCode(scales[from + band], band, k);
          }
        }
        for (float factor : format.tensorScale() ? TENSOR_SCALES : new float[] {1.0f}) {
          if (format.tensorScale()) {
            in.setTensorScale(factor);
          }
          kernel.run(in, out, Workers.CALLER);
          for (int band = 0; band < bands; band++) {
            float scale = format.scale().decode(scales[from + band]) * factor;
            check(format, out, (long) band * bandRows, codes, scale);
          }
        }
      }
    }
  }

  /** The product of two FP32 numbers is exact in double: one rounding to FP32 remains. */
  private static void check(BlockFormat format, Tensor out, long row, int codes, float scale) {
    ElementFormat element = format.element();
    for (int k = 0; k < out.columns(); k++) {
      float expected = (float) ((double) element.decode(k % codes) * scale);
      float actual = out.get(row, k);
      if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
        assertEquals(
            Float.toHexString(expected),
            Float.toHexString(actual),
            "code %02x of %s times %a".formatted(k % codes, format, scale));
      }
    }
  }

  private static int[] scales(BlockFormat format) {
    if (!format.scale().equals(Formats.FP32)) {
      int[] all = new int[1 << format.scale().bits()];
      for (int code = 0; code < all.length; code++) {
        all[code] = code;
      }
      return all;
    }
    // Tall blocks are large: one mantissa for each exponent there, and all for zero and infinity.
    boolean tall = format.blockRows() > 1;
    return IntStream.range(0, 256 * MANTISSAS.length)
        .filter(i -> {
          int exponent = i / MANTISSAS.length;
          boolean edge = exponent == 0 || exponent == 255;
          return !tall || edge || i % MANTISSAS.length == exponent % MANTISSAS.length;
        })
        .map(i -> ((i / MANTISSAS.length) << 23) | MANTISSAS[i % MANTISSAS.length])
        .toArray();
  }

  static Stream<Arguments> rules() {
    return Stream.of(ScaleRule.values())
        .flatMap(rule ->
            Formats.elements().stream()
                .filter(ScaleTable::covers)
                .map(element -> Arguments.of(rule, element)));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void tablesHaveTheCodesOfTheirRule(ScaleRule rule, ElementFormat element) {
    ScaleTable table = ScaleTable.of(rule, element);
    Random random = new Random(7);
    for (int field = 0; field < 256; field++) {
      int first = field << 23;
      check(rule, element, table, first);
      check(rule, element, table, first | 0x7F_FFFF);
      int threshold = table.thresholds[field];
      if (threshold != Integer.MAX_VALUE) {
        check(rule, element, table, threshold);
        check(rule, element, table, threshold + 1);
      }
      for (int i = 0; i < 500; i++) {
        check(rule, element, table, first | random.nextInt(1 << 23));
      }
    }
  }

  private static void check(ScaleRule rule, ElementFormat element, ScaleTable table, int bits) {
    int expected = rule.scaleCode(Float.intBitsToFloat(bits), element);
    if (expected != table.code(bits)) {
      assertEquals(expected, table.code(bits), "largest magnitude " + Integer.toHexString(bits));
    }
  }
}
