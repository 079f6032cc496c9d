package octavo.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import octavo.bench.peer.Peers;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Times one {@link Subject}, whoever does it, and measures its {@link Limit} before every sample.
 */
@State(Scope.Benchmark)
public class OpBench {

  private static final long STEADY = 250_000_000;
  private static final long PATIENCE = 6_000_000_000L;

  /** What to time: the {@link Subject#id}. */
  @Param("")
  public String subject = "";

  private Contender contender;
  private Calibrator calibrator;
  private double limit;
  private double allocated;

  /** Sets everything up, checks the result once and runs until the time falls no more. */
  @Setup(Level.Trial)
  public void setUp() {
    Subject what = Subject.of(subject);
    contender =
        what.emptyCall()
            ? new CallWork(what)
            : what.octavo() ? OctavoWork.of(what) : Peers.contender(what);
    contender.run();
    contender.check();
    calibrator = new Calibrator(what);
    warmUp();
    contender.check();
    allocated = allocatedBytes();
  }

  // In all threads; the least of some batches, as the compilers' and the collector's own count too.
  private double allocatedBytes() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    double least = Double.POSITIVE_INFINITY;
    for (int batch = 0; batch < 3; batch++) {
      int runs = 0;
      long start = System.nanoTime();
      long before = threads.getTotalThreadAllocatedBytes();
      do {
        contender.run();
        runs++;
      } while (runs < 1000 && System.nanoTime() - start < 20_000_000);
      long after = threads.getTotalThreadAllocatedBytes();
      least = Math.min(least, (double) (after - before) / runs);
    }
    return least;
  }

  // A Vector API kernel takes its time until it is compiled; others need next to none.
  private void warmUp() {
    long start = System.nanoTime();
    long lastGain = start;
    long best = Long.MAX_VALUE;
    long now = start;
    while (now - lastGain < STEADY && now - start < PATIENCE) {
      long[] times = new long[3];
      for (int i = 0; i < times.length; i++) {
        long begin = System.nanoTime();
        contender.run();
        times[i] = System.nanoTime() - begin;
      }
      Arrays.sort(times);
      now = System.nanoTime();
      if (times[0] < 0.97 * best) {
        best = times[0];
        lastGain = now;
      }
    }
  }

  /** Measures the limit. */
  @Setup(Level.Iteration)
  public void calibrate() {
    limit = calibrator.measure();
  }

  /** The limit as measured before a sample; JMH reports it beside the sample. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Measured {

    private @Nullable OpBench bench;

    /** Remembers who measures. */
    @Setup(Level.Trial)
    public void of(OpBench measuring) {
      bench = measuring;
    }

    /** {@return the limit in the unit of the subject} */
    public double limit() {
      return bench == null ? Double.NaN : bench.limit;
    }

    /** {@return the bytes that a run allocates on the heap} */
    public double allocated() {
      return bench == null ? Double.NaN : bench.allocated;
    }
  }

  /** Does it once. */
  @Benchmark
  public void run(Measured measured) {
    contender.run();
  }
}
