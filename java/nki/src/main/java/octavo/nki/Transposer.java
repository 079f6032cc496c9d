package octavo.nki;

import static octavo.nki.Zipper.BYTES;
import static octavo.nki.Zipper.INTS;
import static octavo.nki.Zipper.NIBBLES;
import static octavo.nki.Zipper.SHORTS;

/**
 * Exchanges rows and columns of one tile of a matrix of units of 1, 2, 4, 8 or 16 bytes; merges
 * four runs of codes to units on the way, or takes units apart. Holds the memory that this takes,
 * up to 2 MiB: for one thread at a time.
 */
final class Transposer {
  /*
   * A long holds n codes: units themselves or, where four runs are merged to units or units are
   * taken apart, quarters of units. n longs make a square of codes. Every conversion is
   *
   *   a. read rows of the source to `rows`, arrays of longs,
   *   b. move longs from rows to `columns`: eight of a column at a time, a line of the cache,
   *   c. write runs from columns to the target,
   *
   * and somewhere between them a transposition of the squares, log2 n rounds in which halves of
   * longs of two slots change places, then quarters and so on. Slots are at fixed distances, which
   * is what lets the compiler make vectors of these loops: it cannot see that they are apart
   * otherwise. It does so for two slots at a time, not for loops over four or eight, which ran at a
   * quarter of the rate. A code's place x in a long belongs to the slot with x's bits in reverse
   * order, so that a distance has one shift for all n.
   *
   *   transposing              n rows are the slots of a square, after b; a slot is then a column
   *   merging (STRIDED)        n / 4 rows by their four runs are the slots, after b; a slot is then
   *                            a partition
   *   taking apart (STRIDED)   n partitions are the slots, before b; a slot is then one of the four
   *                            runs of one of n / 4 rows
   *
   * So merging and taking apart cost two rounds more, and no move more, than a transposition.
   *
   * What it waits for is memory. Nothing in Java prefetches or streams, so a thread has only those
   * misses under way at once that belong to one copy of a run, and what the processor prefetches
   * within a page of 4 KiB. For 64 bytes, which a plain copy moves in 4.6 to 5.7 ns by one thread:
   * runs of 4 KiB are read in 2.8 ns (as fast as memory in order), of 1 KiB in 4.7, of 256 bytes in
   * 8.4; runs are written, each to another page, in 4.9 ns if they have 1 KiB, 5.8 of 512 bytes,
   * 7.8 of 256 bytes, 12.5 of 64. So rows of a tile have 4 KiB in the source and 1 KiB in the
   * target, at most 1 MiB in all. That is beyond a second-level cache of 512 KiB and still faster
   * than what fits in it: tiles of 256 KiB reach 0.7 of the rate, of 512 KiB 0.8, and 2 MiB are no
   * faster.
   *
   * Step b takes 3 to 4 ns, a round 1 ns. They come on top of the memory's time, 13 to 17 ns in
   * all. Tried and not faster: a's copies for the next rows between pieces of b (loops of less than
   * some hundred iterations cost more than that gains); b from a tile's rows that wait in the
   * second-level cache, a block of columns at a time; b's stores to the target itself, of which 64
   * are under way where a copy has 64 vectors; simpler indices in b.
   *
   * A tile's rows and blocks go through methods that are called some hundred times for each tile:
   * these are compiled within the first calls. With all of it in one method a matrix took two to
   * four times as long in the first second.
   *
   * Lines, slices and slots are 64 bytes longer than what they hold: at powers of two, reading
   * across them would use an eighth of the first-level cache.
   *
   * Rows and columns beyond an edge leave rubbish in the arrays, which is moved too and not
   * written.
   */

  /** The longs of a tile's row in the source. */
  private static final int LONGS = 512;

  /** The rows that are moved at a time, of each slice. */
  private static final int LINES = 8;

  /** The bytes of a tile's row in the target, if nothing needs it to be longer. */
  private static final int TARGET = 1024;

