package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import org.jspecify.annotations.Nullable;

/** Decodes parts of operands to FP32 and lays them out for {@link Tile}: in rows or in panels. */
final class PanelPacker {
  /*
   * Rows lie as they are, `stride` apart. A panel holds P rows of an operand, for each k the numbers
   * of its rows side by side:
   *
   *   packed[panel * P * depth + k * P + row]
   *
   * Missing rows of the last panel, or of the last tile, are zeros.
   *
   * Rows are copied, decoded in vectors (RowDecoderLanes) or through a table, and are done; panels
   * take one more pass, which weaves two rows at a time into their places. A core stores one number
   * per cycle there, 3.1 Gelem/s on a Zen 3, while decoding runs at three to six and copying at ten
   * and more. Codes of a byte are woven as bytes, four at a time, and decoded in place. Hence
   * TiledProduct keeps panels to the operand that has fewer rows.
   *
   * weave() is unrolled until its code is too large for C2 to inline (325 bytes), and a test keeps
   * it so: inlined beside a call of memory copying, such a loop ran at half its speed, 1.1 instead
   * of 2.1 Gelem/s for look-ups stored in panels.
   *
   * Measured and lost, Gelem/s on a Zen 3: transposition in registers, 8 x 8 numbers by
   * rearrangements of two vectors (1.4 to 2.1); look-ups stored at once into panels (2.0 at best,
   * against the same for decoding and weaving, which serves every format); plain loops from bytes,
   * which C2 does not vectorize (0.8 to 1.4).
   *
   * Where rows adjoin (a transposed view), scratch memory takes some k of all rows, and numbers are
   * decoded one by one from there. Codes that lie otherwise, or in halves of bytes, are fetched one
   * by one.
   */

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  /** Rows that are read and decoded at a time. */
  private static final int TOGETHER = 2;

  /** Columns that are read at a time where rows adjoin. */
  private static final int STRIP = 32;

  /** What vectors may read or write behind a line. */
  private static final int SLACK = 16;

  private static final int QUAD = 4;

  private static final float[] NO_TABLE = {};

  private byte[] bytes = new byte[0];
  private byte[] nibbles = new byte[0];
  private byte[] panelBytes = new byte[0];
  private short[] shorts = new short[0];
  private float[] lines = new float[0];
  private float[] factors = new float[0];

  /** The length of runs whose scales are multiplied into the numbers; 0: none are. */
  private int fold;

  PanelPacker() {}

  /**
   * Chooses whether the numbers to be packed are multiplied by their scales.
   *
   * @param run the length of a run, a power of two of at least the lanes of a vector, for an
   *     operand whose {@linkplain Source#scalesFold scales fold}; 0: they are not
   */
  void foldScales(int run) {
    fold = run;
  }

  static boolean isFp32(ElementFormat format) {
    return format.equals(Formats.FP32);
  }

  /**
   * {@return how far rows of a depth must lie apart} Not at a power of two, for the caches' sake.
   */
  static int stride(int depth) {
    return (depth + SLACK - 1) / SLACK * SLACK + SLACK;
  }

  /**
   * Packs rows.
   *
   * @param decoder decodes them
   * @param from the operand
   * @param row its first row
   * @param rows how many
   * @param padded with how many rows of zeros
   * @param k its first column
   * @param depth how many
   * @param stride how far they shall lie apart
   * @param to where they go
   */
  void packRows(
      RowDecoder decoder,
      Source from,
      long row,
      int rows,
      int padded,
      long k,
      int depth,
      int stride,
      float[] to) {
    if (from.rowsAdjoin()) {
      columns(from, row, rows, k, depth, to, 0, rows, 0, stride, 1);
    } else {
      for (int r = 0; r < rows; r += TOGETHER) {
        decode(
            decoder, from, row + r, Math.min(TOGETHER, rows - r), k, depth, to, r * stride, stride);
      }
    }
    Arrays.fill(to, rows * stride, padded * stride, 0.0f);
  }

  /** Packs panels without vectors. */
  void pack(Source from, long row, int rows, long k, int depth, int panel, float[] to, int toAt) {
    packPanels(null, from, row, rows, k, depth, panel, to, toAt);
  }

