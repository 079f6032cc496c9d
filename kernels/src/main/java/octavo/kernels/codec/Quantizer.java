package octavo.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/** Numbers to blocks of codes with a scale in E8M0. */
interface Quantizer {

  /** {@return whether blocks are what the width's vectors can hold} */
  boolean takesBlocks();

  /**
   * Quantizes blocks of 32 numbers, elements to nearest even in bytes that have the code at the
   * top.
   *
   * @param in FP32 numbers, off-heap
   * @param inAt where they begin, in bytes
   * @param out where the bytes go, off-heap
   * @param outAt where they begin
   * @param count how many numbers, a multiple of {@link Line#UNIT}
   * @param encoding the format of the elements, {@linkplain Encoding#fused fused}
   * @param steps the scale's code for each exponent field of a block's largest magnitude
   * @param thresholds the bits of magnitudes above which it is one more
   * @param factors what elements are multiplied by for each code of a scale
   * @param scales where the codes of the scales go
   * @return the bits of the largest magnitude: from infinity on, blocks have the NaN scale, and
   *     their elements are the caller's
   */
  int blocks32(
      MemorySegment in,
      long inAt,
      MemorySegment out,
      long outAt,
      int count,
      Encoding encoding,
      int[] steps,
      int[] thresholds,
      float[] factors,
      byte[] scales);

  /**
   * {@return the quantizer for a width}, made at first use
   *
   * @param width the width
   */
  static Quantizer of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.QUANTIZER;
      case BITS_256 -> Bits256.QUANTIZER;
      case BITS_512 -> Bits512.QUANTIZER;
    };
  }

  private static Quantizer copy(Width width) {
    return WidthCopies.instance(
        MethodHandles.lookup(), Quantizer.class, QuantizerLanes.class, width);
  }

  /** Holds the quantizer of 128 bits. */
  final class Bits128 {
    private static final Quantizer QUANTIZER = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the quantizer of 256 bits. */
  final class Bits256 {
    private static final Quantizer QUANTIZER = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the quantizer of 512 bits. */
  final class Bits512 {
    private static final Quantizer QUANTIZER = copy(Width.BITS_512);

    private Bits512() {}
  }
}
