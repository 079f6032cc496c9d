package octavo;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.format.ScaleRule;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * Blocks of FP4 as ggml quantizes them: {@code quantize_row_mxfp4_ref} and {@code
 * quantize_row_nvfp4_ref} of ggml 0.25, bit for bit.
 *
 * <ul>
 *   <li>The largest magnitude passes over NaN.
 *   <li>MXFP4: the scale's code is {@code floor(log2f(amax)) + 125}, in eight bits without regard
 *       for what is lost: blocks below 2^-125 get codes from 0xFF down. A block with infinity gets
 *       code 0: C leaves the conversion undefined, and this is what x86-64 does.
 *   <li>NVFP4: the scale is amax / 6 in E4M3FN without sign, rounded half up, at most 448, and 448
 *       from 256 on. There is no factor for the tensor. Code 0 decodes to 0.
 *   <li>An element gets the nearest value of the table 0, .5, 1, 1.5, 2, 3, 4, 6 and their
 *       negatives, computed as FP32 differences, the first of equals: halfway cases toward zero,
 *       never -0, and 0 for what is NaN, infinite or so large that the differences are equal.
 * </ul>
 */
final class GgmlBlocks {

  /** The table of ggml, twice the values. */
  private static final int[] DOUBLED = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  /** Scales by which numbers can be divided without loss. */
  private static final int FAST_FROM = 2;

  private static final int FAST_TO = 250;

  private static final int INFINITY = 0x7F80_0000;

  /** Numbers of a part: some hundreds of microseconds. */
  private static final long PART = 1 << 15;

  /** The bits of 12, the largest of the table. */
  private static final int TWELVE = 0x4140_0000;

  /** The leading bits of the numbers up to 0.5, below which all is 0. */
  private static final int LEAST_LEADING = (0x3F00_0000 - 1) >> 21;

  private static final byte[] BY_LEADING_BITS = byLeadingBits();

  private GgmlBlocks() {}

  /** Quantizes a checked tensor, a part of its rows at a time. */
  static void quantize(Tensor in, Tensor out, Workers workers) {
    BlockFormat format = (BlockFormat) out.format();
    if (format.tensorScale()) {
      out.setTensorScale(1.0f);
    }
    Tensor from = in.matrix();
    Tensor to = out.matrix();
    Tensor scales = out.scales().matrix();
    long rowsPerPart = Math.max(1, PART / Math.max(1, from.columns()));
    int parts = Math.toIntExact(Math.ceilDiv(from.rows(), rowsPerPart));
    workers.run(
        parts,
        part -> {
          long first = part * rowsPerPart;
          rows(format, from, to, scales, first, Math.min(from.rows(), first + rowsPerPart));
        });
  }

  private static void rows(
      BlockFormat format, Tensor from, Tensor to, Tensor scales, long first, long end) {
    int length = format.blockColumns();
    float[] values = new float[length];
    int[] codes = new int[length];
    for (long i = first; i < end; i++) {
      for (long block = 0; block < scales.columns(); block++) {
        read(from, i * from.stride(0) + block * length * from.stride(1), values);
        int scale = quantize(format, values, codes);
        long scaleAt = i * scales.stride(0) + block * scales.stride(1);
        Codes.set(scales.data(), format.scale(), scaleAt, scale);
        write(to, i * to.stride(0) + block * length * to.stride(1), codes);
      }
    }
  }

  private static void read(Tensor from, long first, float[] values) {
    if (from.element().equals(Formats.FP32) && from.unitColumnStride()) {
      MemorySegment.copy(from.data(), Codes.FLOAT, first * Float.BYTES, values, 0, values.length);
      return;
    }
    for (int k = 0; k < values.length; k++) {
      int code = Codes.get(from.data(), from.element(), first + k * from.stride(1));
      values[k] = from.element().decode(code);
    }
  }

  private static void write(Tensor to, long first, int[] codes) {
    if (to.unitColumnStride()) {
      for (int k = 0; k < codes.length; k += 2) {
        byte pair = (byte) (codes[k] | codes[k + 1] << 4);
        to.data().set(ValueLayout.JAVA_BYTE, (first + k) >> 1, pair);
      }
      return;
    }
    for (int k = 0; k < codes.length; k++) {
      Codes.set(to.data(), to.element(), first + k * to.stride(1), codes[k]);
    }
  }

