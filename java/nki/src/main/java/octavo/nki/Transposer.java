package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Exchanges rows and columns of matrices of 1, 2, 4 or 8 byte units, wherever they lie. */
final class Transposer {
  /*
   * Square blocks with rows of 256 bytes go through two arrays: rows are copied into one, transposed
   * into the other, and copied out as rows. 256 bytes are four cache lines in a run, which is what
   * it takes for the processor to prefetch; rows of 64 bytes copied at a third of the rate. The
   * arrays take 128 KiB for bytes, 16 KiB for longs, so that they stay in the second-level cache.
   *
   * Between the arrays units move as parts of longs: 8 x 8 bytes, 4 x 4 shorts and 2 x 2 ints, by
   * exchanging ever smaller off-diagonal parts. One by one, as array elements, shorts and ints went
   * at half of that.
   *
   * Bands of four blocks' columns are finished before the next: a band's target rows stay in the
   * TLB while each grows from front to back. Over the whole width the largest matrices lost a tenth.
   *
   * Measured on 4096 rows of 4 KiB, the worst case as all strides are powers of two: 2.0, 2.6, 3.3 and
   * 3.9 GB/s for units of 1, 2, 4 and 8 bytes where a plain copy ran at 11.
   *
   * Rows beyond an edge leave rubbish in the arrays, which is transposed too and not written. Units
   * are opaque: a packed element of four numbers (x4) is one unit.
   */