  /**
   * Packs panels.
   *
   * @param decoder decodes the rows; plain loops do if it is {@code null}
   * @param from the operand
   * @param row its first row
   * @param rows how many
   * @param k its first column
   * @param depth how many
   * @param panel the rows of a panel
   * @param to where the panels go
   * @param toAt where the first begins
   */
  void packPanels(
      @Nullable RowDecoder decoder,
      Source from,
      long row,
      int rows,
      long k,
      int depth,
      int panel,
      float[] to,
      int toAt) {
    if (from.rowsAdjoin()) {
      columns(from, row, rows, k, depth, to, toAt, panel, panel * depth, 1, panel);
    } else if (from.element().bits() <= 8 && panel % 2 == 0 && !folds(from)) {
      packBytes(decoder, from, row, rows, k, depth, panel, to, toAt);
      return;
    } else {
      int line = stride(depth);
      lines = TiledProduct.grown(lines, TOGETHER * line + SLACK);
      for (int r = 0; r < rows; r += TOGETHER) {
        int count = Math.min(TOGETHER, rows - r);
        decode(decoder, from, row + r, count, k, depth, lines, 0, line);
        int at = toAt + r / panel * panel * depth + r % panel;
        if (count == TOGETHER) {
          weave(lines, line, depth, to, at, panel);
        } else {
          put(lines, depth, to, at, panel);
        }
      }
    }
    int rest = rows % panel;
    if (rest != 0) {
      blank(to, toAt + (rows - rest) * depth, depth, panel, rest);
    }
  }

  /** Panels of codes of up to eight bits: transposed as bytes, then decoded in place order. */
  private void packBytes(
      @Nullable RowDecoder decoder,
      Source from,
      long row,
      int rows,
      long k,
      int depth,
      int panel,
      float[] to,
      int toAt) {
    int line = ((depth + 7) & -8) + SLACK;
    bytes = bytes.length < QUAD * line ? new byte[QUAD * line] : bytes;
    nibbles = nibbles.length < line ? new byte[line] : nibbles;
    int woven = panel * ((depth + 7) & -8) + SLACK;
    panelBytes = panelBytes.length < woven ? new byte[woven] : panelBytes;
    for (int p = 0; p < rows; p += panel) {
      for (int r = 0; r < panel; ) {
        int together = panel - r >= QUAD ? QUAD : 2;
        int present = Math.clamp(rows - p - r, 0, together);
        if (present > 0) {
          from.readBytes(row + p + r, present, k, depth, bytes, line, nibbles);
        }
        Arrays.fill(bytes, present * line, together * line, (byte) 0);
        if (together == QUAD) {
          transpose4(bytes, line, depth, panelBytes, r, panel);
        } else {
          transpose2(bytes, line, depth, panelBytes, r, panel);
        }
        r += together;
      }
      decode(decoder, from.element(), panelBytes, 0, panel * depth, to, toAt + p * depth);
      int missing = panel - (rows - p);
      if (missing > 0) {
        blank(to, toAt + p * depth, depth, panel, panel - missing); // Code 0 may be another number.
      }
    }
  }

  // ---- rows

  /** Decodes up to two rows. */
  private void decode(
      @Nullable RowDecoder decoder,
      Source from,
      long row,
      int rows,
      long k,
      int depth,
      float[] to,
      int toAt,
      int stride) {
    ElementFormat format = from.element();
    if (format.bits() <= 8) {
      decodeBytes(decoder, format, from, row, rows, k, depth, to, toAt, stride);
    } else if (format.bits() > 16) {
      from.readFloats(row, rows, k, depth, to, toAt, stride);
    } else {
      int line = depth + SLACK;
      shorts = shorts.length < TOGETHER * line ? new short[TOGETHER * line] : shorts;
      from.readShorts(row, rows, k, depth, shorts, line);
      for (int r = 0; r < rows; r++) {
        if (!format.equals(Formats.BF16)) {
          fp16(shorts, r * line, depth, to, toAt + r * stride);
        } else if (decoder != null) {
          decoder.bf16(shorts, r * line, depth, to, toAt + r * stride);
        } else {
          bf16(shorts, r * line, depth, to, toAt + r * stride);
        }
      }
    }
  }

  private void decodeBytes(
      @Nullable RowDecoder decoder,
      ElementFormat format,
      Source from,
      long row,
      int rows,
      long k,
      int depth,
      float[] to,
      int toAt,
      int stride) {
    int line = (depth + SLACK + 1) & -2;
    bytes = bytes.length < TOGETHER * line ? new byte[TOGETHER * line] : bytes;
    nibbles = nibbles.length < line ? new byte[line] : nibbles;
    from.readBytes(row, rows, k, depth, bytes, line, nibbles);
    for (int r = 0; r < rows; r++) {
      if (folds(from)) {
        int runs = Math.ceilDiv(depth, fold);
        factors = TiledProduct.grown(factors, runs);
        from.scales(row + r, k, runs, fold, factors, 0, 1);
        decodeScaled(decoder, format, r * line, depth, to, toAt + r * stride);
      } else {
        decode(decoder, format, bytes, r * line, depth, to, toAt + r * stride);
      }
    }
  }

