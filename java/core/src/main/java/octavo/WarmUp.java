package octavo;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import octavo.dispatch.Plan;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.Request;
import org.jspecify.annotations.Nullable;

/**
 * Runs a kernel on invented numbers until the virtual machine has compiled it.
 *
 * <p>Vector API code is about a thousand times slower before its compilation than after. So calls
 * go to another kernel of the plan while a thread in the background repeats a small call of the
 * same kind: same formats, same strides and kind of memory, a class of row counts. How far the
 * compiler is cannot be asked; a kernel counts as compiled when its calls have stopped becoming
 * faster.
 *
 * <p>What is compiled is compiled for every engine of the process.
 */
final class WarmUp {

  private static final Map<Key, WarmUp> ALL = new ConcurrentHashMap<>();

  private static final long SHORTEST = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(6);
  private static final long STEADY = TimeUnit.MILLISECONDS.toNanos(150);
  private static final int CALLS = 30;
  private static final double FASTER = 0.9;

  private final Kernel<?> kernel;
  private final Request sample;
  private final AtomicBoolean asked = new AtomicBoolean();
  private final AtomicBoolean begun = new AtomicBoolean();
  private volatile boolean done;

  private record Key(KernelId kernel, Request sample) {}

  private WarmUp(Kernel<?> kernel, Request sample) {
    this.kernel = kernel;
    this.sample = sample;
  }

  /** Holds the thread of all warm-ups, made for the first. */
  private static final class Background {
    private static final ThreadPoolExecutor THREAD = thread();

    private Background() {}
  }

  @SuppressWarnings("ThreadPriorityCheck") // A wish to stay out of the way; nothing depends on it.
  private static ThreadPoolExecutor thread() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("octavo-warm-up").priority(2).factory());
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /**
   * {@return the warm-up of a plan's kernel}, or {@code null} if no small call is like the plan's
   */
  static @Nullable WarmUp of(Plan<?, ?> plan) {
    Request sample = SampleCall.of(plan.request());
    if (sample == null) {
      return null;
    }
    Key key = new Key(plan.kernel().id(), sample);
    WarmUp made = new WarmUp(plan.kernel(), sample);
    WarmUp earlier = ALL.putIfAbsent(key, made);
    return earlier == null ? made : earlier;
  }

  /** {@return whether nothing was ever to be compiled in this process} */
  static boolean none() {
    return ALL.isEmpty();
  }

  /** {@return whether the kernel is compiled, as far as its speed tells} */
  boolean done() {
    return done;
  }

  /**
   * Starts in the background when asked a second time: a single call would be finished before, and
   * share the processor with the compiler.
   */
  void begin() {
    if (begun.get() || (!asked.get() && asked.compareAndSet(false, true))) {
      return;
    }
    if (begun.compareAndSet(false, true)) {
      Background.THREAD.execute(this::run);
    }
  }

  /** Runs here, unless another thread does already, for which it waits. */
  synchronized void run() {
    if (done) {
      return;
    }
    begun.set(true);
    Runnable call = SampleCall.on(kernel, sample);
    long start = System.nanoTime();
    long now = start;
    long best = Long.MAX_VALUE;
    long improved = start;
    for (int calls = 1; ; calls++) {
      long before = now;
      call.run();
      now = System.nanoTime();
      if (now - before < best * FASTER) {
        improved = now;
      }
      best = Math.min(best, now - before);
      boolean steady = calls >= CALLS && now - start >= SHORTEST && now - improved >= STEADY;
      if (steady || now - start >= LONGEST) {
        break;
      }
    }
    done = true;
  }
}
