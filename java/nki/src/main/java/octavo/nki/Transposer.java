package octavo.nki;

/**
 * Exchanges rows and columns of one tile of a matrix of units of 1, 2, 4, 8 or 16 bytes; merges
 * four runs of codes to units while it reads, or takes units apart while it writes. Holds the
 * memory that this takes: for one thread at a time.
 */
final class Transposer {
  /*
   * A tile has rows of at most 1 KiB in the source and 512 bytes in the target: runs that are long
   * enough for the processor to prefetch, and for a copy to cost more than the call that makes it.
   * Rows of 64 bytes were read at a third of the rate, of 256 at half.
   *
   * Three steps, the first and last of which move runs between memory and arrays of longs:
   *
   *   1. Rows are read to `work`. A long holds n = 8, 4, 2 or 1 units, so n rows make a square: row
   *      r goes to slice r mod n, line r div n.
   *   2. All squares are transposed where they are: units off the diagonal change places, halves of
   *      the square, then quarters, then eighths. The slices are at fixed distances, which is what
   *      lets the compiler make vectors of these loops: it cannot see that they are apart otherwise.
   *      It does so for two slices at a time, not for loops over four or eight, which ran at a
   *      quarter of the rate. Long j of a line has then whole columns: in slice s, n units of column
   *      n * j + s.
   *   3. For each column its longs are collected from the lines, a row of the target, and written.
   *
   * Lines and slices are 64 bytes longer than what they hold: at powers of two, reading down a column
   * would use an eighth of the first-level cache. For bytes half of the lines are used, or the tile
   * would not fit in a second-level cache of 512 KiB.
   *
   * Rows and columns beyond an edge leave rubbish in the arrays, which is transposed too and not
   * written. Units are opaque: a packed element of four numbers (x4) is one unit.
   */

  /** The longs of a tile's row in the source. */
  private static final int LONGS = 128;

  /** The longs of a tile's row in the target. */
  private static final int LINES = 64;

  private static final int PITCH = LONGS + 8;
  private static final int SLICE = LINES * PITCH + 8;

  private static final long INTS = 0x0000_0000_FFFF_FFFFL;
  private static final long SHORTS = 0x0000_FFFF_0000_FFFFL;
  private static final long BYTES = 0x00FF_00FF_00FF_00FFL;

  private long[] work = {};
  private final long[] line = new long[LINES];
  private final Zipper zipper = new Zipper();

  Transposer() {}

  /** {@return what merges rows, for the same thread} */
  Zipper zipper() {
    return zipper;
  }

  /** {@return the most rows of a tile} */
  static int mostRows(int unit) {
    return unit == 1 ? 4 * LINES : 8 * LINES / unit;
  }

  /** {@return the most columns of a tile} */
  static int mostColumns(int unit) {
    return 8 * LONGS / unit;
  }

  /**
   * Transposes a tile: unit {@code [c][r]} of the target becomes unit {@code [r][c]} of the source.
   *
   * @param move the whole
   * @param firstRow where the tile begins in the source
   * @param rows at most {@link #mostRows}
   * @param firstColumn where it begins in a row of the source
   * @param columns at most {@link #mostColumns}
   */
  void run(Relayout move, long firstRow, int rows, long firstColumn, int columns) {
    int unit = move.unit();
    int each = Math.max(1, 8 / unit);
    int lines = (rows + each - 1) / each;
    int needed = each * SLICE;
    if (work.length < needed) {
      work = new long[needed];
    }
    for (int r = 0; r < rows; r++) {
      int index = r % each * SLICE + r / each * PITCH;
      move.read(zipper, firstRow + r, firstColumn, columns, work, index);
    }
    int longs = lines * PITCH;
    switch (unit) {
      case 1 -> bytes(work, longs);
      case 2 -> shorts(work, longs);
      case 4 -> ints(work, longs);
      default -> {}
    }
    if (unit == 16) {
      for (int c = 0; c < columns; c++) {
        collectPairs(work, 2 * c, lines, line);
        move.write(zipper, firstColumn + c, firstRow, rows, line);
      }
      return;
    }
    // Slice by slice, so that the lines of one are read while they are in the cache.
    for (int s = 0; s < each; s++) {
      for (int c = s; c < columns; c += each) {
        collect(work, s * SLICE + c / each, lines, line);
        move.write(zipper, firstColumn + c, firstRow, rows, line);
      }
    }
  }

  private static void collect(long[] work, int at, int lines, long[] line) {
    for (int i = 0; i < lines; i++) {
      line[i] = work[at + i * PITCH];
    }
  }

  private static void collectPairs(long[] work, int at, int lines, long[] line) {
    for (int i = 0; i < lines; i++) {
      line[2 * i] = work[at + i * PITCH];
      line[2 * i + 1] = work[at + i * PITCH + 1];
    }
  }

  // ---- squares in n slices of `work`

  private static void bytes(long[] work, int longs) {
    for (int k = 0; k < 4; k++) {
      halvesOfBytes(work, k * SLICE, longs);
    }
    for (int k = 0; k < 8; k += 4) {
      quartersOfBytes(work, k * SLICE, longs);
      quartersOfBytes(work, (k + 1) * SLICE, longs);
    }
    for (int k = 0; k < 8; k += 2) {
      eighthsOfBytes(work, k * SLICE, longs);
    }
  }

  private static void shorts(long[] work, int longs) {
    halvesOfShorts(work, 0, longs);
    halvesOfShorts(work, SLICE, longs);
    quartersOfShorts(work, 0, longs);
    quartersOfShorts(work, 2 * SLICE, longs);
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

  private static void ints(long[] work, int longs) {
    for (int i = 0; i < longs; i++) {
      long a = work[i];
      long b = work[i + SLICE];
      long x = ((a >>> 32) ^ b) & INTS;
      work[i] = a ^ (x << 32);
      work[i + SLICE] = b ^ x;
    }
  }
}