  private static final int TILE = 1 << 20;

  private static final int PITCH = LONGS + 8;
  private static final int SLICE = LINES * PITCH + 8;
  private static final int SLOT = TARGET / 8 + 8;

  private long[] rows = {};
  private long[] columns = {};

  Transposer() {}

  /** {@return the most rows of a tile} */
  static int mostRows(int unit) {
    return TARGET / unit;
  }

  /**
   * {@return the most columns of a tile}
   *
   * @param unit the bytes of a unit
   * @param rows the most rows
   */
  static int mostColumns(int unit, int rows) {
    return Math.min(8 * LONGS / unit, TILE / (rows * unit));
  }

  /**
   * Transposes a tile: unit {@code [c][r]} of the target becomes unit {@code [r][c]} of the source.
   *
   * @param move the whole
   * @param firstRow where the tile begins in the source
   * @param count its rows, at most what {@link #mostColumns} was asked for
   * @param firstColumn where it begins in a row of the source
   * @param width its columns, at most {@link #mostColumns}
   */
  void run(Relayout move, long firstRow, int count, long firstColumn, int width) {
    if (move.unzipped()) {
      takeApart(move, firstRow, count, firstColumn, width);
    } else {
      transpose(move, firstRow, count, firstColumn, width);
    }
  }

  /** {@return the slot of a place in a long of n codes}; its own inverse */
  private static int slot(int place, int n) {
    return n == 1 ? 0 : Integer.reverse(place) >>> (Integer.numberOfLeadingZeros(n) + 1);
  }

  // ---- transposing and merging: rounds after the move

  private void transpose(Relayout move, long firstRow, int count, long firstColumn, int width) {
    int unit = move.unit();
    int each = Math.max(1, 8 / unit);
    int n = 64 / move.bits();
    int blocks = (width + n - 1) / n;
    reserve(each, blocks * n * SLOT);
    for (int first = 0; first < count; first += LINES * each) {
      for (int i = 0; i < LINES * each && first + i < count; i++) {
        int index = i % each * SLICE + i / each * PITCH;
        move.read(firstRow + first + i, firstColumn, width, rows, index);
      }
      spreadLines(move, first, width);
    }
    for (int block = 0; block < blocks; block++) {
      finish(move, firstRow, count, firstColumn, width, block);
    }
  }

  /** Moves what was read to columns. */
  private void spreadLines(Relayout move, int first, int width) {
    int unit = move.unit();
    int each = Math.max(1, 8 / unit);
    int n = 64 / move.bits();
    if (unit == 16 && !move.zipped()) {
      spread(rows, 0, 2, width, columns, 2 * first, SLOT, 2);
      spread(rows, 1, 2, width, columns, 2 * first + 1, SLOT, 2);
      return;
    }
    int longs = (width * unit + 7) >>> 3;
    for (int low = 0; low < each; low++) {
      if (move.zipped()) {
        spreadTiles(move, low, first, width);
      } else {
        int to = slot(low, n) * SLOT + first / each;
        spread(rows, low * SLICE, 1, longs, columns, to, n * SLOT, 1);
      }
    }
  }

  /** Transposes the squares of one block of n columns, and writes it. */
  private void finish(
      Relayout move, long firstRow, int count, long firstColumn, int width, int block) {
    int n = 64 / move.bits();
    int at = block * n * SLOT;
    exchange(n, at, (count * move.unit() + 7) >>> 3);
    for (int place = 0; place < n && block * n + place < width; place++) {
      int column = block * n + place;
      move.write(firstColumn + column, firstRow, count, columns, at + slot(place, n) * SLOT);
    }
  }

