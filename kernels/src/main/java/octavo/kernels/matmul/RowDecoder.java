package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/** Codes to numbers, a line at a time. */
interface RowDecoder {

  /**
   * Decodes codes of up to eight bits that have signs.
   *
   * @param codes one code to a byte; up to eight bytes behind the last are read
   * @param at the first code
   * @param count how many
   * @param magnitudes a mask, the code without its sign
   * @param shift how far left the magnitude's mantissa goes in FP32
   * @param offset what is added to the magnitude of a normal number then, the exponents' difference
   * @param minNormal the smallest normal number
   * @param signShift how far left the sign goes
   * @param to where the numbers go
   * @param toAt where the first goes
   * @return the largest magnitude of a code
   */
  int bytes(
      byte[] codes,
      int at,
      int count,
      int magnitudes,
      int shift,
      int offset,
      float minNormal,
      int signShift,
      float[] to,
      int toAt);

  /**
   * As {@link #bytes}, times scales.
   *
   * @param codes one code to a byte; up to sixteen bytes behind the last are read
   * @param at the first code
   * @param count how many
   * @param magnitudes a mask, the code without its sign
   * @param shift how far left the magnitude's mantissa goes in FP32
   * @param offset what is added to the magnitude of a normal number then, the exponents' difference
   * @param minNormal the smallest normal number
   * @param signShift how far left the sign goes
   * @param scales a factor for every run of numbers
   * @param run the length of a run as a power of two, at least the lanes of a vector
   * @param to where the numbers go
   * @param toAt where the first goes
   * @return the largest magnitude of a code
   */
  int scaledBytes(
      byte[] codes,
      int at,
      int count,
      int magnitudes,
      int shift,
      int offset,
      float minNormal,
      int signShift,
      float[] scales,
      int run,
      float[] to,
      int toAt);

  /**
   * Decodes BF16.
   *
   * @param codes the codes; up to eight behind the last are read
   * @param at the first code
   * @param count how many
   * @param to where the numbers go
   * @param toAt where the first goes
   */
  void bf16(short[] codes, int at, int count, float[] to, int toAt);

  /**
   * {@return the decoder for a width}, made at first use
   *
   * @param width the width
   */
  static RowDecoder of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.DECODER;
      case BITS_256 -> Bits256.DECODER;
      case BITS_512 -> Bits512.DECODER;
    };
  }

  private static RowDecoder copy(Width width) {
    return WidthCopies.instance(
        MethodHandles.lookup(), RowDecoder.class, RowDecoderLanes.class, width);
  }

  /** Holds the decoder of 128 bits. */
  final class Bits128 {
    private static final RowDecoder DECODER = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the decoder of 256 bits. */
  final class Bits256 {
    private static final RowDecoder DECODER = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the decoder of 512 bits. */
  final class Bits512 {
    private static final RowDecoder DECODER = copy(Width.BITS_512);

    private Bits512() {}
  }
}
