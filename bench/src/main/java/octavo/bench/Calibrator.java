package octavo.bench;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures a {@link Limit} in some milliseconds, in the process and between the samples of the
 * operation that it bounds: on a machine shared with others, only figures of the same moment may be
 * compared.
 */
final class Calibrator {

  private static final int FMA_STEPS = 1 << 13;
  private static final int FMA_RUNS = 150; // of about 13 us each
  private static final long READ_BYTES = 128L << 20; // four times a last-level cache of 32 MiB
  private static final long READ_CHUNK = 24L << 20;
  private static final int REPEATS = 3;

  private final Subject subject;
  private final int threads;
  private MemorySegment from = MemorySegment.NULL;
  private MemorySegment to = MemorySegment.NULL;
  private long position;
  private volatile boolean streams;
  private volatile long unusedSink;

  /** Allocates what the limit of a subject needs and warms its loop up. */
  Calibrator(Subject subject) {
    this.subject = subject;
    this.threads = subject.threads();
    switch (subject.limit()) {
      case READ, ROOFLINE -> from = Loops.memory(READ_BYTES);
      case COPY -> {
        long bytes = Math.max(64, (long) subject.bytesMoved() / 2);
        from = Loops.memory(bytes);
        to = Loops.memory(bytes);
      }
      default -> {}
    }
    long end = System.nanoTime() + 150_000_000;
    do {
      measure();
    } while (subject.limit() != Limit.NONE && System.nanoTime() < end);
  }

  /** {@return the limit in the unit of the subject, measured now} */
  double measure() {
    return switch (subject.limit()) {
      case NONE -> Double.NaN;
      case FMA -> fma();
      case READ -> read();
      case ROOFLINE -> Math.min(fma(), read() * subject.operations() / subject.weightBytes());
      case COPY -> 2.0 * from.byteSize() * copies() / best(this::copy);
    };
  }

  private double fma() {
    return threads * FMA_RUNS * Loops.fmaOperations(FMA_STEPS) / best(this::multiplyAdd);
  }

  private double read() {
    streams = !streams;
    long best = best(this::readOn);
    streams = !streams;
    return (double) threads * chunk() / Math.min(best, best(this::readOn));
  }

  private void multiplyAdd() {
    for (int i = 0; i < FMA_RUNS; i++) {
      unusedSink = Float.floatToRawIntBits(Loops.fma(FMA_STEPS));
    }
  }

  private long chunk() {
    return READ_CHUNK / threads;
  }

  private void readOn() {
    long at;
    synchronized (this) {
      position = position + chunk() > READ_BYTES - chunk() ? 0 : position + chunk();
      at = position;
    }
    unusedSink = streams ? Loops.readStreams(from, at, chunk()) : Loops.read(from, at, chunk());
  }

  private int copies() {
    return (int) Math.max(1, (1 << 20) / from.byteSize());
  }

  private void copy() {
    for (int i = copies(); i > 0; i--) {
      MemorySegment.copy(from, 0, to, 0, from.byteSize());
    }
  }

  /** {@return the least time of some repeats on all threads}: a limit is what can be had. */
  private long best(Runnable work) {
    long[] best = {Long.MAX_VALUE};
    if (threads == 1) {
      repeat(work, best);
      return best[0];
    }
    for (int i = 0; i < REPEATS; i++) {
      CountDownLatch ready = new CountDownLatch(threads);
      CountDownLatch done = new CountDownLatch(threads);
      AtomicLong first = new AtomicLong(Long.MAX_VALUE);
      for (int t = 0; t < threads; t++) {
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              ready.countDown();
              await(ready);
              first.accumulateAndGet(System.nanoTime(), Math::min);
              work.run();
              done.countDown();
            });
      }
      await(done);
      best[0] = Math.min(best[0], System.nanoTime() - first.get());
    }
    return best[0];
  }

  private static void repeat(Runnable work, long[] best) {
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      work.run();
      best[0] = Math.min(best[0], System.nanoTime() - start);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a limit was measured", e);
    }
  }
}
