package octavo.nki;

/**
 * Exchanges rows and columns of one tile of a matrix of units of 1, 2, 4, 8 or 16 bytes; merges
 * four runs of codes to units while it reads, or takes units apart while it writes. Holds the
 * memory that this takes: for one thread at a time.
 */
final class Transposer {
  /*
   * A tile has long and few rows: up to 4 KiB each in the source, 256 bytes in the target (of units
   * of 1 and 2 bytes 1 KiB and 256 rows), at most 256 KiB in all, or it would not stay in a
   * second-level cache of 512 KiB. Memory is what this waits for. Nothing in Java prefetches, so a
   * thread has only those misses under way at once that belong to one copy of a run, and what the
   * processor prefetches within a page of 4 KiB. Rows of 4 KiB are read as fast as all memory in order
   * (20 GB/s), of 1 KiB at 0.6 of that, of 256 bytes at a third; written runs reach their best of 11
   * to 14 GB/s at 256 bytes already.
   *
   * Three steps, the first and last of which move runs between memory and arrays of longs:
   *
   *   1. Rows are read to `work`. A long holds n = 8, 4, 2 or 1 units, so n rows make a square: row
   *      r goes to slice r mod n, line r div n.
   *   2. When a line is read, while it is in the first-level cache, its squares are transposed where
   *      they are: units off the diagonal change places, halves of the square, then quarters, then
   *      eighths. The slices are at fixed distances, which is what lets the compiler make vectors of
   *      these loops: it cannot see that they are apart otherwise. It does so for two slices at a
   *      time, not for loops over four or eight, which ran at a quarter of the rate. Long j of a line
   *      has then whole columns: in slice s, n units of column n * j + s.
   *   3. For each column its longs are collected from the lines, a row of the target, and written.
   *
   * Lines and slices are 64 bytes longer than what they hold: at powers of two, reading down a column
   * would use an eighth of the first-level cache.
   *
   * Rows and columns beyond an edge leave rubbish in the arrays, which is transposed too and not
   * written. Units are opaque: a packed element of four numbers (x4) is one unit.
   *
   * Of 50 cycles for 64 bytes (units of 8 bytes, one thread; a plain copy takes 21) reading and
   * writing take 30 when nothing else is done, in C as well; collecting takes 9. Tried and not
   * faster: longer rows of the target (the lines of a column then lie on more pages than the TLB
   * has entries), collecting 4 to 16 columns before they are written, and storing collected longs in
   * the target without the copy. The last has 64 stores under way where a copy has 64 vectors; it
   * also fell from 0.5 to 0.07 of a plain copy once segments of other classes (heap, mapped) had
   * been through the same code.
   */

  /** The longs of a tile's row in the source. */
  private static final int LONGS = 512;

  /** The lines of a slice. */
  private static final int LINES = 64;

  /** The bytes of a tile's row in the target, if nothing needs it to be longer. */
  private static final int TARGET = 256;

  private static final int TILE = 256 << 10;

  private static final int PITCH = LONGS + 8;
  private static final int SLICE = LINES * PITCH + 8;

  private static final long INTS = 0x0000_0000_FFFF_FFFFL;
  private static final long SHORTS = 0x0000_FFFF_0000_FFFFL;
  private static final long BYTES = 0x00FF_00FF_00FF_00FFL;

  private long[] work = {};
  private final long[] line = new long[4 * Zipper.MOST];
  private final Zipper zipper = new Zipper();

  Transposer() {}

  /** {@return what merges rows, for the same thread} */
  Zipper zipper() {
    return zipper;
  }

  /** {@return the most rows of a tile} */
  static int mostRows(int unit) {
    return unit <= 2 ? 256 : TARGET / unit;
  }

  /**
   * {@return the most columns of a tile}
   *
   * @param unit the bytes of a unit
   * @param rows the most rows: at most 128, of single bytes 256
   */
  static int mostColumns(int unit, int rows) {
    return Math.min(8 * LONGS, TILE / rows) / unit;
  }

