package octavo.kernels.math;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;
import octavo.op.Activation;

/**
 * Activations of many FP32 numbers in place, with the bits of {@link Activation#apply}.
 *
 * <p>For kernels that write results out: finish a line of at least some dozen sums in a {@code
 * float[]} (factors, bias), then
 *
 * <pre>
 *   Activator.of(width).apply(epilogue.activation(), line, 0, count);
 * </pre>
 *
 * <p>then add the residual. Numbers outside the range are neither read nor written; nothing is
 * allocated. Keep the activator of a width in a field. Safe for use by any number of threads.
 */
public interface Activator {

  /**
   * {@return the activator for a width}, made at first use
   *
   * @param width the width
   */
  static Activator of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.ACTIVATOR;
      case BITS_256 -> Bits256.ACTIVATOR;
      case BITS_512 -> Bits512.ACTIVATOR;
    };
  }

  /**
   * Replaces numbers by an activation's value.
   *
   * @param activation the function
   * @param line holds the numbers
   * @param from the index of the first
   * @param count how many
   */
  default void apply(Activation activation, float[] line, int from, int count) {
    int whole = from + count / lanes() * lanes();
    switch (activation) {
      case NONE -> {
        return;
      }
      case RELU -> relu(line, from, whole);
      case GELU -> gelu(line, from, whole);
      case GELU_TANH -> geluTanh(line, from, whole);
      case SILU -> silu(line, from, whole);
    }
    for (int i = whole; i < from + count; i++) {
      line[i] = activation.apply(line[i]);
    }
  }

  /** {@return how many numbers a vector has} */
  int lanes();

  /**
   * {@link Activation#RELU} of whole vectors.
   *
   * @param line holds the numbers
   * @param from the index of the first
   * @param to the index after the last, a multiple of {@link #lanes} from the first
   */
  void relu(float[] line, int from, int to);

  /**
   * {@link Activation#GELU} of whole vectors.
   *
   * @param line holds the numbers
   * @param from the index of the first
   * @param to the index after the last, a multiple of {@link #lanes} from the first
   */
  void gelu(float[] line, int from, int to);

  /**
   * {@link Activation#GELU_TANH} of whole vectors.
   *
   * @param line holds the numbers
   * @param from the index of the first
   * @param to the index after the last, a multiple of {@link #lanes} from the first
   */
  void geluTanh(float[] line, int from, int to);

  /**
   * {@link Activation#SILU} of whole vectors.
   *
   * @param line holds the numbers
   * @param from the index of the first
   * @param to the index after the last, a multiple of {@link #lanes} from the first
   */
  void silu(float[] line, int from, int to);

  /** Holds the activator of 128 bits. */
  final class Bits128 {
    private static final Activator ACTIVATOR = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the activator of 256 bits. */
  final class Bits256 {
    private static final Activator ACTIVATOR = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the activator of 512 bits. */
  final class Bits512 {
    private static final Activator ACTIVATOR = copy(Width.BITS_512);

    private Bits512() {}
  }

  private static Activator copy(Width width) {
    return WidthCopies.instance(
        MethodHandles.lookup(), Activator.class, ActivatorLanes.class, width);
  }
}
