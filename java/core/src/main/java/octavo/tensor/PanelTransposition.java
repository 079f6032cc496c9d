package octavo.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Brings rows of units, each of some whole bytes, into the order of a panel, and back. */
final class PanelTransposition {
  /*
   * A chunk of the panel's rows is copied to an array, transposed there into another, and copied
   * on. In each, longs hold 8 / unit units of a row, or of a column; squares of as many longs are
   * transposed in registers, by exchanging eighths of longs, then quarters, then halves.
   *
   * Both arrays stay in the second-level cache: in the first, with 512 bytes of each of 16 rows at
   * a time, memory was read in streams too short for the hardware to run ahead of (2.5 against 3.0
   * GB/s of codes, one thread of a Zen 3; a copy of memory takes 8.6). One code at a time, as before
   * and as what is left to MatrixPacker's own loops still is, it was 0.06 to 0.41.
   *
   * Plain arrays of longs, since weights are mostly packed by a young process: loops over segments
   * or through VarHandles take ten times as long before C2 has compiled them.
   */

  /** The bytes of each array, unless a unit of each row takes more. */
  private static final int CHUNK_BYTES = 1 << 15;

  private static final long ODD_BYTES = 0x00FF_00FF_00FF_00FFL;
  private static final long ODD_SHORTS = 0x0000_FFFF_0000_FFFFL;
  private static final long LOW = 0x0000_0000_FFFF_FFFFL;

  private final int unit;
  private final int[] rowAt;
  private final int length;
  private final long[] lines;
  private final long[] panel;
  private final MemorySegment lineBytes;
  private final MemorySegment panelBytes;

  /**
   * Prepares scratch memory, for one thread at a time.
   *
   * @param unit the bytes of a unit
   * @param rowAt the row at each position of a group; {@link #takes} accepts both
   */
  PanelTransposition(int unit, int[] rowAt) {
    this.unit = unit;
    this.rowAt = rowAt;
    int whole = Math.max(unit / Long.BYTES, 1);
    this.length = Math.max(CHUNK_BYTES / Long.BYTES / rowAt.length / whole, 1) * whole;
    this.lines = new long[rowAt.length * length];
    this.panel = new long[rowAt.length * length];
    this.lineBytes = MemorySegment.ofArray(lines);
    this.panelBytes = MemorySegment.ofArray(panel);
  }

  /**
   * {@return whether units are moved}
   *
   * @param bits the bits of a unit
   * @param rows the rows of a panel
   */
  static boolean takes(long bits, int rows) {
    return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
        && (bits == 8 || bits == 16 || bits == 32 || bits % Long.SIZE == 0)
        && rows * bits % Long.SIZE == 0;
  }

  /**
   * Packs a panel.
   *
   * @param rows the rows
   * @param rowsAt where the first begins, in bytes
   * @param rowStep how far the next is
   * @param bytes the length of a row; its last unit is filled up with zeros
   * @param lastBits which bits of its last byte belong to it
   * @param height how many rows there are; the others are zeros
   * @param to the panels
   * @param toAt where this one begins
   */
  void pack(
      MemorySegment rows,
      long rowsAt,
      long rowStep,
      long bytes,
      int lastBits,
      int height,
      MemorySegment to,
      long toAt) {
    long line = (long) length * Long.BYTES;
    for (long done = 0; done < bytes; done += line) {
      int here = (int) Math.min(line, bytes - done);
      for (int q = 0; q < rowAt.length; q++) {
        int first = q * length;
        if (rowAt[q] >= height) {
          Arrays.fill(lines, first, first + length, 0L);
          continue;
        }
        long start = (long) first * Long.BYTES;
        if (here < line) {
          Arrays.fill(lines, first + here / Long.BYTES, first + length, 0L);
        }
        MemorySegment.copy(rows, rowsAt + rowAt[q] * rowStep + done, lineBytes, start, here);
        if (done + here == bytes) {
          lines[first + (here - 1) / Long.BYTES] &= lastLong(here, lastBits);
        }
      }
      transpose(Math.ceilDiv(here, Long.BYTES), true);
      long size = (long) Math.ceilDiv(here, unit) * unit * rowAt.length;
      MemorySegment.copy(panelBytes, 0, to, toAt + done * rowAt.length, size);
    }
  }

  /** {@return which bits of a long belong to a row whose last byte it holds} */
  private static long lastLong(int bytes, int lastBits) {
    int byteAt = (bytes - 1) % Long.BYTES * Byte.SIZE;
    return ((long) lastBits << byteAt) | ((1L << byteAt) - 1);
  }

  /**
   * Unpacks a panel.
   *
   * @param from the panels
   * @param fromAt where this one begins
   * @param bytes the length of a row
   * @param height how many rows there are
   * @param rows the rows
   * @param rowsAt where the first begins, in bytes
   * @param rowStep how far the next is
   */
  void unpack(
      MemorySegment from,
      long fromAt,
      long bytes,
      int height,
      MemorySegment rows,
      long rowsAt,
      long rowStep) {
    long line = (long) length * Long.BYTES;
    for (long done = 0; done < bytes; done += line) {
      int here = (int) Math.min(line, bytes - done);
      long size = (long) Math.ceilDiv(here, unit) * unit * rowAt.length;
      MemorySegment.copy(from, fromAt + done * rowAt.length, panelBytes, 0, size);
      transpose(Math.ceilDiv(here, Long.BYTES), false);
      for (int q = 0; q < rowAt.length; q++) {
        if (rowAt[q] < height) {
          long start = (long) q * length * Long.BYTES;
          MemorySegment.copy(lineBytes, start, rows, rowsAt + rowAt[q] * rowStep + done, here);
        }
      }
    }
  }