  /** Moves rows of one slice, in which every tile of partitions has four runs. */
  private void spreadTiles(Relayout move, int low, int first, int width) {
    int n = 64 / move.bits();
    int each = Math.max(1, n / 4);
    int step = n == 2 ? 2 : 1;
    for (int p = 0; p < width; p += NeuronCore.PARTITIONS) {
      int run = Math.min(NeuronCore.PARTITIONS, width - p) / n;
      for (int c = 0; c < 4; c++) {
        // Units of 16 bytes are two longs: the upper two runs follow in the second.
        int place = (4 * low + c) % n;
        int to = p * SLOT + slot(place, n) * SLOT + first / each * step + (4 * low + c) / n;
        int from = low * SLICE + 4 * (p / n) + c * run;
        spread(rows, from, 1, run, columns, to, n * SLOT, step);
      }
    }
  }

  // ---- taking apart: rounds before the move

  private void takeApart(Relayout move, long firstRow, int count, long firstColumn, int width) {
    int unit = move.unit();
    int each = Math.max(1, 8 / unit);
    int n = 64 / move.bits();
    int pitch = count * unit / 8 + 8;
    reserve(n, (width + each - 1) / each * each * pitch);
    for (int first = 0; first < count; first += LINES * n) {
      int lines = Math.min(LINES * n, count - first) / n;
      for (int line = 0; line < lines; line++) {
        readSquares(move, firstRow, first + line * n, firstColumn, width, line * PITCH);
      }
      collect(move, first, lines, count, width, pitch);
    }
    for (int i = 0; i < width; i++) {
      move.write(firstColumn + i, firstRow, count, columns, i * pitch);
    }
  }

  /** Reads n rows, and transposes their squares. */
  private void readSquares(
      Relayout move, long firstRow, int first, long firstColumn, int width, int at) {
    int n = 64 / move.bits();
    for (int s = 0; s < n; s++) {
      int row = first + s;
      move.read(firstRow + row, firstColumn, width, rows, slot(s, n) * SLICE + at);
    }
    exchangeRows(n, at, (width * move.unit() + 7) >>> 3);
  }

  /** Moves what was read to four runs of each row of the target. */
  private void collect(Relayout move, int first, int lines, int count, int width, int pitch) {
    int unit = move.unit();
    int each = Math.max(1, 8 / unit);
    int n = 64 / move.bits();
    int longs = (width * unit + 7) >>> 3;
    int tile = first / NeuronCore.PARTITIONS * NeuronCore.PARTITIONS;
    int run = Math.min(NeuronCore.PARTITIONS, count - tile) / n;
    int to = 4 * (tile / n) + (first - tile) / n;
    int step = n == 2 ? 2 : 1;
    for (int i = 0; i < Math.max(4, n); i++) {
      int from = slot(i % n, n) * SLICE + i / n;
      int target = i / 4 * pitch + i % 4 * run + to;
      if (lines == LINES) {
        spread(rows, from, step, longs / step, columns, target, each * pitch, 1);
      } else {
        spreadFew(from, step, longs / step, target, each * pitch, lines);
      }
    }
  }

  // ---- leaves

  private void reserve(int slices, int longs) {
    if (rows.length < slices * SLICE) {
      rows = new long[slices * SLICE];
    }
    if (columns.length < longs) {
      columns = new long[longs];
    }
  }

  /** Moves longs of eight lines: those of a column of longs become neighbours, or every second. */
  private static void spread(
      long[] rows, int from, int fromStep, int count, long[] to, int at, int pitch, int step) {
    int i = from;
    int o = at;
    for (int k = 0; k < count; k++) {
      to[o] = rows[i];
      to[o + step] = rows[i + PITCH];
      to[o + 2 * step] = rows[i + 2 * PITCH];
      to[o + 3 * step] = rows[i + 3 * PITCH];
      to[o + 4 * step] = rows[i + 4 * PITCH];
      to[o + 5 * step] = rows[i + 5 * PITCH];
      to[o + 6 * step] = rows[i + 6 * PITCH];
      to[o + 7 * step] = rows[i + 7 * PITCH];
      i += fromStep;
      o += pitch;
    }
  }