  private static final int ROW = 256;
  private static final int BAND = 4;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] in = new byte[ROW * ROW];
  private final byte[] out = new byte[ROW * ROW];

  Transposer() {}

  /**
   * Writes {@code to[c][r] = from[r][c]}.
   *
   * @param unit the bytes of a unit: 1, 2, 4 or 8
   * @param from the source
   * @param fromAt the byte where its first unit is
   * @param fromStride the bytes from row to row
   * @param rows its rows
   * @param columns its columns
   * @param to the target, apart from the source
   * @param toAt the byte where its first unit goes
   * @param toStride the bytes from row to row
   */
  void run(
      int unit,
      MemorySegment from,
      long fromAt,
      long fromStride,
      long rows,
      long columns,
      MemorySegment to,
      long toAt,
      long toStride) {
    int side = ROW / unit;
    long band = BAND * (long) side;
    for (long first = 0; first < columns; first += band) {
      long end = Math.min(columns, first + band);
      for (long r = 0; r < rows; r += side) {
        int height = (int) Math.min(side, rows - r);
        for (long c = first; c < end; c += side) {
          int width = (int) Math.min(side, end - c);
          copyIn(from, fromAt + r * fromStride + c * unit, fromStride, height, width * unit);
          switch (unit) {
            case 1 -> bytes(in, out, height, width);
            case 2 -> shorts(in, out, height, width);
            case 4 -> ints(in, out, height, width);
            case 8 -> longs(in, out, height, width);
            default -> throw new IllegalArgumentException("units of " + unit + " bytes");
          }
          copyOut(to, toAt + c * toStride + r * unit, toStride, width, height * unit);
        }
      }
    }
  }

  private void copyIn(MemorySegment from, long at, long stride, int rows, int bytes) {
    for (int i = 0; i < rows; i++) {
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at + i * stride, in, i * ROW, bytes);
    }
  }

  private void copyOut(MemorySegment to, long at, long stride, int rows, int bytes) {
    for (int i = 0; i < rows; i++) {
      MemorySegment.copy(out, i * ROW, to, ValueLayout.JAVA_BYTE, at + i * stride, bytes);
    }
  }

  private static void longs(byte[] from, byte[] to, int height, int width) {
    for (int c = 0; c < width; c++) {
      for (int r = 0; r < height; r++) {
        LONG.set(to, c * ROW + r * 8, (long) LONG.get(from, r * ROW + c * 8));
      }
    }
  }

  private static void ints(byte[] from, byte[] to, int height, int width) {
    for (int c = 0; c < width; c += 2) {
      for (int r = 0; r < height; r += 2) {
        int at = r * ROW + c * 4;
        long a = (long) LONG.get(from, at);
        long b = (long) LONG.get(from, at + ROW);
        int toAt = c * ROW + r * 4;
        LONG.set(to, toAt, (a & 0xFFFF_FFFFL) | b << 32);
        LONG.set(to, toAt + ROW, a >>> 32 | (b & 0xFFFF_FFFF_0000_0000L));
      }
    }
  }

  private static void shorts(byte[] from, byte[] to, int height, int width) {
    for (int c = 0; c < width; c += 4) {
      for (int r = 0; r < height; r += 4) {
        int at = r * ROW + c * 2;
        long a = (long) LONG.get(from, at);
        long b = (long) LONG.get(from, at + ROW);
        long d = (long) LONG.get(from, at + 2 * ROW);
        long e = (long) LONG.get(from, at + 3 * ROW);
        long x = ((a >>> 32) ^ d) & 0xFFFF_FFFFL;
        d ^= x;
        a ^= x << 32;
        x = ((b >>> 32) ^ e) & 0xFFFF_FFFFL;
        e ^= x;
        b ^= x << 32;
        int toAt = c * ROW + r * 2;
        x = ((a >>> 16) ^ b) & 0x0000_FFFF_0000_FFFFL;
        LONG.set(to, toAt, a ^ x << 16);
        LONG.set(to, toAt + ROW, b ^ x);
        x = ((d >>> 16) ^ e) & 0x0000_FFFF_0000_FFFFL;
        LONG.set(to, toAt + 2 * ROW, d ^ x << 16);
        LONG.set(to, toAt + 3 * ROW, e ^ x);
      }
    }
  }

  private static void bytes(byte[] from, byte[] to, int height, int width) {
    for (int r = 0; r < height; r += 8) {
      for (int c = 0; c < width; c += 8) {
        block(from, r * ROW + c, to, c * ROW + r);
      }
    }
  }

  /** Eight by eight bytes: exchanges off-diagonal quarters of 4, then 2, then 1 bytes. */
  private static void block(byte[] from, int at, byte[] to, int toAt) {
    long a = (long) LONG.get(from, at);
    long b = (long) LONG.get(from, at + ROW);
    long c = (long) LONG.get(from, at + 2 * ROW);
    long d = (long) LONG.get(from, at + 3 * ROW);
    long e = (long) LONG.get(from, at + 4 * ROW);
    long f = (long) LONG.get(from, at + 5 * ROW);
    long g = (long) LONG.get(from, at + 6 * ROW);
    long h = (long) LONG.get(from, at + 7 * ROW);
    long x;
    x = ((a >>> 32) ^ e) & 0xFFFF_FFFFL;
    e ^= x;
    a ^= x << 32;
    x = ((b >>> 32) ^ f) & 0xFFFF_FFFFL;
    f ^= x;
    b ^= x << 32;
    x = ((c >>> 32) ^ g) & 0xFFFF_FFFFL;
    g ^= x;
    c ^= x << 32;
    x = ((d >>> 32) ^ h) & 0xFFFF_FFFFL;
    h ^= x;
    d ^= x << 32;
    x = ((a >>> 16) ^ c) & 0x0000_FFFF_0000_FFFFL;
    c ^= x;
    a ^= x << 16;
    x = ((b >>> 16) ^ d) & 0x0000_FFFF_0000_FFFFL;
    d ^= x;
    b ^= x << 16;
    x = ((e >>> 16) ^ g) & 0x0000_FFFF_0000_FFFFL;
    g ^= x;
    e ^= x << 16;
    x = ((f >>> 16) ^ h) & 0x0000_FFFF_0000_FFFFL;
    h ^= x;
    f ^= x << 16;
    x = ((a >>> 8) ^ b) & 0x00FF_00FF_00FF_00FFL;
    LONG.set(to, toAt + ROW, b ^ x);
    LONG.set(to, toAt, a ^ x << 8);
    x = ((c >>> 8) ^ d) & 0x00FF_00FF_00FF_00FFL;
    LONG.set(to, toAt + 3 * ROW, d ^ x);
    LONG.set(to, toAt + 2 * ROW, c ^ x << 8);
    x = ((e >>> 8) ^ f) & 0x00FF_00FF_00FF_00FFL;
    LONG.set(to, toAt + 5 * ROW, f ^ x);
    LONG.set(to, toAt + 4 * ROW, e ^ x << 8);
    x = ((g >>> 8) ^ h) & 0x00FF_00FF_00FF_00FFL;
    LONG.set(to, toAt + 7 * ROW, h ^ x);
    LONG.set(to, toAt + 6 * ROW, g ^ x << 8);
  }
}