  private boolean folds(Source from) {
    return fold != 0 && from.scalesWithinRow();
  }

  private void decodeScaled(
      @Nullable RowDecoder decoder, ElementFormat format, int at, int depth, float[] to, int toAt) {
    int run = Integer.numberOfTrailingZeros(fold);
    if (decoder != null && format instanceof FloatFormat its && isSimple(its)) {
      int signs = 1 << (its.bits() - 1);
      int largest =
          decoder.scaledBytes(
              bytes,
              at,
              depth,
              signs - 1,
              23 - its.mantissaBits(),
              (127 - its.bias()) << 23,
              its.minNormal(),
              32 - its.bits(),
              factors,
              run,
              to,
              toAt);
      if (largest <= its.maxFiniteCode()) {
        return;
      }
    }
    look(bytes, at, depth, DecodeTable.of(format), to, toAt);
    scale(to, toAt, depth, factors, run);
  }

  private static void decode(
      @Nullable RowDecoder decoder,
      ElementFormat format,
      byte[] codes,
      int at,
      int count,
      float[] to,
      int toAt) {
    if (decoder != null && format instanceof FloatFormat its && isSimple(its)) {
      int signs = 1 << (its.bits() - 1);
      // Codes behind the last are whatever was there before: a needless second look at worst.
      int largest =
          decoder.bytes(
              codes,
              at,
              count,
              signs - 1,
              23 - its.mantissaBits(),
              (127 - its.bias()) << 23,
              its.minNormal(),
              32 - its.bits(),
              to,
              toAt);
      if (largest <= its.maxFiniteCode()) {
        return;
      }
    }
    look(codes, at, count, DecodeTable.of(format), to, toAt);
  }

  /** {@return whether a format is sign and magnitude all through} */
  private static boolean isSimple(FloatFormat format) {
    return format.signed() && format.negativeZero() && format.subnormals();
  }

  // ---- adjoining rows

  /** Packs adjoining rows: row r goes to panel r / panel, its k to places `apart`. */
  private void columns(
      Source from,
      long row,
      int rows,
      long k,
      int depth,
      float[] to,
      int toAt,
      int panel,
      int panels,
      int rowsApart,
      int apart) {
    ElementFormat format = from.element();
    int line = rows * format.storageBits() / Byte.SIZE;
    bytes = bytes.length < STRIP * line ? new byte[STRIP * line] : bytes;
    float[] table = format.bits() <= 8 ? DecodeTable.of(format) : NO_TABLE;
    for (int done = 0; done < depth; done += STRIP) {
      int strip = Math.min(STRIP, depth - done);
      from.readColumns(row, rows, k + done, strip, bytes, line);
      for (int r = 0; r < rows; r += panel) {
        int at = toAt + r / panel * panels + done * apart;
        int count = Math.min(panel, rows - r);
        for (int i = 0; i < strip; i++) {
          column(format, table, bytes, i * rows + r, count, to, at + i * apart, rowsApart);
        }
      }
    }
  }