  /** As above, of fewer lines, whose neighbours must stay. */
  private void spreadFew(int from, int fromStep, int count, int at, int pitch, int lines) {
    for (int line = 0; line < lines; line++) {
      for (int k = 0; k < count; k++) {
        columns[at + k * pitch + line] = rows[from + k * fromStep + line * PITCH];
      }
    }
  }

  // Each loop has its own distance and shift: constants, or there are no vectors.

  /** Transposes squares of n codes in columns. */
  private void exchange(int n, int at, int longs) {
    for (int s = 0; s < n; s++) {
      if (n > 1 && (s & 1) == 0) {
        halves(columns, at + s * SLOT, longs);
      }
    }
    for (int s = 0; s < n; s++) {
      if (n > 2 && (s & 2) == 0) {
        quarters(columns, at + s * SLOT, longs);
      }
    }
    for (int s = 0; s < n; s++) {
      if (n > 4 && (s & 4) == 0) {
        eighths(columns, at + s * SLOT, longs);
      }
    }
    for (int s = 0; s < n; s++) {
      if (n > 8 && (s & 8) == 0) {
        sixteenths(columns, at + s * SLOT, longs);
      }
    }
  }

  private static void halves(long[] columns, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = columns[i];
      long b = columns[i + SLOT];
      long x = ((a >>> 32) ^ b) & INTS;
      columns[i] = a ^ (x << 32);
      columns[i + SLOT] = b ^ x;
    }
  }

  private static void quarters(long[] columns, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = columns[i];
      long b = columns[i + 2 * SLOT];
      long x = ((a >>> 16) ^ b) & SHORTS;
      columns[i] = a ^ (x << 16);
      columns[i + 2 * SLOT] = b ^ x;
    }
  }

  private static void eighths(long[] columns, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = columns[i];
      long b = columns[i + 4 * SLOT];
      long x = ((a >>> 8) ^ b) & BYTES;
      columns[i] = a ^ (x << 8);
      columns[i + 4 * SLOT] = b ^ x;
    }
  }

  private static void sixteenths(long[] columns, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = columns[i];
      long b = columns[i + 8 * SLOT];
      long x = ((a >>> 4) ^ b) & NIBBLES;
      columns[i] = a ^ (x << 4);
      columns[i + 8 * SLOT] = b ^ x;
    }
  }

  /** Transposes squares of n codes in rows. */
  private void exchangeRows(int n, int at, int longs) {
    for (int s = 0; s < n; s++) {
      if (n > 1 && (s & 1) == 0) {
        halvesOfRows(rows, at + s * SLICE, longs);
      }
    }
    for (int s = 0; s < n; s++) {
      if (n > 2 && (s & 2) == 0) {
        quartersOfRows(rows, at + s * SLICE, longs);
      }
    }
    for (int s = 0; s < n; s++) {
      if (n > 4 && (s & 4) == 0) {
        eighthsOfRows(rows, at + s * SLICE, longs);
      }
    }
    for (int s = 0; s < n; s++) {
      if (n > 8 && (s & 8) == 0) {
        sixteenthsOfRows(rows, at + s * SLICE, longs);
      }
    }
  }

  private static void halvesOfRows(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + SLICE];
      long x = ((a >>> 32) ^ b) & INTS;
      rows[i] = a ^ (x << 32);
      rows[i + SLICE] = b ^ x;
    }
  }

  private static void quartersOfRows(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + 2 * SLICE];
      long x = ((a >>> 16) ^ b) & SHORTS;
      rows[i] = a ^ (x << 16);
      rows[i + 2 * SLICE] = b ^ x;
    }
  }

  private static void eighthsOfRows(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + 4 * SLICE];
      long x = ((a >>> 8) ^ b) & BYTES;
      rows[i] = a ^ (x << 8);
      rows[i + 4 * SLICE] = b ^ x;
    }
  }

  private static void sixteenthsOfRows(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + 8 * SLICE];
      long x = ((a >>> 4) ^ b) & NIBBLES;
      rows[i] = a ^ (x << 4);
      rows[i + 8 * SLICE] = b ^ x;
    }
  }
}
