package octavo.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/** The loops that show what a machine can do at most. */
final class Loops {

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
  private static final long WIDTH = LONGS.vectorByteSize();
  private static final int CHAINS = 10;

  private Loops() {}

  /** {@return the floating-point operations of some steps of {@link #fma}} */
  static double fmaOperations(int steps) {
    return 2.0 * FLOATS.length() * CHAINS * steps;
  }

  /**
   * Ten independent chains of fused multiply-adds in registers: two units of latency four need
   * eight.
   *
   * @return a number that depends on all of them
   */
  static float fma(int steps) {
    FloatVector x = FloatVector.broadcast(FLOATS, 0.999f);
    FloatVector c0 = x, c1 = x, c2 = x, c3 = x, c4 = x, c5 = x, c6 = x, c7 = x, c8 = x, c9 = x;
    for (int i = 0; i < steps; i++) {
      c0 = c0.fma(x, x);
      c1 = c1.fma(x, x);
      c2 = c2.fma(x, x);
      c3 = c3.fma(x, x);
      c4 = c4.fma(x, x);
      c5 = c5.fma(x, x);
      c6 = c6.fma(x, x);
      c7 = c7.fma(x, x);
      c8 = c8.fma(x, x);
      c9 = c9.fma(x, x);
    }
    FloatVector low = c0.add(c1).add(c2).add(c3).add(c4);
    return low.add(c5).add(c6).add(c7).add(c8).add(c9).lane(0);
  }

  /**
   * Reads memory in order, a vector at a time.
   *
   * @param from a multiple of eight vectors long
   * @return a number that depends on all of it
   */
  static long read(MemorySegment from, long offset, long bytes) {
    LongVector c0 = LongVector.zero(LONGS);
    LongVector c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
    ByteOrder order = ByteOrder.nativeOrder();
    for (long i = offset; i < offset + bytes; i += 8 * WIDTH) {
      c0 = c0.or(LongVector.fromMemorySegment(LONGS, from, i, order));
      c1 = c1.or(LongVector.fromMemorySegment(LONGS, from, i + WIDTH, order));
      c2 = c2.or(LongVector.fromMemorySegment(LONGS, from, i + 2 * WIDTH, order));
      c3 = c3.or(LongVector.fromMemorySegment(LONGS, from, i + 3 * WIDTH, order));
      c4 = c4.or(LongVector.fromMemorySegment(LONGS, from, i + 4 * WIDTH, order));
      c5 = c5.or(LongVector.fromMemorySegment(LONGS, from, i + 5 * WIDTH, order));
      c6 = c6.or(LongVector.fromMemorySegment(LONGS, from, i + 6 * WIDTH, order));
      c7 = c7.or(LongVector.fromMemorySegment(LONGS, from, i + 7 * WIDTH, order));
    }
    LongVector low = c0.or(c1).or(c2).or(c3);
    return low.or(c4).or(c5).or(c6).or(c7).lane(0);
  }

  /**
   * Reads memory as four streams, each in order: more of the memory's rows and of the prefetchers
   * are busy than with one.
   *
   * @param bytes a multiple of eight vectors
   * @return a number that depends on all of it
   */
  static long readStreams(MemorySegment from, long offset, long bytes) {
    LongVector c0 = LongVector.zero(LONGS);
    LongVector c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
    ByteOrder order = ByteOrder.nativeOrder();
    long quarter = bytes / 4;
    long s1 = quarter, s2 = 2 * quarter, s3 = 3 * quarter;
    for (long i = offset; i < offset + quarter; i += 2 * WIDTH) {
      c0 = c0.or(LongVector.fromMemorySegment(LONGS, from, i, order));
      c1 = c1.or(LongVector.fromMemorySegment(LONGS, from, i + WIDTH, order));
      c2 = c2.or(LongVector.fromMemorySegment(LONGS, from, i + s1, order));
      c3 = c3.or(LongVector.fromMemorySegment(LONGS, from, i + s1 + WIDTH, order));
      c4 = c4.or(LongVector.fromMemorySegment(LONGS, from, i + s2, order));
      c5 = c5.or(LongVector.fromMemorySegment(LONGS, from, i + s2 + WIDTH, order));
      c6 = c6.or(LongVector.fromMemorySegment(LONGS, from, i + s3, order));
      c7 = c7.or(LongVector.fromMemorySegment(LONGS, from, i + s3 + WIDTH, order));
    }
    LongVector low = c0.or(c1).or(c2).or(c3);
    return low.or(c4).or(c5).or(c6).or(c7).lane(0);
  }

  /** {@return memory whose every page is in use} */
  static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 4096).fill((byte) 1);
  }
}
