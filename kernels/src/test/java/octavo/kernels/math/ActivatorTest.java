package octavo.kernels.math;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import octavo.kernels.vector.Species;
import octavo.kernels.vector.Width;
import octavo.op.Activation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every width gives the bits of the definition. */
class ActivatorTest {

  private static final int LINE = 4096;

  static Stream<Arguments> all() {
    return Stream.of(Width.values())
        .flatMap(width -> Stream.of(Activation.values()).map(a -> Arguments.of(width, a)));
  }

  /** Each upper half of an FP32 number, with up to eight lower halves. */
  @ParameterizedTest
  @MethodSource("all")
  void bitsAreThoseOfTheDefinition(Width width, Activation activation) {
    Activator activator = Activator.of(width);
    int[] all = {0x3333, 0, 1, 0x7FFF, 0x8000, 0xA5A5, 0xFFFE, 0xFFFF};
    // Wider vectors than the host's are emulated, slowly.
    int[] low = width.bits() <= Species.preferredBits() ? all : new int[] {all[0]};
    float[] line = new float[LINE];
    for (int lower : low) {
      for (int first = 0; first < 1 << 16; first += LINE) {
        for (int i = 0; i < LINE; i++) {
          line[i] = number(first + i, lower);
        }
        activator.apply(activation, line, 0, LINE);
        for (int i = 0; i < LINE; i++) {
          same(activation, number(first + i, lower), line[i]);
        }
      }
    }
  }

  private static float number(int upper, int lower) {
    return Float.intBitsToFloat((upper << 16) | (lower ^ ((upper * 0x9E5) & 0xFFFF)));
  }

  private static void same(Activation activation, float x, float actual) {
    float expected = activation.apply(x);
    if (Float.isNaN(expected) ? !Float.isNaN(actual) : bits(expected) != bits(actual)) {
      assertEquals(expected, actual, activation + " of " + x);
      assertEquals(bits(expected), bits(actual), activation + " of " + x);
    }
  }

  private static int bits(float x) {
    return Float.floatToRawIntBits(x);
  }

  /** Lengths around those of vectors, and nothing beyond the range is touched. */
  @ParameterizedTest
  @MethodSource("all")
  void anyLengthAnywhere(Width width, Activation activation) {
    for (int from : new int[] {0, 1, 5}) {
      for (int count = 0; count <= 2 * width.lanes() + 1; count++) {
        float[] line = new float[from + count + 3];
        for (int i = 0; i < line.length; i++) {
          line[i] = i * 0.37f - 2.9f;
        }
        float[] expected = line.clone();
        for (int i = from; i < from + count; i++) {
          expected[i] = activation.apply(expected[i]);
        }
        Activator.of(width).apply(activation, line, from, count);
        assertArrayEquals(expected, line);
      }
    }
  }

  @Test
  void widthsHaveLanesOfTheirOwn() {
    for (Width width : Width.values()) {
      assertEquals(width.lanes(), Activator.of(width).lanes());
    }
  }
}
