package octavo.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.NanCodes;

/** Looks for codes of NaN and infinity in memory, eight bytes at a time. */
public final class FiniteCodes {

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FiniteCodes() {}

  /**
   * {@return whether all codes are of finite numbers}
   *
   * @param format the format of the codes
   * @param codes the memory
   * @param at where the first code is, in bytes
   * @param bytes how many bytes of codes; whole codes
   */
  public static boolean all(ElementFormat format, MemorySegment codes, long at, long bytes) {
    if (!(format instanceof FloatFormat its) || !its.hasNan()) {
      return true;
    }
    int bits = its.storageBits();
    long whole = bytes / Long.BYTES * Long.BYTES;
    boolean found;
    if (its.nanCodes() == NanCodes.NEGATIVE_ZERO) {
      found = anyEqual(codes, at, whole, repeated(its.nanCode(true), bits));
    } else {
      // Numbers of a sign are in order of their magnitudes, the others are above: adding what the
      // lowest of these lacks to the sign bit carries into it.
      int sign = 1 << (its.bits() - 1);
      int lowest = its.infinities() ? its.infinityCode(false) : its.nanCode(false);
      if (!its.signed()) {
        return all(its, codes, at, 0, bytes);
      }
      found =
          anyCarry(
              codes,
              at,
              whole,
              repeated(sign - 1, bits),
              repeated(sign - lowest, bits),
              repeated(sign, bits));
    }
    return !found && all(its, codes, at, whole, bytes);
  }

  private static long repeated(int code, int bits) {
    long all = code & (bits == 32 ? 0xFFFF_FFFFL : (1L << bits) - 1);
    for (int width = bits; width < Long.SIZE; width *= 2) {
      all |= all << width;
    }
    return all;
  }

  private static boolean anyCarry(
      MemorySegment codes, long at, long bytes, long magnitude, long lacking, long sign) {
    long carries = 0;
    for (long i = 0; i < bytes; i += Long.BYTES) {
      carries |= (codes.get(LONG, at + i) & magnitude) + lacking;
    }
    return (carries & sign) != 0;
  }

  /** Of eight-bit codes. A byte is zero where subtracting 1 borrows and the byte had no top bit. */
  private static boolean anyEqual(MemorySegment codes, long at, long bytes, long code) {
    long borrows = 0;
    for (long i = 0; i < bytes; i += Long.BYTES) {
      long difference = codes.get(LONG, at + i) ^ code;
      borrows |= (difference - 0x0101_0101_0101_0101L) & ~difference;
    }
    return (borrows & 0x8080_8080_8080_8080L) != 0;
  }

  private static boolean all(
      FloatFormat format, MemorySegment codes, long at, long from, long bytes) {
    int size = format.storageBits() / Byte.SIZE;
    for (long i = from; i < bytes; i += size) {
      int code =
          switch (size) {
            case 1 -> codes.get(ValueLayout.JAVA_BYTE, at + i);
            case 2 -> codes.get(Codes.SHORT, at + i);
            default -> codes.get(Codes.INT, at + i);
          };
      if (!Float.isFinite(format.decode(code))) {
        return false;
      }
    }
    return true;
  }
}
