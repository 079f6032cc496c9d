package octavo.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import octavo.format.ElementFormat;

/**
 * Codes in memory: little endian, without alignment, four-bit codes in pairs with the even element
 * in the low half of its byte.
 *
 * <p>Memory errors are the segment's own: {@link IndexOutOfBoundsException} outside its bounds,
 * {@link IllegalStateException} once its arena is closed.
 */
public final class Codes {

  /** A 16-bit code in memory. */
  public static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A 32-bit code in memory. */
  public static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** An FP32 number in memory. */
  public static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Codes() {}

  /**
   * {@return the number of bytes that consecutive codes take}
   *
   * @param format their format
   * @param count how many
   * @throws ArithmeticException if the number exceeds {@code long}
   */
  public static long byteSize(ElementFormat format, long count) {
    return format.storageBits() == 4
        ? Math.ceilDiv(count, 2L)
        : Math.multiplyExact(count, format.storageBits() / 8L);
  }

  /**
   * {@return a code}
   *
   * @param segment the memory
   * @param format the format of its codes
   * @param index the position, counted in codes
   */
  public static int get(MemorySegment segment, ElementFormat format, long index) {
    return switch (format.storageBits()) {
      case 4 -> segment.get(ValueLayout.JAVA_BYTE, index >> 1) >>> ((index & 1) << 2) & 0xF;
      case 8 -> segment.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
      case 16 -> segment.get(SHORT, index << 1) & 0xFFFF;
      default -> segment.get(INT, index << 2);
    };
  }

  /**
   * Writes a code.
   *
   * @param segment the memory
   * @param format the format of its codes
   * @param index the position, counted in codes
   * @param code the code in the low bits
   */
  public static void set(MemorySegment segment, ElementFormat format, long index, int code) {
    switch (format.storageBits()) {
      case 4 -> {
        int shift = (int) (index & 1) << 2;
        int other = segment.get(ValueLayout.JAVA_BYTE, index >> 1) & (0xF0 >>> shift);
        segment.set(ValueLayout.JAVA_BYTE, index >> 1, (byte) (other | (code & 0xF) << shift));
      }
      case 8 -> segment.set(ValueLayout.JAVA_BYTE, index, (byte) code);
      case 16 -> segment.set(SHORT, index << 1, (short) code);
      default -> segment.set(INT, index << 2, code);
    }
  }
}
