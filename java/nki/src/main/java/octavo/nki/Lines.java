package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Where the rows of a matrix lie in memory: a stride apart or, like the scales of a quadrant, in
 * groups that are another stride apart. Mutable, for reuse.
 */
final class Lines {

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private MemorySegment data = MemorySegment.NULL;
  private long at;
  private long stride;
  private long group;
  private long groupStride;

  Lines() {}

  /**
   * Sets rows a stride apart.
   *
   * @param newData the memory
   * @param newAt the byte where row 0 begins
   * @param newStride the bytes from row to row
   */
  void set(MemorySegment newData, long newAt, long newStride) {
    setGroups(newData, newAt, newStride, 0, 0);
  }

  /**
   * Sets groups of rows.
   *
   * @param newData the memory
   * @param newAt the byte where row 0 begins
   * @param newStride the bytes from row to row in a group
   * @param newGroup the rows of a group; 0 for one group of all
   * @param newGroupStride the bytes from group to group
   */
  void setGroups(
      MemorySegment newData, long newAt, long newStride, long newGroup, long newGroupStride) {
    data = newData;
    at = newAt;
    stride = newStride;
    group = newGroup;
    groupStride = newGroupStride;
  }

  /** Forgets the memory. */
  void clear() {
    data = MemorySegment.NULL;
  }

  MemorySegment data() {
    return data;
  }

  /** {@return the byte where a row begins} */
  long place(long row) {
    return group == 0 ? at + row * stride : at + row / group * groupStride + row % group * stride;
  }

  /** Copies bytes to longs, the first byte lowest; the last long may have zeros above. */
  static void read(MemorySegment from, long at, long[] to, int index, int bytes) {
    int whole = bytes >>> 3;
    MemorySegment.copy(from, LONG, at, to, index, whole);
    if ((bytes & 7) != 0) {
      long last = 0;
      for (int i = whole << 3; i < bytes; i++) {
        last |= (from.get(ValueLayout.JAVA_BYTE, at + i) & 0xFFL) << (8 * i);
      }
      to[index + whole] = last;
    }
  }

  /** Copies bytes of longs to memory, the lowest first. */
  static void write(long[] from, int index, MemorySegment to, long at, int bytes) {
    int whole = bytes >>> 3;
    MemorySegment.copy(from, index, to, LONG, at, whole);
    for (int i = whole << 3; i < bytes; i++) {
      to.set(ValueLayout.JAVA_BYTE, at + i, (byte) (from[index + whole] >>> (8 * i)));
    }
  }
}