  private static void column(
      ElementFormat format,
      float[] table,
      byte[] codes,
      int first,
      int count,
      float[] to,
      int toAt,
      int apart) {
    if (table.length > 0) {
      int mask = table.length - 1;
      for (int r = 0; r < count; r++) {
        to[toAt + r * apart] = table[codes[first + r] & mask];
      }
    } else if (isFp32(format)) {
      for (int r = 0; r < count; r++) {
        to[toAt + r * apart] = Float.intBitsToFloat(Source.intAt(codes, first + r));
      }
    } else if (format.equals(Formats.BF16)) {
      for (int r = 0; r < count; r++) {
        to[toAt + r * apart] = Float.intBitsToFloat(Source.shortAt(codes, first + r) << 16);
      }
    } else {
      boolean wide = format.bits() > 16;
      for (int r = 0; r < count; r++) {
        int code =
            wide ? Source.intAt(codes, first + r) : Source.shortAt(codes, first + r) & 0xFFFF;
        to[toAt + r * apart] = format.decode(code);
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
      from.scales(row + r, k, runs, length, to, at, panel);
    }
  }

  // ---- leaves: one loop each

  private static void look(byte[] codes, int at, int count, float[] table, float[] to, int toAt) {
    int mask = table.length - 1;
    for (int i = 0; i < count; i++) {
      to[toAt + i] = table[codes[at + i] & mask];
    }
  }

  private static void scale(float[] to, int toAt, int count, float[] factors, int run) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] *= factors[i >> run];
    }
  }

  private static void bf16(short[] codes, int at, int count, float[] to, int toAt) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Float.intBitsToFloat(codes[at + i] << 16);
    }
  }

  private static void fp16(short[] codes, int at, int count, float[] to, int toAt) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] = Float.float16ToFloat(codes[at + i]);
    }
  }

  /** Four lines of codes to columns of four, {@code panel} bytes apart; eight columns at a time. */
  private static void transpose4(
      byte[] lines, int line, int depth, byte[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k += 8) {
      long a = (long) LONG.get(lines, k);
      long b = (long) LONG.get(lines, k + line);
      long c = (long) LONG.get(lines, k + 2 * line);
      long d = (long) LONG.get(lines, k + 3 * line);
      // Odd bytes of a and c change places with even ones of b and d, ...
      long odd = ((a >>> 8) ^ b) & 0x00FF_00FF_00FF_00FFL;
      b ^= odd;
      a ^= odd << 8;
      odd = ((c >>> 8) ^ d) & 0x00FF_00FF_00FF_00FFL;
      d ^= odd;
      c ^= odd << 8;
      // ... then odd pairs of a and b with even ones of c and d: a has columns 0 and 4, b 1 and 5.
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

  /** Two lines of codes to columns of two. */
  private static void transpose2(
      byte[] lines, int line, int depth, byte[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k += 8) {
      long a = (long) LONG.get(lines, k);
      long b = (long) LONG.get(lines, k + line);
      long odd = ((a >>> 8) ^ b) & 0x00FF_00FF_00FF_00FFL;
      b ^= odd;
      a ^= odd << 8;
      int at = toAt + k * panel;
      SHORT.set(to, at, (short) a);
      SHORT.set(to, at + panel, (short) b);
      SHORT.set(to, at + 2 * panel, (short) (a >>> 16));
      SHORT.set(to, at + 3 * panel, (short) (b >>> 16));
      SHORT.set(to, at + 4 * panel, (short) (a >>> 32));
      SHORT.set(to, at + 5 * panel, (short) (b >>> 32));
      SHORT.set(to, at + 6 * panel, (short) (a >>> 48));
      SHORT.set(to, at + 7 * panel, (short) (b >>> 48));
    }
  }

  /** Two lines into columns `panel` apart. Too large to be inlined, on purpose. */
  private static void weave(float[] lines, int line, int depth, float[] to, int toAt, int panel) {
    int at = toAt;
    int k = 0;
    for (; k + 12 <= depth; k += 12) {
      to[at] = lines[k];
      to[at + 1] = lines[k + line];
      at += panel;
      to[at] = lines[k + 1];
      to[at + 1] = lines[k + line + 1];
      at += panel;
      to[at] = lines[k + 2];
      to[at + 1] = lines[k + line + 2];
      at += panel;
      to[at] = lines[k + 3];
      to[at + 1] = lines[k + line + 3];
      at += panel;
      to[at] = lines[k + 4];
      to[at + 1] = lines[k + line + 4];
      at += panel;
      to[at] = lines[k + 5];
      to[at + 1] = lines[k + line + 5];
      at += panel;
      to[at] = lines[k + 6];
      to[at + 1] = lines[k + line + 6];
      at += panel;
      to[at] = lines[k + 7];
      to[at + 1] = lines[k + line + 7];
      at += panel;
      to[at] = lines[k + 8];
      to[at + 1] = lines[k + line + 8];
      at += panel;
      to[at] = lines[k + 9];
      to[at + 1] = lines[k + line + 9];
      at += panel;
      to[at] = lines[k + 10];
      to[at + 1] = lines[k + line + 10];
      at += panel;
      to[at] = lines[k + 11];
      to[at + 1] = lines[k + line + 11];
      at += panel;
    }
    for (; k < depth; k++) {
      to[at] = lines[k];
      to[at + 1] = lines[k + line];
      at += panel;
    }
  }

  private static void put(float[] line, int depth, float[] to, int toAt, int panel) {
    for (int k = 0; k < depth; k++) {
      to[toAt + k * panel] = line[k];
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