  /**
   * Transposes a tile: unit {@code [c][r]} of the target becomes unit {@code [r][c]} of the source.
   *
   * @param move the whole
   * @param firstRow where the tile begins in the source
   * @param rows at most what {@link #mostColumns} was asked for
   * @param firstColumn where it begins in a row of the source
   * @param columns at most {@link #mostColumns}
   */
  void run(Relayout move, long firstRow, int rows, long firstColumn, int columns) {
    int unit = move.unit();
    int each = Math.max(1, 8 / unit);
    int lines = (rows + each - 1) / each;
    int longs = (columns * unit + 7) >>> 3;
    int needed = Math.max(each * SLICE, lines * PITCH);
    if (work.length < needed) {
      work = new long[needed];
    }
    for (int i = 0; i < lines; i++) {
      int first = i * PITCH;
      for (int s = 0; s < each && i * each + s < rows; s++) {
        long row = firstRow + i * (long) each + s;
        move.read(zipper, row, firstColumn, columns, work, s * SLICE + first);
      }
      switch (unit) {
        case 1 -> bytes(work, first, longs);
        case 2 -> shorts(work, first, longs);
        case 4 -> ints(work, first, longs);
        default -> {}
      }
    }
    // Slice by slice, so that the lines of one are read while they are in the cache.
    int most = move.unzipped() ? line.length / longs(unit, lines) : 1;
    for (int s = 0; s < each; s++) {
      for (int c = s; c < columns; c += most * each) {
        int count = Math.min(most, (columns - c + each - 1) / each);
        write(
            move, firstRow, rows, firstColumn + c, s * SLICE + longs(unit, c / each), lines, count);
      }
    }
  }

  /**
   * Writes some columns of a slice, n of the matrix apart: together if they are to be taken apart.
   */
  private void write(
      Relayout move, long firstRow, int rows, long column, int at, int lines, int count) {
    int unit = move.unit();
    int length = longs(unit, lines);
    for (int i = 0; i < count; i++) {
      if (unit == 16) {
        collectPairs(work, at + 2 * i, lines, line, i * length);
      } else {
        collect(work, at + i, lines, line, i * length);
      }
    }
    long[] from = move.unzipped() ? zipper.unzipTiles(move.bits(), line, count * rows, rows) : line;
    for (int i = 0; i < count; i++) {
      move.write(column + i * Math.max(1L, 8 / unit), firstRow, rows, from, i * length);
    }
  }

  /** {@return the longs of some longs or, if units are of 16 bytes, pairs} */
  private static int longs(int unit, int count) {
    return unit == 16 ? 2 * count : count;
  }

  private static void collect(long[] work, int at, int lines, long[] line, int index) {
    for (int i = 0; i < lines; i++) {
      line[index + i] = work[at + i * PITCH];
    }
  }

  private static void collectPairs(long[] work, int at, int lines, long[] line, int index) {
    for (int i = 0; i < lines; i++) {
      line[index + 2 * i] = work[at + i * PITCH];
      line[index + 2 * i + 1] = work[at + i * PITCH + 1];
    }
  }

  // ---- squares in one line of n slices

  private static void bytes(long[] work, int first, int longs) {
    for (int k = 0; k < 4; k++) {
      halvesOfBytes(work, first + k * SLICE, longs);
    }
    for (int k = 0; k < 8; k += 4) {
      quartersOfBytes(work, first + k * SLICE, longs);
      quartersOfBytes(work, first + (k + 1) * SLICE, longs);
    }
    for (int k = 0; k < 8; k += 2) {
      eighthsOfBytes(work, first + k * SLICE, longs);
    }
  }

  private static void shorts(long[] work, int first, int longs) {
    halvesOfShorts(work, first, longs);
    halvesOfShorts(work, first + SLICE, longs);
    quartersOfShorts(work, first, longs);
    quartersOfShorts(work, first + 2 * SLICE, longs);
  }

  // Each loop has its own distance and shift: constants, or there are no vectors.

  private static void halvesOfBytes(long[] work, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = work[i];
      long b = work[i + 4 * SLICE];
      long x = ((a >>> 32) ^ b) & INTS;
      work[i] = a ^ (x << 32);
      work[i + 4 * SLICE] = b ^ x;
    }
  }

  private static void quartersOfBytes(long[] work, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = work[i];
      long b = work[i + 2 * SLICE];
      long x = ((a >>> 16) ^ b) & SHORTS;
      work[i] = a ^ (x << 16);
      work[i + 2 * SLICE] = b ^ x;
    }
  }

  private static void eighthsOfBytes(long[] work, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = work[i];
      long b = work[i + SLICE];
      long x = ((a >>> 8) ^ b) & BYTES;
      work[i] = a ^ (x << 8);
      work[i + SLICE] = b ^ x;
    }
  }

  private static void halvesOfShorts(long[] work, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = work[i];
      long b = work[i + 2 * SLICE];
      long x = ((a >>> 32) ^ b) & INTS;
      work[i] = a ^ (x << 32);
      work[i + 2 * SLICE] = b ^ x;
    }
  }

  private static void quartersOfShorts(long[] work, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = work[i];
      long b = work[i + SLICE];
      long x = ((a >>> 16) ^ b) & SHORTS;
      work[i] = a ^ (x << 16);
      work[i + SLICE] = b ^ x;
    }
  }

  private static void ints(long[] work, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = work[i];
      long b = work[i + SLICE];
      long x = ((a >>> 32) ^ b) & INTS;
      work[i] = a ^ (x << 32);
      work[i + SLICE] = b ^ x;
    }
  }
}
