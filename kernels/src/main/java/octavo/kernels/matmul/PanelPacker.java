package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import octavo.format.BlockFormat;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** Decodes parts of operands to FP32 and lays them out in panels for {@link Tile}. */
final class PanelPacker {
  /*
   * A panel holds P rows of an operand, for each k the numbers of its rows side by side:
   *
   *   packed[panel * P * depth + k * P + row]
   *
   * so that a tile reads both operands from front to back. Missing rows of the last panel are
   * zeros.
   *
   * Packing is a transposition and a decoding. Codes of up to eight bits are transposed first, as
   * bytes, four rows by eight columns at a time within four longs, and then decoded in place order
   * with a table. A prototype with eight rows reached 2.8 Gelem/s that way, against 1.0 for "decode
   * each row, store with stride P" and 2.2 for four rows side by side through the table; alone, the
   * transposition ran at 7 and the table at 4.2, about one look-up per cycle. Wider codes go four
   * rows side by side (3 Gelem/s), decoded by a shift (BF16) or by the processor's FP16 conversion.
   *
   * Tried and lost: SIMD decoding by shift and a multiplication with 2^(127-bias) is exact but,
   * where an element is subnormal, multiplies an FP32 subnormal: Intel takes an assist of some
   * hundred cycles for each, and random E4M3FN codes ran at 0.6 Gelem/s. The table knows every
   * format, NaN codes and E8M0 included.
   *
   * Codes of a row that is not contiguous (a transposed view), or starts in the middle of a byte,
   * are fetched one by one; the rest is the same.
   */

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int QUAD = 4;
  private static final float[] NO_TABLE = {};

  private byte[] lines = new byte[0];
  private byte[] nibbles = new byte[0];
  private byte[] codes = new byte[0];
  private short[] shorts = new short[0];
  private float[] floats = new float[0];

  PanelPacker() {}

  /**
   * Packs elements, without their scales.
   *
   * @param from the operand
   * @param row its first row
   * @param rows how many
   * @param k its first column
   * @param depth how many
   * @param panel the rows of a panel, a multiple of four
   * @param to where the panels go
   */
  void pack(Tensor from, long row, int rows, long k, int depth, int panel, float[] to) {
    ElementFormat format = from.element();
    reserve(format, depth, panel);
    float[] table = format.bits() <= 8 ? DecodeTable.of(format) : NO_TABLE;
    for (int p = 0; p < rows; p += panel) {
      for (int r = 0; r < panel; r += QUAD) {
        int present = Math.clamp(rows - p - r, 0, QUAD);
        int at = p * depth + r;
        if (table.length > 0) {
          readBytes(from, row + p + r, present, k, depth);
          transpose(lines, depth, codes, r, panel);
        } else if (format.equals(Formats.BF16) || format.equals(Formats.FP16)) {
          readShorts(from, row + p + r, present, k, depth);
          if (format.equals(Formats.BF16)) {
            spreadBf16(shorts, depth, to, at, panel);
          } else {
            spreadFp16(shorts, depth, to, at, panel);
          }
        } else {
          readFloats(from, row + p + r, present, k, depth);
          spread(floats, depth, to, at, panel);
        }
      }
      if (table.length > 0) {
        look(codes, table, to, p * depth, panel * depth);
      }
    }
  }

  /**
   * Packs the scales of runs, for each run those of a panel's rows side by side; 1 if the operand
   * has no scales within its rows.
   *
   * @param from the operand
   * @param row its first row
   * @param rows how many
   * @param k the column where the first run begins
   * @param runs how many
   * @param length the length of a run
   * @param panel the rows of a panel
   * @param to where the scales go; those of missing rows are zeros
   */
  static void packScales(
      Tensor from, long row, int rows, long k, int runs, int length, int panel, float[] to) {
    int padded = Math.ceilDiv(rows, panel) * panel;
    if (!(from.format() instanceof BlockFormat block) || !block.scalesWithinRow()) {
      Arrays.fill(to, 0, padded * runs, 1.0f);
      return;
    }
    Tensor scales = from.scales();
    float[] table = block.scale().bits() <= 8 ? DecodeTable.of(block.scale()) : NO_TABLE;
    Arrays.fill(to, 0, padded * runs, 0.0f);
    for (int r = 0; r < rows; r++) {
      long scaleRow = (row + r) / block.blockRows() * scales.stride(0);
      int at = r / panel * panel * runs + r % panel;
      for (int run = 0; run < runs; run++) {
        long scaleColumn = (k + (long) run * length) / block.blockColumns();
        to[at + run * panel] = scale(scales, table, scaleRow + scaleColumn * scales.stride(1));
      }
    }
  }

