package octavo.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * Numbers to codes. Segments are off-heap, positions in bytes, counts multiples of {@link
 * Line#UNIT}. Where a result says that a number needs care, {@link Encoding#special} tells which.
 */
public interface Encoder {

  /**
   * Encodes to nearest even, to bytes that have the code at the top.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param out where the bytes go
   * @param outAt where they begin
   * @param count how many
   * @param encoding the format, {@linkplain Encoding#fused fused}
   * @return the largest magnitude's bits: from infinity on numbers need care
   */
  int nearest8(
      MemorySegment in, long inAt, MemorySegment out, long outAt, int count, Encoding encoding);

  /**
   * As {@link #nearest8}, of numbers times factors.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param factors a factor for every {@link Line#GROUP} numbers
   * @param out where the bytes go
   * @param outAt where they begin
   * @param count how many
   * @param encoding the format, {@linkplain Encoding#fused fused}
   * @return the largest magnitude's bits, after scaling
   */
  int scaledNearest8(
      MemorySegment in,
      long inAt,
      float[] factors,
      MemorySegment out,
      long outAt,
      int count,
      Encoding encoding);

  /**
   * Encodes to nearest even, narrow floats and integers; these as sign and magnitude.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param codes where the codes go
   * @return the largest magnitude's bits: from infinity on numbers need care
   */
  int nearest(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes);

  /**
   * As {@link #nearest}, for formats with the exponents of FP32.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param codes where the codes go
   * @return the largest magnitude's bits: from infinity on numbers need care
   */
  int nearestWide(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes);

  /**
   * Encodes to powers of two.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param half what is added to every number's bits
   * @param random random bits, from position 0, added after a shift by 9
   * @param codes where the codes go
   * @return infinity's bits if a number needs care
   */
  int powers(
      MemorySegment in,
      long inAt,
      int count,
      Encoding encoding,
      int half,
      MemorySegment random,
      int[] codes);

  /**
   * Makes integers of magnitudes.
   *
   * @param in the FP32 numbers that have the signs
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param codes the magnitudes, then the integers
   */
  void integers(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes);

  /**
   * Makes zeros of what was a negative zero, in formats where that code is NaN.
   *
   * @param in the FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param encoding the format
   * @param codes the codes
   */
  void dropNegativeZeros(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes);

  /**
   * Multiplies.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param factors a factor for every {@link Line#GROUP} numbers
   * @param out where the products go
   * @param outAt where they begin
   * @param count how many
   */
  void multiply(
      MemorySegment in, long inAt, float[] factors, MemorySegment out, long outAt, int count);

  /**
   * Divides.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param divisors a divisor for every {@link Line#GROUP} numbers
   * @param out where the quotients go
   * @param outAt where they begin
   * @param count how many
   */
  void divide(
      MemorySegment in, long inAt, float[] divisors, MemorySegment out, long outAt, int count);

  /**
   * Narrows codes to bytes.
   *
   * @param codes the codes
   * @param out where the bytes go
   * @param outAt where they begin
   * @param count how many
   * @param up how far a code is shifted to stand at the top of 32 bits
   */
  void pack8(int[] codes, MemorySegment out, long outAt, int count, int up);

  /**
   * Packs bytes with a code in their upper halves two to a byte.
   *
   * @param in the bytes, from position 0
   * @param out where the pairs go
   * @param outAt where they begin
   * @param count how many codes
   */
  void pack4(MemorySegment in, MemorySegment out, long outAt, int count);

  /**
   * Narrows codes to 16 bits.
   *
   * @param codes the codes
   * @param out where they go
   * @param outAt where they begin
   * @param count how many
   */
  void pack16(int[] codes, MemorySegment out, long outAt, int count);

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
