package octavo.kernels.convert;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/** Numbers to codes, a line at a time. */
interface Encoder {

  /** {@return a number of which counts must be multiples} */
  int lanes();

  /**
   * Encodes to nearest even. NaN, and zeros of formats without negative zero, are the caller's, as
   * is padding.
   *
   * @param numbers the numbers
   * @param count how many
   * @param target the format
   * @param codes where the codes go
   * @return the largest magnitude's bits
   */
  int nearest(float[] numbers, int count, Target target, int[] codes);

  /**
   * Encodes stochastically, or, with random bits of 0, toward zero. Infinity is the caller's too.
   *
   * @param numbers the numbers
   * @param count how many
   * @param target the format
   * @param random 32 random bits for each number
   * @param codes where the codes go
   * @return the largest magnitude's bits
   */
  int byChance(float[] numbers, int count, Target target, int[] random, int[] codes);

  /**
   * Draws the bits of {@link octavo.format.StochasticBits}.
   *
   * @param key the key of the elements
   * @param lowIndex the low bits of the first element's index
   * @param count how many
   * @param random where the bits go
   */
  void draw(long key, int lowIndex, int count, int[] random);

  /**
   * Narrows codes to bytes.
   *
   * @param codes the codes
   * @param count how many
   * @param bytes where the bytes go; up to four more than count are written
   */
  void narrow(int[] codes, int count, byte[] bytes);

  /**
   * {@return the encoder for a width}, made at first use
   *
   * @param width the width
   */
  static Encoder of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.ENCODER;
      case BITS_256 -> Bits256.ENCODER;
      case BITS_512 -> Bits512.ENCODER;
    };
  }

  private static Encoder copy(Width width) {
    return WidthCopies.instance(MethodHandles.lookup(), Encoder.class, EncoderLanes.class, width);
  }

  /** Holds the encoder of 128 bits. */
  final class Bits128 {
    private static final Encoder ENCODER = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the encoder of 256 bits. */
  final class Bits256 {
    private static final Encoder ENCODER = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the encoder of 512 bits. */
  final class Bits512 {
    private static final Encoder ENCODER = copy(Width.BITS_512);

    private Bits512() {}
  }
}
