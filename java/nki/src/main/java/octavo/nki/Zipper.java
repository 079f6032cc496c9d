package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Merges four rows of codes into one row of packed elements (x4), and takes them apart again. */
final class Zipper {
  /*
   * Element i of the packed row holds element i of the four rows, row 0 in its lowest bits:
   *
   *   packed[4 * i + c] = row[c][i]
   *
   * It is a transposition of 4 x n codes, done in longs that hold 16, 8, 4 or 2 codes of a row
   * each. First 4 x 4 codes are transposed within the four longs: parts off the diagonal change
   * places, halves of the square, then quarters. These loops run over arrays at fixed distances
   * from each other, which is what lets the compiler make vectors of them: it cannot see that the
   * rows are apart otherwise. Row c has then whole packed elements, of every fourth column or so;
   * the second step puts them in order, for which there are no vectors.
   *
   * Rows go through arrays in pieces of at most 4 KiB: memory is read in 2.8 ns for 64 bytes then,
   * in 4.7 in pieces of 1 KiB (Transposer says more). Both arrays, 16 KiB each, still fit the
   * first-level cache. What lies behind a row's end in the arrays is merged too, and not written.
   * Rows are 64 bytes further apart than they are long: at a power of two, four streams would share
   * an eighth of the first-level cache.
   *
   * By one thread it takes 12 to 15 ns for 64 bytes, 0.42 to 0.5 of the rate of a copy: 3 to read,
   * 2 for two exchanges, 3 to put in order, 3 to 5 to write, one after the other as nothing here
   * prefetches.
   */

  /** The longs of a piece of one row. */
  private static final int MOST = 512;

  /** The longs from row to row. */
  private static final int PIECE = MOST + 8;

  // The lower halves of longs, of their halves, and so on.
  static final long INTS = 0x0000_0000_FFFF_FFFFL;
  static final long SHORTS = 0x0000_FFFF_0000_FFFFL;
  static final long BYTES = 0x00FF_00FF_00FF_00FFL;
  static final long NIBBLES = 0x0F0F_0F0F_0F0F_0F0FL;

  private final long[] rows = new long[4 * PIECE];
  private final long[] packed = new long[4 * MOST];

  Zipper() {}

  /** {@return the bytes of a number of codes} */
  static long bytes(int bits, long count) {
    return bits == 4 ? (count + 1) >> 1 : count * (bits >> 3);
  }

  /**
   * Merges four rows.
   *
   * @param bits the bits of a code: 4, 8, 16 or 32
   * @param from the source
   * @param fromAt the byte where row 0 begins
   * @param fromStride the bytes from row to row
   * @param to the target
   * @param toAt the byte where the packed row begins
   * @param count the codes in a row
   */
  void zip(
      int bits,
      MemorySegment from,
      long fromAt,
      long fromStride,
      MemorySegment to,
      long toAt,
      long count) {
    int most = MOST * 64 / bits;
    for (long i = 0; i < count; i += most) {
      int codes = (int) Math.min(most, count - i);
      int length = (int) bytes(bits, codes);
      for (int c = 0; c < 4; c++) {
        Lines.read(from, fromAt + bytes(bits, i) + c * fromStride, rows, c * PIECE, length);
      }
      merge(bits, (length + 7) >>> 3);
      Lines.write(packed, 0, to, toAt + i * bits / 2, codes * bits / 2);
    }
  }

  private void merge(int bits, int longs) {
    switch (bits) {
      case 4 -> {
        exchangeNibbles(rows, longs);
        exchangeShorts(rows, longs);
        mergeLongs(rows, longs, packed);
      }
      case 8 -> {
        exchangeBytes(rows, longs);
        mergeInts(rows, longs, packed);
      }
      case 16 -> {
        exchangeShorts(rows, longs);
        mergeLongs(rows, longs, packed);
      }
      default -> mergeInts(rows, longs, packed);
    }
  }

  /**
   * Takes a packed row apart.
   *
   * @param bits the bits of a code: 4, 8, 16 or 32
   * @param from the source
   * @param fromAt the byte where the packed row begins
   * @param to the target
   * @param toAt the byte where row 0 begins
   * @param toStride the bytes from row to row
   * @param count the codes in a row
   */
  void unzip(
      int bits,
      MemorySegment from,
      long fromAt,
      MemorySegment to,
      long toAt,
      long toStride,
      long count) {
    int most = MOST * 64 / bits;
    for (long i = 0; i < count; i += most) {
      int codes = (int) Math.min(most, count - i);
      Lines.read(from, fromAt + i * bits / 2, packed, 0, codes * bits / 2);
      split(bits, codes, to, toAt + bytes(bits, i), toStride);
    }
  }

  /** Takes what was read apart, and writes the four rows. */
  private void split(int bits, int codes, MemorySegment to, long at, long stride) {
    int length = (int) bytes(bits, codes);
    split(bits, (length + 7) >>> 3);
    int whole = (codes * bits) >> 3;
    for (int c = 0; c < 4; c++) {
      long row = at + c * stride;
      Lines.write(rows, c * PIECE, to, row, whole);
      if (whole < length) {
        // Behind an odd four-bit code lies padding or, in a slice, a neighbour: it stays.
        int code = (int) (rows[c * PIECE + (whole >>> 3)] >>> (8 * (whole & 7))) & 0xF;
        int other = to.get(ValueLayout.JAVA_BYTE, row + whole) & 0xF0;
        to.set(ValueLayout.JAVA_BYTE, row + whole, (byte) (other | code));
      }
    }
  }

