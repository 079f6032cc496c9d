package octavo.kernels.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.vector.Width;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The neighbourhood of every point where a cast's result changes. */
class ConvertVectorTest {

  private static final int ULPS = 4;
  private static final int[] SPECIALS = {
    0, 0x007F_FFFF, 0x0080_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7FC0_0000, 0x7FFF_FFFB
  };

  static Stream<Arguments> formats() {
    return Stream.of(Width.values())
        .flatMap(width ->
            Formats.elements().stream()
                .filter(format -> format.bits() <= 16)
                .map(format -> Arguments.of(width, format)));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void bitsAroundEveryBoundaryAreTheReferences(Width width, ElementFormat format) {
    float[] values = boundaries(format);
    Tensor matrix = Tensor.of(values, 1, values.length);
    for (Rounding rounding : Rounding.values()) {
      for (Overflow overflow : Overflow.values()) {
        Tensor expected = Tensor.allocateHeap(format, 1, matrix.columns());
        Tensor actual = Tensor.allocateHeap(format, 1, matrix.columns());
        new ConvertReference().run(matrix, expected, rounding, overflow, 42, Workers.CALLER);
        new ConvertVector(width).run(matrix, actual, rounding, overflow, 42, Workers.CALLER);
        for (long i = 0; i < matrix.columns(); i++) {
          int bits = matrix.code(0, i);
          int code = actual.code(0, i);
          if (expected.code(0, i) != code) {
            assertEquals(
                "%08x -> %02x".formatted(bits, expected.code(0, i)),
                "%08x -> %02x".formatted(bits, code),
                format + " " + rounding + " " + overflow);
          }
        }
      }
    }
  }

  /** {@return codes and midpoints of a format, some ulps around them, both signs, and specials} */
  private static float[] boundaries(ElementFormat format) {
    int step = format.bits() <= 8 ? 1 : 61; // of 16 bits a sample
    double[] points =
        IntStream.range(0, 1 << format.bits())
            .mapToDouble(format::decode)
            .filter(value -> value >= 0 && value <= Float.MAX_VALUE)
            .sorted()
            .toArray();
    IntStream.Builder bits = IntStream.builder();
    for (int i = 0; i < points.length; i += step) {
      double next = i + 1 < points.length ? points[i + 1] : 2 * points[i] - points[i - 1];
      bits.add(Float.floatToRawIntBits((float) points[i]));
      bits.add(Float.floatToRawIntBits((float) ((points[i] + next) / 2)));
    }
    for (int special : SPECIALS) {
      bits.add(special);
    }
    int[] all =
        bits.build()
            .flatMap(at -> IntStream.rangeClosed(at - ULPS, at + ULPS))
            .filter(at -> at >= 0)
            .flatMap(at -> IntStream.of(at, at | 0x8000_0000))
            .distinct()
            .toArray();
    float[] values = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      values[i] = Float.intBitsToFloat(all[i]);
    }
    return values;
  }
}
