package octavo.checkpoint;

import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The bytes of a segment from an offset to its end. */
final class SegmentStream extends InputStream {

  private final MemorySegment bytes;
  private long next;

  SegmentStream(MemorySegment bytes, long offset) {
    this.bytes = bytes;
    this.next = offset;
  }

  @Override
  public int read() {
    return next == bytes.byteSize() ? -1 : bytes.get(ValueLayout.JAVA_BYTE, next++) & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    int count = (int) Math.min(length, bytes.byteSize() - next);
    if (count == 0) {
      return length == 0 ? 0 : -1;
    }
    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, next, target, offset, count);
    next += count;
    return count;
  }
}