  /**
   * {@return the factor that applies to a row's results: row or tensor scale, times tensor scale}
   *
   * @param from the operand
   * @param row the row
   */
  static float endFactor(Tensor from, long row) {
    float scale = 1.0f;
    if (from.format() instanceof BlockFormat block && !block.scalesWithinRow()) {
      Tensor scales = from.scales();
      float[] table = block.scale().bits() <= 8 ? DecodeTable.of(block.scale()) : NO_TABLE;
      boolean one = block.blockRows() == BlockFormat.WHOLE;
      scale = scale(scales, table, one ? 0 : row / block.blockRows() * scales.stride(0));
    }
    return scale * from.tensorScale();
  }

  private static float scale(Tensor scales, float[] table, long offset) {
    FloatFormat format = (FloatFormat) scales.element();
    int code = Codes.get(scales.data(), format, offset);
    return table.length > 0 ? table[code & (table.length - 1)] : format.decode(code);
  }

  private void reserve(ElementFormat format, int depth, int panel) {
    int padded = (depth + 7) & -8;
    if (format.bits() > 16) {
      floats = floats.length < QUAD * depth ? new float[QUAD * depth] : floats;
    } else if (format.bits() > 8) {
      shorts = shorts.length < QUAD * depth ? new short[QUAD * depth] : shorts;
      floats = floats.length < QUAD * depth ? new float[QUAD * depth] : floats;
    } else {
      lines = lines.length < QUAD * padded ? new byte[QUAD * padded] : lines;
      nibbles = nibbles.length < padded ? new byte[padded] : nibbles;
      codes = codes.length < panel * padded ? new byte[panel * padded] : codes;
    }
  }

  // ---- reading four rows; rows that are not present become zeros

