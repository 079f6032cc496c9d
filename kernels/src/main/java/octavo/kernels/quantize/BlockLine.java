package octavo.kernels.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.format.BlockFormat;
import octavo.format.BlockScaling;
import octavo.format.DecodeTable;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.ScaleRule;
import octavo.kernels.codec.Encoding;
import octavo.kernels.codec.Line;
import octavo.kernels.codec.Reducer;
import octavo.kernels.vector.ScratchPool;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The blocks that a {@link Line} meets: their largest magnitudes, scales and factors. */
final class BlockLine {

  /** The most blocks of a line. */
  static final int BLOCKS = Line.LENGTH / Line.GROUP;

  private static final int BLOCK = 32;
  private static final int SLACK = 16; // what Reducer writes beyond

  private static final ScratchPool<BlockLine> POOL = new ScratchPool<>(BlockLine::new);

  private final int[] largest = new int[BLOCKS + SLACK];
  private final int[] parts = new int[BLOCKS + SLACK];
  private final int[] codes = new int[BLOCKS + SLACK];
  private final byte[] bytes = new byte[BLOCKS];
  private final float[] factors = new float[BLOCKS + SLACK];
  private final float[] groups = new float[BLOCKS];

  private BlockLine() {}

  /** {@return working memory that no other call is using} */
  static BlockLine take() {
    return POOL.take();
  }

  /** Ends the use of this working memory. */
  void give() {
    POOL.give(this);
  }

  /** {@return a factor for every {@link Line#GROUP} elements, as the last call left them} */
  float[] groups() {
    return groups;
  }

  // ---- quantizing

  /** Forgets all magnitudes. */
  void reset(int blocks) {
    for (int b = 0; b < blocks; b++) {
      largest[b] = 0;
    }
  }

  /**
   * Takes the numbers of a line into account, which begins with a block.
   *
   * @param again whether to keep the magnitudes that were met before
   */
  void meet(Reducer reducer, Line line, int count, int blockLength, boolean again) {
    int part = blockLength % 32 == 0 ? 32 : 16;
    boolean direct = !again && blockLength == part;
    int[] to = direct ? largest : parts;
    if (part == 32) {
      reducer.largestOf32(line.source(), line.sourceAt(), Line.padded(count), to);
    } else {
      reducer.largestOf16(line.source(), line.sourceAt(), Line.padded(count), to);
    }
    if (direct) {
      return;
    }
    int partsPerBlock = blockLength / part;
    int present = Math.ceilDiv(count, part);
    for (int b = 0, p = 0; p < present; b++) {
      int most = again ? largest[b] : 0;
      for (int end = Math.min(p + partsPerBlock, present); p < end; p++) {
        most = Math.max(most, parts[p]);
      }
      largest[b] = most;
    }
  }

  /** Takes a magnitude of the only block into account. */
  void meet(int magnitude) {
    largest[0] = Math.max(largest[0], magnitude);
  }

  /** Chooses scales, and factors or divisors, from the magnitudes. */
  void choose(
      BlockFormat format,
      @Nullable ScaleTable table,
      Reducer reducer,
      float tensorScale,
      int blocks) {
    if (table != null) {
      table.choose(largest, blocks, codes, factors);
    } else if (format.scale().equals(Formats.FP32)) {
      fp32Scales(format.element().maxFinite(), blocks);
    } else if (finite(blocks)) {
      reducer.e4m3Scales(
          largest, blocks, format.element().maxFinite(), tensorScale, codes, factors);
    } else {
      for (int b = 0; b < blocks; b++) {
        float amax = Float.intBitsToFloat(largest[b]);
        codes[b] = BlockScaling.scaleCode(format, ScaleRule.OCP_FLOOR, amax, tensorScale);
        factors[b] = BlockScaling.factor(format, codes[b], tensorScale);
      }
    }
  }

  /** {@link BlockScaling#scaleCode} for FP32 scales, without its choices. */
  private void fp32Scales(float maxElement, int blocks) {
    for (int b = 0; b < blocks; b++) {
      float amax = Float.intBitsToFloat(largest[b]);
      float scale = amax == 0 ? 1.0f : Math.max(amax / maxElement, Float.MIN_NORMAL);
      factors[b] = amax <= Float.MAX_VALUE ? scale : Float.NaN;
      codes[b] = Float.floatToRawIntBits(factors[b]);
    }
  }

  private boolean finite(int blocks) {
    int most = 0;
    for (int b = 0; b < blocks; b++) {
      most = Math.max(most, largest[b]);
    }
    return most < Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  }

  /** Writes the codes of the scales. */
  void writeScales(Tensor scales, long at, int blocks) {
    if (scales.element().equals(Formats.FP32)) {
      MemorySegment.copy(codes, 0, scales.data(), Codes.INT, at * Integer.BYTES, blocks);
    } else {
      for (int b = 0; b < blocks; b++) {
        bytes[b] = (byte) codes[b];
      }
      MemorySegment.copy(bytes, 0, scales.data(), ValueLayout.JAVA_BYTE, at, blocks);
    }
  }

  /** Quantizes a line of blocks of 32 that has been read, and writes scales and codes. */
  void writeBlocks(
      Line line,
      Encoding encoding,
      ScaleTable table,
      Tensor scales,
      long scaleAt,
      long at,
      int count) {
    line.writeBlocks(encoding, table.codes, table.thresholds, ScaleTable.FACTORS, bytes, at, count);
    MemorySegment.copy(bytes, 0, scales.data(), ValueLayout.JAVA_BYTE, scaleAt, count / BLOCK);
  }

  // ---- dequantizing

  /** Reads scales, times the tensor scale. */
  void readScales(Tensor scales, long at, int blocks, float tensorScale) {
    FloatFormat format = (FloatFormat) scales.element();
    if (format.equals(Formats.FP32)) {
      MemorySegment.copy(scales.data(), Codes.FLOAT, at * Float.BYTES, factors, 0, blocks);
      for (int b = 0; b < blocks; b++) {
        factors[b] *= tensorScale;
      }
    } else {
      float[] values = DecodeTable.of(format);
      MemorySegment.copy(scales.data(), ValueLayout.JAVA_BYTE, at, bytes, 0, blocks);
      for (int b = 0; b < blocks; b++) {
        factors[b] = values[bytes[b] & 0xFF] * tensorScale;
      }
    }
  }

  // ---- both

  /**
   * Gives every group of elements the factor of its block.
   *
   * @param offset the first element's position in the first block, a multiple of {@link Line#GROUP}
   * @param count how many elements
   * @param blockLength the elements of a block along a row
   */
  void spread(long offset, int count, long blockLength) {
    int present = Math.ceilDiv(count, Line.GROUP);
    if (blockLength == Line.GROUP) {
      System.arraycopy(factors, 0, groups, 0, present);
      return;
    }
    if (blockLength == 2 * Line.GROUP && offset == 0) {
      for (int g = 0; g < present; g++) {
        groups[g] = factors[g >> 1];
      }
      return;
    }
    long left = (blockLength - offset) / Line.GROUP;
    for (int b = 0, g = 0; g < present; b++) {
      for (int end = (int) Math.min(g + left, present); g < end; g++) {
        groups[g] = factors[b];
      }
      left = blockLength / Line.GROUP;
    }
  }

  /** {@return whether blocks of a length can be cut into groups} */
  static boolean covers(BlockFormat format) {
    return format.blockColumns() % Line.GROUP == 0;
  }
}
