package octavo.checkpoint.trn;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import octavo.tensor.Storage;

/**
 * How often each byte value occurs.
 *
 * <p>All that an audit says of a tensor follows from these 256 numbers, so that its data are read
 * once, in order. The loop is bound by the writes of counters, so it counts pairs of bytes, with
 * two sets of counters: half the writes, and runs of equal bytes, as there are in weights, do not
 * wait for a counter to be written and read again. Counting each byte alone, in eight sets, took
 * 1.4 to 1.8 times as long.
 */
final class CodeCounts {

  /** Bytes counted by one task: few enough for 32-bit counters, enough to forget the summing up. */
  private static final long PIECE = 8L << 20;

  private static final int VALUES = 1 << 8;
  private static final int PAIRS = 1 << 16;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ThreadLocal<int[]> COUNTERS =
      ThreadLocal.withInitial(() -> new int[2 * PAIRS]);

  private final long[] counts = new long[VALUES];

  /** {@return how often a value occurred} */
  long of(int value) {
    return counts[value];
  }

  /**
   * Counts bytes, on the common pool where other threads may read them.
   *
   * @param progress is told of each piece how many bytes it had, from any thread
   */
  void add(MemorySegment bytes, LongConsumer progress) {
    long size = bytes.byteSize();
    LongStream pieces = LongStream.range(0, Math.ceilDiv(size, PIECE));
    boolean alone = size <= PIECE || Storage.of(bytes) == Storage.CONFINED;
    (alone ? pieces : pieces.parallel())
        .forEach(piece -> {
          long from = piece * PIECE;
          long to = Math.min(size, from + PIECE);
          if (to - from < PAIRS) {
            addFew(bytes, from, to);
          } else {
            addMany(bytes, from, to);
          }
          progress.accept(to - from);
        });
  }

  private synchronized void addFew(MemorySegment bytes, long from, long to) {
    for (long i = from; i < to; i++) {
      counts[bytes.get(ValueLayout.JAVA_BYTE, i) & 0xFF]++;
    }
  }

  private void addMany(MemorySegment bytes, long from, long to) {
    int[] counters = COUNTERS.get();
    long whole = from + ((to - from) & -Long.BYTES);
    for (long i = from; i < whole; i += Long.BYTES) {
      long word = bytes.get(LONG, i);
      counters[(int) word & 0xFFFF]++;
      counters[PAIRS | ((int) (word >>> 16) & 0xFFFF)]++;
      counters[(int) (word >>> 32) & 0xFFFF]++;
      counters[PAIRS | (int) (word >>> 48)]++;
    }
    synchronized (this) {
      for (int i = 0; i < counters.length; i++) {
        counts[i & 0xFF] += counters[i];
        counts[i >>> 8 & 0xFF] += counters[i];
        counters[i] = 0;
      }
    }
    addFew(bytes, whole, to);
  }
}