  /** {@return the scale code of one block; the codes go to an array} */
  static int quantize(BlockFormat format, float[] values, int[] codes) {
    int largest = 0;
    for (float value : values) {
      int magnitude = Float.floatToRawIntBits(value) & 0x7FFF_FFFF;
      largest = Math.max(largest, magnitude > INFINITY ? 0 : magnitude);
    }
    float amax = Float.intBitsToFloat(largest);
    boolean isMx = format.equals(Formats.MXFP4);
    int scale = isMx ? exponent(amax) : unsigned(amax / 6.0f);
    float half = isMx ? halfPower(scale) : Formats.E4M3FN.decode(scale) * 0.5f;
    if (isMx && scale >= FAST_FROM && scale <= FAST_TO) {
      float perHalf = Float.intBitsToFloat((127 + 128 - scale) << 23);
      for (int k = 0; k < values.length; k++) {
        codes[k] = nearestByTable(values[k] * perHalf, values[k], half);
      }
    } else {
      for (int k = 0; k < values.length; k++) {
        codes[k] = nearest(values[k], half);
      }
    }
    return scale;
  }

  private static int exponent(float amax) {
    if (amax == 0 || amax == Float.POSITIVE_INFINITY) {
      return 0;
    }
    int bits = Float.floatToRawIntBits(amax);
    // Only close below a power of two does the rounded logarithm reach the next integer.
    boolean plain = bits >= 0x0080_0000 && (bits & 0x007F_FF00) != 0x007F_FF00;
    int floor = plain ? (bits >>> 23) - 127 : ScaleRule.floorOfRoundedLog2(amax);
    return (floor - 2 + 127) & 0xFF;
  }

  /** {@return 2^(code - 128): what the doubled table is multiplied by} */
  private static float halfPower(int code) {
    return code < 2
        ? Float.intBitsToFloat(0x0020_0000 << code)
        : Float.intBitsToFloat((code - 1) << 23);
  }

  /** {@return the code of a scale: E4M3FN, half up} */
  private static int unsigned(float value) {
    if (!(value > 0)) {
      return 0;
    }
    if (value >= 256) {
      return 0x7E;
    }
    if (value < 0x1p-6f) {
      return Math.min(7, (int) (value * 512 + 0.5f));
    }
    // Below 256 a carry from the mantissa goes on to the exponent, at most to 0x78, which is 256.
    int bits = Float.floatToRawIntBits(value);
    int code = ((bits >>> 20) - (120 << 3)) + (bits >>> 19 & 1);
    return code >= 0x78 ? 0x7E : code;
  }

  /**
   * {@return the nearest code of a number that was divided by a power of two}, which is exact, so
   * that one look into a table does: all midpoints have three leading bits and zeros, and one less
   * than their bits is below them
   */
  private static int nearestByTable(float doubled, float value, float half) {
    int bits = Float.floatToRawIntBits(doubled);
    int magnitude = bits & 0x7FFF_FFFF;
    if (magnitude > TWELVE) {
      return nearest(value, half);
    }
    int code = BY_LEADING_BITS[Math.max(0, ((magnitude - 1) >> 21) - LEAST_LEADING)];
    return code == 0 ? 0 : code | (bits >>> 28 & 8);
  }

  private static byte[] byLeadingBits() {
    byte[] table = new byte[((TWELVE - 1) >> 21) - LEAST_LEADING + 1];
    for (int i = 0; i < table.length; i++) {
      // The largest number with these leading bits, and so not above a midpoint that they end at.
      float largest = Float.intBitsToFloat(((i + LEAST_LEADING + 1) << 21));
      table[i] = (byte) (i == 0 ? 0 : nearest(largest, 1));
    }
    return table;
  }

  private static int nearest(float value, float half) {
    int sign = value < 0 ? 8 : 0;
    float magnitude = Math.abs(value);
    if (magnitude <= 12 * half && 12 * half <= Float.MAX_VALUE) {
      // All differences near a midpoint are exact, and so midpoints decide.
      int code =
          (magnitude > 0.5f * half ? 1 : 0)
              + (magnitude > 1.5f * half ? 1 : 0)
              + (magnitude > 2.5f * half ? 1 : 0)
              + (magnitude > 3.5f * half ? 1 : 0)
              + (magnitude > 5 * half ? 1 : 0)
              + (magnitude > 7 * half ? 1 : 0)
              + (magnitude > 10 * half ? 1 : 0);
      return code == 0 ? 0 : code | sign;
    }
    int best = 0;
    float least = Math.abs(DOUBLED[0] * half - value);
    for (int code = 1; code < DOUBLED.length; code++) {
      float error = Math.abs(DOUBLED[code] * half - value);
      if (error < least) {
        best = code;
        least = error;
      }
    }
    return best;
  }
}