  /** Transposes so many longs of each line, to the panel or from it. */
  private void transpose(int longs, boolean pack) {
    int side = Long.BYTES / unit;
    if (side <= 1) {
      moveLongs(longs, pack);
      return;
    }
    int column = rowAt.length / side; // longs
    for (int q = 0; q < rowAt.length; q += side) {
      int line = q * length;
      int place = q / side;
      Squares inLines = new Squares(line, 1, length);
      Squares inPanel = new Squares(place, side * column, column);
      if (pack) {
        transpose(lines, inLines, panel, inPanel, longs);
      } else {
        transpose(panel, inPanel, lines, inLines, longs);
      }
    }
  }

  /**
   * Where squares of longs lie in an array.
   *
   * @param at the first long of the first square
   * @param next how far the first long of the next square is
   * @param step how far the next long of a square is
   */
  private record Squares(int at, int next, int step) {}

  private void transpose(long[] from, Squares source, long[] to, Squares target, int count) {
    switch (unit) {
      case 1 -> bytes(from, source, to, target, count);
      case 2 -> shorts(from, source, to, target, count);
      default -> ints(from, source, to, target, count);
    }
  }

  /** Units of one or more longs. */
  private void moveLongs(int longs, boolean pack) {
    int whole = unit / Long.BYTES;
    for (int q = 0; q < rowAt.length; q++) {
      int line = q * length;
      int place = q * whole;
      for (int at = 0; at < longs; at += whole) {
        if (pack) {
          System.arraycopy(lines, line + at, panel, place, whole);
        } else {
          System.arraycopy(panel, place, lines, line + at, whole);
        }
        place += rowAt.length * whole;
      }
    }
  }

  // ---- leaves

  private static void bytes(long[] from, Squares source, long[] to, Squares target, int count) {
    int fromStep = source.step;
    int toStep = target.step;
    int f = source.at;
    int t = target.at;
    for (int n = 0; n < count; n++) {
      long a = from[f];
      long b = from[f + fromStep];
      long c = from[f + 2 * fromStep];
      long d = from[f + 3 * fromStep];
      long e = from[f + 4 * fromStep];
      long g = from[f + 5 * fromStep];
      long h = from[f + 6 * fromStep];
      long i = from[f + 7 * fromStep];
      // Odd bytes of every other long change places with even ones of the next, ...
      long odd = ((a >>> 8) ^ b) & ODD_BYTES;
      b ^= odd;
      a ^= odd << 8;
      odd = ((c >>> 8) ^ d) & ODD_BYTES;
      d ^= odd;
      c ^= odd << 8;
      odd = ((e >>> 8) ^ g) & ODD_BYTES;
      g ^= odd;
      e ^= odd << 8;
      odd = ((h >>> 8) ^ i) & ODD_BYTES;
      i ^= odd;
      h ^= odd << 8;
      // ... then odd pairs with even ones, ...
      odd = ((a >>> 16) ^ c) & ODD_SHORTS;
      c ^= odd;
      a ^= odd << 16;
      odd = ((b >>> 16) ^ d) & ODD_SHORTS;
      d ^= odd;
      b ^= odd << 16;
      odd = ((e >>> 16) ^ h) & ODD_SHORTS;
      h ^= odd;
      e ^= odd << 16;
      odd = ((g >>> 16) ^ i) & ODD_SHORTS;
      i ^= odd;
      g ^= odd << 16;
      // ... then halves.
      to[t] = (a & LOW) | e << 32;
      to[t + toStep] = (b & LOW) | g << 32;
      to[t + 2 * toStep] = (c & LOW) | h << 32;
      to[t + 3 * toStep] = (d & LOW) | i << 32;
      to[t + 4 * toStep] = a >>> 32 | (e & ~LOW);
      to[t + 5 * toStep] = b >>> 32 | (g & ~LOW);
      to[t + 6 * toStep] = c >>> 32 | (h & ~LOW);
      to[t + 7 * toStep] = d >>> 32 | (i & ~LOW);
      f += source.next;
      t += target.next;
    }
  }

  private static void shorts(long[] from, Squares source, long[] to, Squares target, int count) {
    int fromStep = source.step;
    int toStep = target.step;
    int f = source.at;
    int t = target.at;
    for (int n = 0; n < count; n++) {
      long a = from[f];
      long b = from[f + fromStep];
      long c = from[f + 2 * fromStep];
      long d = from[f + 3 * fromStep];
      long odd = ((a >>> 16) ^ b) & ODD_SHORTS;
      b ^= odd;
      a ^= odd << 16;
      odd = ((c >>> 16) ^ d) & ODD_SHORTS;
      d ^= odd;
      c ^= odd << 16;
      to[t] = (a & LOW) | c << 32;
      to[t + toStep] = (b & LOW) | d << 32;
      to[t + 2 * toStep] = a >>> 32 | (c & ~LOW);
      to[t + 3 * toStep] = b >>> 32 | (d & ~LOW);
      f += source.next;
      t += target.next;
    }
  }

  private static void ints(long[] from, Squares source, long[] to, Squares target, int count) {
    int fromStep = source.step;
    int toStep = target.step;
    int f = source.at;
    int t = target.at;
    for (int n = 0; n < count; n++) {
      long a = from[f];
      long b = from[f + fromStep];
      to[t] = (a & LOW) | b << 32;
      to[t + toStep] = a >>> 32 | (b & ~LOW);
      f += source.next;
      t += target.next;
    }
  }
}
