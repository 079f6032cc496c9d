package octavo.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * Numbers to codes, rounded by random bits. Segments are off-heap, positions in bytes, counts
 * multiples of {@link Line#UNIT}. Where a result says that a number needs care, {@link
 * Encoding#special} or {@link Encoding#close} tells which.
 */
interface StochasticEncoder {

  /**
   * Encodes numbers times factors stochastically, to bytes that have the code at the top.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param factors a factor for every {@link Line#GROUP} numbers
   * @param random the random bits of each number, from position 0
   * @param out where the bytes go
   * @param outAt where they begin
   * @param count how many
   * @param encoding the format, {@linkplain Encoding#fused fused}, its rounding stochastic
   * @return the largest magnitude's bits, after scaling, or infinity's: from there on numbers need
   *     care
   */
  int byChance8(
      MemorySegment in,
      long inAt,
      float[] factors,
      MemorySegment random,
      MemorySegment out,
      long outAt,
      int count,
      Encoding encoding);

  /**
   * Encodes stochastically, or, with random bits of 0, toward zero.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param random the random bits of each number, from position 0
   * @param codes where the codes go
   * @return the largest magnitude's bits, or infinity's: from there on numbers need care
   */
  int byChance(
      MemorySegment in, long inAt, int count, Encoding encoding, MemorySegment random, int[] codes);

  /**
   * As {@link #byChance}, for formats with the exponents of FP32.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param random the random bits of each number, from position 0
   * @param codes where the codes go
   * @return the largest magnitude's bits: from infinity on numbers need care
   */
  int byChanceWide(
      MemorySegment in, long inAt, int count, Encoding encoding, MemorySegment random, int[] codes);

  /**
   * Draws the bits of {@link octavo.format.StochasticBits}.
   *
   * @param key the key of the elements
   * @param lowIndex the low bits of the first element's index
   * @param random where the bits go, four bytes each
   * @param at the position of the first, in numbers
   * @param count how many; up to {@link Line#UNIT} more are written
   */
  void draw(long key, int lowIndex, MemorySegment random, int at, int count);

  /**
   * {@return the encoder for a width}, made at first use
   *
   * @param width the width
   */
  static StochasticEncoder of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.ENCODER;
      case BITS_256 -> Bits256.ENCODER;
      case BITS_512 -> Bits512.ENCODER;
    };
  }

  private static StochasticEncoder copy(Width width) {
    return WidthCopies.instance(
        MethodHandles.lookup(), StochasticEncoder.class, StochasticEncoderLanes.class, width);
  }

  /** Holds the encoder of 128 bits. */
  final class Bits128 {
    private static final StochasticEncoder ENCODER = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the encoder of 256 bits. */
  final class Bits256 {
    private static final StochasticEncoder ENCODER = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the encoder of 512 bits. */
  final class Bits512 {
    private static final StochasticEncoder ENCODER = copy(Width.BITS_512);

    private Bits512() {}
  }
}
