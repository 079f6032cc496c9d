package octavo.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * Codes to numbers, times scales. Segments are off-heap, positions in bytes, counts multiples of
 * {@link Line#UNIT}.
 */
interface Decoder {

  /**
   * Decodes floats of a byte each.
   *
   * @param in the codes
   * @param inAt where they begin
   * @param scales a factor for every {@link Line#GROUP} numbers
   * @param out where the FP32 numbers go
   * @param outAt where they begin
   * @param count how many
   * @param decoding the format
   * @return bits beyond {@link Decoding#maxFinite} if there are infinities or NaN, which are wrong
   *     then: {@link #specialFloats8} has them right
   */
  int floats8(
      MemorySegment in,
      long inAt,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count,
      Decoding decoding);

  /**
   * As {@link #floats8}, infinities and NaN included.
   *
   * @param in the codes
   * @param inAt where they begin
   * @param scales a factor for every {@link Line#GROUP} numbers
   * @param out where the FP32 numbers go
   * @param outAt where they begin
   * @param count how many
   * @param decoding the format
   */
  void specialFloats8(
      MemorySegment in,
      long inAt,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count,
      Decoding decoding);

  /** {@return whether a vector holds enough numbers to be the table of {@link #pairs4}} */
  boolean takesPairs();

  /**
   * Decodes pairs of four-bit codes in a byte.
   *
   * @param in the pairs
   * @param inAt where they begin
   * @param values the FP32 bits of the 16 codes' values, of which those with the top bit set are
   *     the negatives of the others
   * @param scales a factor for every {@link Line#GROUP} numbers
   * @param out where the FP32 numbers go
   * @param outAt where they begin
   * @param count how many
   */
  void pairs4(
      MemorySegment in,
      long inAt,
      int[] values,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count);

  /**
   * Decodes integers of a byte each.
   *
   * @param in the codes
   * @param inAt where they begin
   * @param scales a factor for every {@link Line#GROUP} numbers
   * @param out where the FP32 numbers go
   * @param outAt where they begin
   * @param count how many
   * @param decoding the format
   */
  void integers8(
      MemorySegment in,
      long inAt,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count,
      Decoding decoding);

  /**
   * Decodes floats of two bytes each, without scales.
   *
   * @param in the codes
   * @param inAt where they begin
   * @param out where the FP32 numbers go
   * @param outAt where they begin
   * @param count how many
   * @param decoding the format
   */
  void floats16(
      MemorySegment in, long inAt, MemorySegment out, long outAt, int count, Decoding decoding);

  /**
   * Decodes floats of four bytes each, without scales.
   *
   * @param in the codes
   * @param inAt where they begin
   * @param out where the FP32 numbers go
   * @param outAt where they begin
   * @param count how many
   * @param decoding the format
   */
  void floats32(
      MemorySegment in, long inAt, MemorySegment out, long outAt, int count, Decoding decoding);

  /**
   * Spreads pairs of codes in a byte to a byte each.
   *
   * @param in the pairs
   * @param inAt where they begin
   * @param out where the bytes go, from position 0
   * @param count how many codes
   */
  void unpack4(MemorySegment in, long inAt, MemorySegment out, int count);

  /**
   * {@return the decoder for a width}, made at first use
   *
   * @param width the width
   */
  static Decoder of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.DECODER;
      case BITS_256 -> Bits256.DECODER;
      case BITS_512 -> Bits512.DECODER;
    };
  }

  private static Decoder copy(Width width) {
    return WidthCopies.instance(MethodHandles.lookup(), Decoder.class, DecoderLanes.class, width);
  }

  /** Holds the decoder of 128 bits. */
  final class Bits128 {
    private static final Decoder DECODER = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the decoder of 256 bits. */
  final class Bits256 {
    private static final Decoder DECODER = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the decoder of 512 bits. */
  final class Bits512 {
    private static final Decoder DECODER = copy(Width.BITS_512);

    private Bits512() {}
  }
}