  private void split(int bits, int longs) {
    switch (bits) {
      case 4 -> {
        splitLongs(packed, rows, longs);
        exchangeShorts(rows, longs);
        exchangeNibbles(rows, longs);
      }
      case 8 -> {
        splitInts(packed, rows, longs);
        exchangeBytes(rows, longs);
      }
      case 16 -> {
        splitLongs(packed, rows, longs);
        exchangeShorts(rows, longs);
      }
      default -> splitInts(packed, rows, longs);
    }
  }

  // ---- leaves, lengths in longs of one row

  /** Transposes 4 x 4 shorts: its own inverse. */
  private static void exchangeShorts(long[] rows, int longs) {
    halvesOfShorts(rows, 0, longs);
    halvesOfShorts(rows, PIECE, longs);
    quartersOfShorts(rows, 0, longs);
    quartersOfShorts(rows, 2 * PIECE, longs);
  }

  /** Transposes 4 x 4 bytes: its own inverse. */
  private static void exchangeBytes(long[] rows, int longs) {
    halvesOfBytes(rows, 0, longs);
    halvesOfBytes(rows, PIECE, longs);
    quartersOfBytes(rows, 0, longs);
    quartersOfBytes(rows, 2 * PIECE, longs);
  }

  /** Transposes 4 x 4 codes of four bits: its own inverse. */
  private static void exchangeNibbles(long[] rows, int longs) {
    halvesOfNibbles(rows, 0, longs);
    halvesOfNibbles(rows, PIECE, longs);
    quartersOfNibbles(rows, 0, longs);
    quartersOfNibbles(rows, 2 * PIECE, longs);
  }

  // Two rows a loop, each with its own distance and shift: constants, or there are no vectors.

  private static void halvesOfShorts(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + 2 * PIECE];
      long x = ((a >>> 32) ^ b) & INTS;
      rows[i] = a ^ (x << 32);
      rows[i + 2 * PIECE] = b ^ x;
    }
  }

  private static void quartersOfShorts(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + PIECE];
      long x = ((a >>> 16) ^ b) & SHORTS;
      rows[i] = a ^ (x << 16);
      rows[i + PIECE] = b ^ x;
    }
  }

  private static void halvesOfBytes(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + 2 * PIECE];
      long x = ((a >>> 16) ^ b) & SHORTS;
      rows[i] = a ^ (x << 16);
      rows[i + 2 * PIECE] = b ^ x;
    }
  }

  private static void quartersOfBytes(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + PIECE];
      long x = ((a >>> 8) ^ b) & BYTES;
      rows[i] = a ^ (x << 8);
      rows[i + PIECE] = b ^ x;
    }
  }

  private static void halvesOfNibbles(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + 2 * PIECE];
      long x = ((a >>> 8) ^ b) & BYTES;
      rows[i] = a ^ (x << 8);
      rows[i + 2 * PIECE] = b ^ x;
    }
  }

  private static void quartersOfNibbles(long[] rows, int first, int longs) {
    for (int i = first; i < first + longs; i++) {
      long a = rows[i];
      long b = rows[i + PIECE];
      long x = ((a >>> 4) ^ b) & NIBBLES;
      rows[i] = a ^ (x << 4);
      rows[i + PIECE] = b ^ x;
    }
  }

  private static void mergeLongs(long[] rows, int longs, long[] packed) {
    int at = 0;
    for (int i = 0; i < longs; i++) {
      packed[at] = rows[i];
      packed[at + 1] = rows[i + PIECE];
      packed[at + 2] = rows[i + 2 * PIECE];
      packed[at + 3] = rows[i + 3 * PIECE];
      at += 4;
    }
  }

  private static void splitLongs(long[] packed, long[] rows, int longs) {
    int at = 0;
    for (int i = 0; i < longs; i++) {
      rows[i] = packed[at];
      rows[i + PIECE] = packed[at + 1];
      rows[i + 2 * PIECE] = packed[at + 2];
      rows[i + 3 * PIECE] = packed[at + 3];
      at += 4;
    }
  }

  private static void mergeInts(long[] rows, int longs, long[] packed) {
    int at = 0;
    for (int i = 0; i < longs; i++) {
      long a = rows[i];
      long b = rows[i + PIECE];
      long c = rows[i + 2 * PIECE];
      long d = rows[i + 3 * PIECE];
      packed[at] = (a & INTS) | b << 32;
      packed[at + 1] = (c & INTS) | d << 32;
      packed[at + 2] = a >>> 32 | (b & ~INTS);
      packed[at + 3] = c >>> 32 | (d & ~INTS);
      at += 4;
    }
  }

  private static void splitInts(long[] packed, long[] rows, int longs) {
    int at = 0;
    for (int i = 0; i < longs; i++) {
      long ab = packed[at];
      long cd = packed[at + 1];
      long ef = packed[at + 2];
      long gh = packed[at + 3];
      rows[i] = (ab & INTS) | ef << 32;
      rows[i + PIECE] = ab >>> 32 | (ef & ~INTS);
      rows[i + 2 * PIECE] = (cd & INTS) | gh << 32;
      rows[i + 3 * PIECE] = cd >>> 32 | (gh & ~INTS);
      at += 4;
    }
  }
}
