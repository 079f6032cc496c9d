package octavo.kernels.matmul;

import java.util.Arrays;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Formats;

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
   * Packing is a transposition and a decoding at once: lines of codes of four rows are copied to
   * scratch memory that stays in L1, then read side by side, decoded and stored four to a k. A core
   * stores one number per cycle here, 3.1 Gelem/s on a Zen 3: FP32 and BF16 reach that, formats of
   * eight bits and fewer go through a table of their values at 2.6 to 2.8. The table knows every
   * format, NaN codes and E8M0 included. FP16 is decoded in its lines, by the processor's own
   * conversion, at 17 Gelem/s, and then stored like FP32.
   *
   * Measured and lost, Gelem/s on a Zen 3: transposition in registers, 8 x 8 numbers by
   * rearrangements of two vectors (1.4 to 2.1); table first, then transposition (1.9, then 3.1);
   * bytes shifted into place and multiplied by 2^(127-bias) in vectors (4.4 to 6.3, then 3.1, and
   * Intel takes an assist of some hundred cycles for each subnormal); the same as plain loops, which
   * C2 does not vectorize from bytes (0.8 to 1.4).
   *
   * Where rows adjoin instead (a transposed view), scratch memory takes some k of all rows, and the
   * same stores follow from there. Codes that lie otherwise, or in halves of bytes, are fetched one
   * by one.
   *
   * Plain loops, no vectors: they are fast before C2 has seen them.
   */

  private static final int QUAD = 4;

  /** Columns that are read at a time where rows adjoin. */
  private static final int STRIP = 32;

  private static final float[] NO_TABLE = {};

  private byte[] bytes = new byte[0];
  private byte[] nibbles = new byte[0];
  private short[] shorts = new short[0];
  private float[] floats = new float[0];

  PanelPacker() {}

  static boolean isFp32(ElementFormat format) {
    return format.equals(Formats.FP32);
  }

  /**
   * Packs elements, without their scales.
   *
   * @param from the operand
   * @param row its first row
   * @param rows how many
   * @param k its first column
   * @param depth how many
   * @param panel the rows of a panel
   * @param to where the panels go
   * @param toAt where the first begins
   */
  void pack(Source from, long row, int rows, long k, int depth, int panel, float[] to, int toAt) {
    if (from.rowsAdjoin()) {
      packColumns(from, row, rows, k, depth, panel, to, toAt);
      return;
    }
    ElementFormat format = from.element();
    if (format.bits() <= 8) {
      packBytes(from, DecodeTable.of(format), row, rows, k, depth, panel, to, toAt);
    } else if (format.equals(Formats.BF16)) {
      packBf16(from, row, rows, k, depth, panel, to, toAt);
    } else {
      packFloats(from, row, rows, k, depth, panel, to, toAt);
    }
    int rest = rows % panel;
    if (rest != 0) {
      blank(to, toAt + (rows - rest) * depth, depth, panel, rest);
    }
  }

  /** Codes of up to eight bits. */
  private void packBytes(
      Source from,
      float[] table,
      long row,
      int rows,
      long k,
      int depth,
      int panel,
      float[] to,
      int toAt) {
    int line = (depth + 1) & -2;
    bytes = bytes.length < QUAD * line ? new byte[QUAD * line] : bytes;
    nibbles = nibbles.length < line ? new byte[line] : nibbles;
    for (int r = 0; r < rows; ) {
      int count = together(rows - r, panel - r % panel);
      from.readBytes(row + r, count, k, depth, bytes, line, nibbles);
      int at = toAt + r / panel * panel * depth + r % panel;
      if (count == QUAD) {
        look4(bytes, line, depth, table, to, at, panel);
      } else {
        look(bytes, depth, table, to, at, panel);
      }
      r += count;
    }
  }

  private void packBf16(
      Source from, long row, int rows, long k, int depth, int panel, float[] to, int toAt) {
    shorts = shorts.length < QUAD * depth ? new short[QUAD * depth] : shorts;
    for (int r = 0; r < rows; ) {
      int count = together(rows - r, panel - r % panel);
      from.readShorts(row + r, count, k, depth, shorts, depth);
      int at = toAt + r / panel * panel * depth + r % panel;
      if (count == QUAD) {
        bf16x4(shorts, depth, to, at, panel);
      } else {
        bf16(shorts, depth, to, at, panel);
      }
      r += count;
    }
  }

  private void packFloats(
      Source from, long row, int rows, long k, int depth, int panel, float[] to, int toAt) {
    boolean fp16 = from.element().equals(Formats.FP16);
    floats = floats.length < QUAD * depth ? new float[QUAD * depth] : floats;
    shorts = fp16 && shorts.length < QUAD * depth ? new short[QUAD * depth] : shorts;
    for (int r = 0; r < rows; ) {
      int count = together(rows - r, panel - r % panel);
      if (fp16) {
        from.readShorts(row + r, count, k, depth, shorts, depth);
        fp16(shorts, count * depth, floats);
      } else {
        from.readFloats(row + r, count, k, depth, floats, depth);
      }
      int at = toAt + r / panel * panel * depth + r % panel;
      if (count == QUAD) {
        store4(floats, depth, to, at, panel);
      } else {
        store(floats, depth, to, at, panel);
      }
      r += count;
    }
  }

  /**
   * {@return how many rows go together}: four if there are so many, of the operand and its panel
   */
  private static int together(int rows, int ofPanel) {
    return Math.min(rows, ofPanel) >= QUAD ? QUAD : 1;
  }

  /** Rows that adjoin: some columns at a time, for all panels. */
  private void packColumns(
      Source from, long row, int rows, long k, int depth, int panel, float[] to, int toAt) {
    ElementFormat format = from.element();
    int line = rows * format.storageBits() / Byte.SIZE;
    bytes = bytes.length < STRIP * line ? new byte[STRIP * line] : bytes;
    float[] table = format.bits() <= 8 ? DecodeTable.of(format) : NO_TABLE;
    for (int done = 0; done < depth; done += STRIP) {
      int strip = Math.min(STRIP, depth - done);
      from.readColumns(row, rows, k + done, strip, bytes, line);
      for (int r = 0; r < rows; r += panel) {
        int at = toAt + r * depth + done * panel;
        int present = Math.min(panel, rows - r);
        columns(format, table, rows, r, present, strip, panel, to, at);
        if (present < panel) {
          blank(to, at, strip, panel, present);
        }
      }
    }
  }

  private void columns(
      ElementFormat format,
      float[] table,
      int rows,
      int first,
      int present,
      int strip,
      int panel,
      float[] to,
      int toAt) {
    if (table.length > 0) {
      lookColumns(bytes, rows, first, present, strip, table, panel, to, toAt);
    } else if (format.equals(Formats.BF16)) {
      bf16Columns(bytes, rows, first, present, strip, panel, to, toAt);
    } else if (isFp32(format)) {
      fp32Columns(bytes, rows, first, present, strip, panel, to, toAt);
    } else {
      boolean wide = format.bits() > 16;
      for (int i = 0; i < strip; i++) {
        for (int r = 0; r < present; r++) {
          int at = i * rows + first + r;
          int code = wide ? Source.intAt(bytes, at) : Source.shortAt(bytes, at) & 0xFFFF;
          to[toAt + i * panel + r] = format.decode(code);
        }
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
   * @param toAt where the first panel's begin
   */
  static void packScales(
      Source from,
      long row,
      int rows,
      long k,
      int runs,
      int length,
      int panel,
      float[] to,
      int toAt) {
    int padded = Math.ceilDiv(rows, panel) * panel;
    if (!from.scalesWithinRow()) {
      Arrays.fill(to, toAt, toAt + padded * runs, 1.0f);
      return;
    }
    Arrays.fill(to, toAt + (padded - panel) * runs, toAt + padded * runs, 0.0f);
    for (int r = 0; r < rows; r++) {
      int at = toAt + r / panel * panel * runs + r % panel;
      for (int run = 0; run < runs; run++) {
        to[at + run * panel] = from.scale(row + r, k + (long) run * length);
      }
    }
  }

  // ---- leaves: one loop each. Four lines side by side, or one line; columns lie `panel` apart.

  private static void look4(
      byte[] lines, int line, int depth, float[] table, float[] to, int toAt, int panel) {
    int mask = table.length - 1;
    int at = toAt;
    for (int k = 0; k < depth; k++) {
      to[at] = table[lines[k] & mask];
      to[at + 1] = table[lines[k + line] & mask];
      to[at + 2] = table[lines[k + 2 * line] & mask];
      to[at + 3] = table[lines[k + 3 * line] & mask];
      at += panel;
    }
  }

  private static void look(byte[] line, int depth, float[] table, float[] to, int toAt, int panel) {
    int mask = table.length - 1;
    for (int k = 0; k < depth; k++) {
      to[toAt + k * panel] = table[line[k] & mask];
    }
  }

  private static void bf16x4(short[] lines, int depth, float[] to, int toAt, int panel) {
    int at = toAt;
    for (int k = 0; k < depth; k++) {
      to[at] = Float.intBitsToFloat(lines[k] << 16);
      to[at + 1] = Float.intBitsToFloat(lines[k + depth] << 16);
      to[at + 2] = Float.intBitsToFloat(lines[k + 2 * depth] << 16);
      to[at + 3] = Float.intBitsToFloat(lines[k + 3 * depth] << 16);
      at += panel;
    }
  }

  private static void bf16(short[] line, int depth, float[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k++) {
      to[toAt + k * panel] = Float.intBitsToFloat(line[k] << 16);
    }
  }

  private static void fp16(short[] codes, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.float16ToFloat(codes[i]);
    }
  }

  private static void store4(float[] lines, int depth, float[] to, int toAt, int panel) {
    int at = toAt;
    for (int k = 0; k < depth; k++) {
      to[at] = lines[k];
      to[at + 1] = lines[k + depth];
      to[at + 2] = lines[k + 2 * depth];
      to[at + 3] = lines[k + 3 * depth];
      at += panel;
    }
  }

  private static void store(float[] line, int depth, float[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k++) {
      to[toAt + k * panel] = line[k];
    }
  }

  private static void lookColumns(
      byte[] lines,
      int rows,
      int first,
      int present,
      int strip,
      float[] table,
      int panel,
      float[] to,
      int toAt) {
    int mask = table.length - 1;
    for (int i = 0; i < strip; i++) {
      for (int r = 0; r < present; r++) {
        to[toAt + i * panel + r] = table[lines[i * rows + first + r] & mask];
      }
    }
  }

  private static void bf16Columns(
      byte[] lines, int rows, int first, int present, int strip, int panel, float[] to, int toAt) {
    for (int i = 0; i < strip; i++) {
      for (int r = 0; r < present; r++) {
        to[toAt + i * panel + r] =
            Float.intBitsToFloat(Source.shortAt(lines, i * rows + first + r) << 16);
      }
    }
  }

  private static void fp32Columns(
      byte[] lines, int rows, int first, int present, int strip, int panel, float[] to, int toAt) {
    for (int i = 0; i < strip; i++) {
      for (int r = 0; r < present; r++) {
        to[toAt + i * panel + r] = Float.intBitsToFloat(Source.intAt(lines, i * rows + first + r));
      }
    }
  }

  /** Zeros for the rows of a panel that are not there. */
  private static void blank(float[] to, int toAt, int depth, int panel, int present) {
    for (int k = 0; k < depth; k++) {
      for (int r = present; r < panel; r++) {
        to[toAt + k * panel + r] = 0.0f;
      }
    }
  }
}
