package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Merges four rows of codes into one row of packed elements (x4), and takes them apart again. */
final class Zipper {
  /*
   * Element i of the packed row holds element i of the four rows, row 0 in its lowest bits:
   *
   *   packed[4 * i + c] = row[c][i]
   *
   * It is a transposition of 4 x n to n x 4, done in longs: 4 x 8 bytes, 4 x 4 shorts, 4 x 2 ints or,
   * for four-bit codes, 4 x 8 codes that are spread to bytes first. Rows go through arrays in pieces
   * of at most 1 KiB; what lies behind a row's end in the arrays is merged too and not written.
   */

  private static final int PIECE = 1024;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] rows = new byte[4 * PIECE];
  private final byte[] packed = new byte[4 * PIECE];

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
    int most = PIECE * 8 / bits;
    for (long i = 0; i < count; i += most) {
      int codes = (int) Math.min(most, count - i);
      int length = (int) bytes(bits, codes);
      long at = fromAt + bytes(bits, i);
      for (int c = 0; c < 4; c++) {
        MemorySegment.copy(
            from, ValueLayout.JAVA_BYTE, at + c * fromStride, rows, c * PIECE, length);
      }
      switch (bits) {
        case 4 -> zipNibbles(rows, packed, length);
        case 8 -> zipBytes(rows, packed, length);
        case 16 -> zipShorts(rows, packed, length);
        default -> zipInts(rows, packed, length);
      }
      MemorySegment.copy(
          packed,
          0,
          to,
          ValueLayout.JAVA_BYTE,
          toAt + i * bits / 2,
          (int) (codes * (long) bits / 2));
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
    int most = PIECE * 8 / bits;
    for (long i = 0; i < count; i += most) {
      int codes = (int) Math.min(most, count - i);
      int length = (int) bytes(bits, codes);
      int whole = (int) (codes * (long) bits / 2);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, fromAt + i * bits / 2, packed, 0, whole);
      if (whole < packed.length) {
        packed[whole] = 0; // An odd four-bit code's neighbour: the padding of a row.
        packed[Math.min(whole + 1, packed.length - 1)] = 0;
      }
      switch (bits) {
        case 4 -> unzipNibbles(packed, rows, length);
        case 8 -> unzipBytes(packed, rows, length);
        case 16 -> unzipShorts(packed, rows, length);
        default -> unzipInts(packed, rows, length);
      }
      long at = toAt + bytes(bits, i);
      for (int c = 0; c < 4; c++) {
        MemorySegment.copy(rows, c * PIECE, to, ValueLayout.JAVA_BYTE, at + c * toStride, length);
      }
    }
  }

  // ---- leaves: one loop each, lengths in bytes of one row

  private static void zipBytes(byte[] rows, byte[] packed, int length) {
    for (int i = 0; i < length; i += 8) {
      long a = (long) LONG.get(rows, i);
      long b = (long) LONG.get(rows, i + PIECE);
      long c = (long) LONG.get(rows, i + 2 * PIECE);
      long d = (long) LONG.get(rows, i + 3 * PIECE);
      LONG.set(packed, 4 * i, quad(a, b, c, d));
      LONG.set(packed, 4 * i + 8, quad(a >>> 16, b >>> 16, c >>> 16, d >>> 16));
      LONG.set(packed, 4 * i + 16, quad(a >>> 32, b >>> 32, c >>> 32, d >>> 32));
      LONG.set(packed, 4 * i + 24, quad(a >>> 48, b >>> 48, c >>> 48, d >>> 48));
    }
  }

  /** Two columns of four bytes. */
  private static long quad(long a, long b, long c, long d) {
    long first = (a & 0xFF) | (b & 0xFF) << 8 | (c & 0xFF) << 16 | (d & 0xFF) << 24;
    long second = (a & 0xFF00) >>> 8 | (b & 0xFF00) | (c & 0xFF00) << 8 | (d & 0xFF00) << 16;
    return first | second << 32;
  }

  private static void unzipBytes(byte[] packed, byte[] rows, int length) {
    for (int i = 0; i < length; i++) {
      int word = (int) INT.get(packed, 4 * i);
      rows[i] = (byte) word;
      rows[i + PIECE] = (byte) (word >>> 8);
      rows[i + 2 * PIECE] = (byte) (word >>> 16);
      rows[i + 3 * PIECE] = (byte) (word >>> 24);
    }
  }

  private static void zipShorts(byte[] rows, byte[] packed, int length) {
    for (int i = 0; i < length; i += 8) {
      transpose(rows, i, PIECE, packed, 4 * i, 8);
    }
  }

  private static void unzipShorts(byte[] packed, byte[] rows, int length) {
    for (int i = 0; i < length; i += 8) {
      transpose(packed, 4 * i, 8, rows, i, PIECE);
    }
  }

  /** Four by four shorts. */
  private static void transpose(
      byte[] from, int at, int stride, byte[] to, int toAt, int toStride) {
    long a = (long) LONG.get(from, at);
    long b = (long) LONG.get(from, at + stride);
    long c = (long) LONG.get(from, at + 2 * stride);
    long d = (long) LONG.get(from, at + 3 * stride);
    long x = ((a >>> 32) ^ c) & 0xFFFF_FFFFL;
    c ^= x;
    a ^= x << 32;
    x = ((b >>> 32) ^ d) & 0xFFFF_FFFFL;
    d ^= x;
    b ^= x << 32;
    x = ((a >>> 16) ^ b) & 0x0000_FFFF_0000_FFFFL;
    LONG.set(to, toAt, a ^ x << 16);
    LONG.set(to, toAt + toStride, b ^ x);
    x = ((c >>> 16) ^ d) & 0x0000_FFFF_0000_FFFFL;
    LONG.set(to, toAt + 2 * toStride, c ^ x << 16);
    LONG.set(to, toAt + 3 * toStride, d ^ x);
  }

  private static void zipInts(byte[] rows, byte[] packed, int length) {
    for (int i = 0; i < length; i += 4) {
      for (int c = 0; c < 4; c++) {
        INT.set(packed, 4 * (i + c), (int) INT.get(rows, i + c * PIECE));
      }
    }
  }

  private static void unzipInts(byte[] packed, byte[] rows, int length) {
    for (int i = 0; i < length; i += 4) {
      for (int c = 0; c < 4; c++) {
        INT.set(rows, i + c * PIECE, (int) INT.get(packed, 4 * (i + c)));
      }
    }
  }

  private static void zipNibbles(byte[] rows, byte[] packed, int length) {
    for (int i = 0; i < length; i += 4) {
      long a = spread4((int) INT.get(rows, i));
      long b = spread4((int) INT.get(rows, i + PIECE));
      long c = spread4((int) INT.get(rows, i + 2 * PIECE));
      long d = spread4((int) INT.get(rows, i + 3 * PIECE));
      long low = a | b << 4;
      long high = c | d << 4;
      LONG.set(packed, 4 * i, spread8((int) low) | spread8((int) high) << 8);
      LONG.set(packed, 4 * i + 8, spread8((int) (low >>> 32)) | spread8((int) (high >>> 32)) << 8);
    }
  }

  private static void unzipNibbles(byte[] packed, byte[] rows, int length) {
    for (int i = 0; i < length; i += 4) {
      long first = (long) LONG.get(packed, 4 * i);
      long second = (long) LONG.get(packed, 4 * i + 8);
      for (int c = 0; c < 4; c++) {
        int low = gather(first >>> (4 * c));
        int high = gather(second >>> (4 * c));
        INT.set(rows, i + c * PIECE, low | high << 16);
      }
    }
  }

  /** Eight codes of four bits to the low halves of eight bytes. */
  private static long spread4(int codes) {
    long x = codes & 0xFFFF_FFFFL;
    x = (x | x << 16) & 0x0000_FFFF_0000_FFFFL;
    x = (x | x << 8) & 0x00FF_00FF_00FF_00FFL;
    return (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0FL;
  }

  /** Four bytes to the low halves of four shorts. */
  private static long spread8(int bytes) {
    long x = bytes & 0xFFFF_FFFFL;
    x = (x | x << 16) & 0x0000_FFFF_0000_FFFFL;
    return (x | x << 8) & 0x00FF_00FF_00FF_00FFL;
  }

  /** The lowest four bits of four shorts to 16 bits. */
  private static int gather(long shorts) {
    long x = shorts & 0x000F_000F_000F_000FL;
    x = (x | (x >>> 12)) & 0x0000_00FF_0000_00FFL;
    return (int) (x | (x >>> 24)) & 0xFFFF;
  }
}