  private void readBytes(Tensor from, long row, int present, long k, int depth) {
    MemorySegment data = from.data();
    ElementFormat format = from.element();
    int line = (depth + 7) & -8;
    for (int r = 0; r < present; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (!from.unitColumnStride() || (format.storageBits() == 4 && (at & 1) != 0)) {
        for (int i = 0; i < depth; i++) {
          lines[r * line + i] = (byte) Codes.get(data, format, at + i * from.stride(1));
        }
      } else if (format.storageBits() == 4) {
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at >> 1, nibbles, 0, (depth + 1) >> 1);
        widen(nibbles, lines, r * line, line);
      } else {
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, lines, r * line, depth);
      }
    }
    Arrays.fill(lines, present * line, QUAD * line, (byte) 0);
  }

  private void readShorts(Tensor from, long row, int present, long k, int depth) {
    MemorySegment data = from.data();
    for (int r = 0; r < present; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (from.unitColumnStride()) {
        MemorySegment.copy(data, Codes.SHORT, at << 1, shorts, r * depth, depth);
      } else {
        for (int i = 0; i < depth; i++) {
          shorts[r * depth + i] = data.get(Codes.SHORT, (at + i * from.stride(1)) << 1);
        }
      }
    }
    Arrays.fill(shorts, present * depth, QUAD * depth, (short) 0);
  }

  private void readFloats(Tensor from, long row, int present, long k, int depth) {
    MemorySegment data = from.data();
    ElementFormat format = from.element();
    for (int r = 0; r < present; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (from.unitColumnStride() && format.equals(Formats.FP32)) {
        MemorySegment.copy(data, Codes.FLOAT, at << 2, floats, r * depth, depth);
      } else {
        for (int i = 0; i < depth; i++) {
          floats[r * depth + i] = format.decode(Codes.get(data, format, at + i * from.stride(1)));
        }
      }
    }
    Arrays.fill(floats, present * depth, QUAD * depth, 0.0f);
  }

  // ---- leaves: one loop each

  /** Two codes per byte to one, eight at a time, the even one from the low half. */
  private static void widen(byte[] from, byte[] to, int toAt, int count) {
    for (int i = 0; i < count; i += 8) {
      long x = (int) INT.get(from, i >> 1) & 0xFFFF_FFFFL;
      x = (x | x << 16) & 0x0000_FFFF_0000_FFFFL;
      x = (x | x << 8) & 0x00FF_00FF_00FF_00FFL;
      x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0FL;
      LONG.set(to, toAt + i, x);
    }
  }

  /** Four lines of codes to columns of four, {@code panel} bytes apart. */
  private static void transpose(byte[] lines, int depth, byte[] to, int toAt, int panel) {
    int line = (depth + 7) & -8;
    for (int k = 0; k < depth; k += 8) {
      long a = (long) LONG.get(lines, k);
      long b = (long) LONG.get(lines, k + line);
      long c = (long) LONG.get(lines, k + 2 * line);
      long d = (long) LONG.get(lines, k + 3 * line);
      // Exchange odd bytes of a and c with even bytes of b and d ...
      long odd = ((a >>> 8) ^ b) & 0x00FF_00FF_00FF_00FFL;
      b ^= odd;
      a ^= odd << 8;
      odd = ((c >>> 8) ^ d) & 0x00FF_00FF_00FF_00FFL;
      d ^= odd;
      c ^= odd << 8;
      // ... then odd pairs of a and b with even pairs of c and d: a holds columns 0 and 4, b 1 and
      // 5.
      odd = ((a >>> 16) ^ c) & 0x0000_FFFF_0000_FFFFL;
      c ^= odd;
      a ^= odd << 16;
      odd = ((b >>> 16) ^ d) & 0x0000_FFFF_0000_FFFFL;
      d ^= odd;
      b ^= odd << 16;
      int at = toAt + k * panel;
      INT.set(to, at, (int) a);
      INT.set(to, at + panel, (int) b);
      INT.set(to, at + 2 * panel, (int) c);
      INT.set(to, at + 3 * panel, (int) d);
      INT.set(to, at + 4 * panel, (int) (a >>> 32));
      INT.set(to, at + 5 * panel, (int) (b >>> 32));
      INT.set(to, at + 6 * panel, (int) (c >>> 32));
      INT.set(to, at + 7 * panel, (int) (d >>> 32));
    }
  }

  private static void look(byte[] codes, float[] table, float[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = table[codes[i] & (table.length - 1)];
    }
  }

  private static void spread(float[] lines, int depth, float[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k++) {
      int at = toAt + k * panel;
      to[at] = lines[k];
      to[at + 1] = lines[k + depth];
      to[at + 2] = lines[k + 2 * depth];
      to[at + 3] = lines[k + 3 * depth];
    }
  }

  private static void spreadBf16(short[] lines, int depth, float[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k++) {
      int at = toAt + k * panel;
      to[at] = Float.intBitsToFloat(lines[k] << 16);
      to[at + 1] = Float.intBitsToFloat(lines[k + depth] << 16);
      to[at + 2] = Float.intBitsToFloat(lines[k + 2 * depth] << 16);
      to[at + 3] = Float.intBitsToFloat(lines[k + 3 * depth] << 16);
    }
  }

  private static void spreadFp16(short[] lines, int depth, float[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k++) {
      int at = toAt + k * panel;
      to[at] = Float.float16ToFloat(lines[k]);
      to[at + 1] = Float.float16ToFloat(lines[k + depth]);
      to[at + 2] = Float.float16ToFloat(lines[k + 2 * depth]);
      to[at + 3] = Float.float16ToFloat(lines[k + 3 * depth]);
    }
  }
}
