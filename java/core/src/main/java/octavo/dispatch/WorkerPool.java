package octavo.dispatch;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import octavo.spi.Workers;
import org.jspecify.annotations.Nullable;

/**
 * Threads that compute parts of calls beside the calling thread.
 *
 * <p>Calls that run at the same time share the threads; a call within a part of another runs like
 * any other. Every call can be finished by its caller alone, so that nothing waits for a free
 * thread.
 */
public final class WorkerPool implements Workers {

  /*
   * A call is published in one of SLOTS job records, made once. Threads look through the records
   * for parts that nobody has taken. The parts of a job are handed out by its `state`: the job's
   * number in the high half, the next part in the low half, moved on by compare-and-set. A thread
   * that read a record which has been used for another job since fails there, as the number
   * differs: so a success says that limit and part, read before, belong to the job. `pending`
   * counts the parts that are not done; the caller, having taken what it could, waits for it to
   * reach zero, then the record is free again, its next part beyond any limit.
   *
   * Parts are handed out one at a time, whoever is free. Static shares with spin barriers lose a
   * scheduler's quantum, 8 ms, whenever a core is busy with something else.
   *
   * Threads spin for some microseconds when they run out of parts, since products come in rows, then
   * say that they park, look once more, and park. A caller wakes parked threads, as many as there
   * are parts for. Where all records are in use, 64 calls at the same time, a call runs on its
   * caller alone: there is no thread left to help it anyway.
   *
   * With a foreign Executor there are no threads here; a call hands it one task for each thread that
   * could help. A task that comes too late finds nothing and ends.
   */

  private static final int SLOTS = 64;
  private static final int SPINS = 2000;
  private static final int CLOSED = Integer.MAX_VALUE;

  private static final Map<Integer, WorkerPool> POOLS = new ConcurrentHashMap<>();

  private final Job[] jobs = new Job[SLOTS];
  private final int parallelism;
  private final @Nullable Executor executor;
  private final @Nullable Thread[] threads;
  private final AtomicIntegerArray parked;
  private final Runnable helper = this::help;

  private WorkerPool(int parallelism, @Nullable Executor executor) {
    this.parallelism = parallelism;
    this.executor = executor;
    this.threads = new Thread[executor == null ? parallelism - 1 : 0];
    this.parked = new AtomicIntegerArray(threads.length);
    for (int i = 0; i < SLOTS; i++) {
      jobs[i] = new Job();
    }
  }

  /**
   * {@return the workers with so many threads of their own}, the same for all who ask; the threads
   * are daemons that start at the first call that needs them and need not be stopped
   *
   * @param threads how many threads compute at the same time, the caller included
   */
  public static Workers ofThreads(int threads) {
    return threads <= 1
        ? CALLER
        : POOLS.computeIfAbsent(threads, count -> new WorkerPool(count, null));
  }

  /**
   * {@return workers on the threads of an executor}
   *
   * @param executor runs tasks that end soon; one that refuses them leaves calls to their callers
   * @param threads how many threads compute at the same time, the caller included
   */
  public static Workers ofExecutor(Executor executor, int threads) {
    return threads <= 1 ? CALLER : new WorkerPool(threads, executor);
  }

  @Override
  public int parallelism() {
    return parallelism;
  }

  @Override
  public void run(int parts, Part part) {
    Job job = parts <= 1 ? null : free();
    if (job == null) {
      CALLER.run(parts, part);
      return;
    }
    job.publish(parts, part);
    wake(Math.min(parts, parallelism) - 1);
    job.work();
    job.await();
    job.end();
  }

  private @Nullable Job free() {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      Job job = jobs[(first + i) & (SLOTS - 1)];
      if (job.reserve()) {
        return job;
      }
    }
    return null;
  }

  private void wake(int helpers) {
    if (executor != null) {
      try {
        for (int i = 0; i < helpers; i++) {
          executor.execute(helper);
        }
      } catch (RejectedExecutionException e) {
        // The caller does what no helper takes.
      }
      return;
    }
    int woken = 0;
    for (int i = 0; i < threads.length && woken < helpers; i++) {
      Thread thread = threads[i];
      if (thread == null) {
        start(i);
        woken++;
      } else if (parked.compareAndSet(i, 1, 0)) {
        LockSupport.unpark(thread);
        woken++;
      }
    }
  }

  private synchronized void start(int i) {
    if (threads[i] == null) {
      Thread thread =
          Thread.ofPlatform().daemon().name("octavo-worker-" + i).unstarted(() -> serve(i));
      threads[i] = thread;
      thread.start();
    }
  }

  private void serve(int i) {
    int idle = 0;
    while (true) {
      if (help()) {
        idle = 0;
      } else if (idle++ < SPINS) {
        Thread.onSpinWait();
      } else {
        parked.set(i, 1);
        if (!help()) {
          LockSupport.park(this);
        }
        parked.set(i, 0);
        idle = 0;
      }
    }
  }

  /** Takes parts of all jobs until there are none; says whether there were any. */
  private boolean help() {
    boolean found = false;
    for (Job job : jobs) {
      found |= job.work();
    }
    return found;
  }

  @Override
  public String toString() {
    return parallelism + " threads" + (executor == null ? "" : ", of the caller's executor");
  }

  /** A call's parts. */
  private static final class Job {

    private static final int FREE = 0;
    private static final int TAKEN = 1;
    private static final long NUMBER = 0xFFFF_FFFF_0000_0000L;

    private final AtomicInteger use = new AtomicInteger(FREE);
    private final AtomicLong state = new AtomicLong(CLOSED);
    private final AtomicInteger pending = new AtomicInteger();
    private volatile int limit;
    private volatile @Nullable Part part;
    private volatile @Nullable Thread waiting;
    private volatile @Nullable Throwable failure;

    boolean reserve() {
      return use.get() == FREE && use.compareAndSet(FREE, TAKEN);
    }

    void publish(int parts, Part what) {
      part = what;
      limit = parts;
      failure = null;
      pending.set(parts);
      state.set(((state.get() >>> 32) + 1) << 32);
    }

    /** Takes parts until there are none; says whether there were any. */
    boolean work() {
      boolean found = false;
      while (true) {
        long seen = state.get();
        int next = (int) seen;
        int parts = limit;
        Part what = part;
        if (next >= parts || what == null) {
          return found;
        }
        if (state.compareAndSet(seen, seen + 1)) {
          found = true;
          run(what, next, parts);
        }
      }
    }

    private void run(Part what, int index, int parts) {
      int done = 1;
      try {
        what.run(index);
      } catch (Throwable e) {
        if (failure == null) {
          failure = e;
        }
        done += skip(parts);
      }
      if (pending.addAndGet(-done) == 0) {
        LockSupport.unpark(waiting);
      }
    }

    /** Takes all parts that nobody has begun; says how many. */
    private int skip(int parts) {
      while (true) {
        long seen = state.get();
        int next = (int) seen;
        if (next >= parts) {
          return 0;
        }
        if (state.compareAndSet(seen, (seen & NUMBER) | parts)) {
          return parts - next;
        }
      }
    }

    void await() {
      for (int i = 0; i < SPINS && pending.get() != 0; i++) {
        Thread.onSpinWait();
      }
      waiting = Thread.currentThread();
      while (pending.get() != 0) {
        LockSupport.park(this);
      }
      waiting = null;
    }

    void end() {
      Throwable thrown = failure;
      state.set((state.get() & NUMBER) | CLOSED);
      part = null;
      failure = null;
      use.set(FREE);
      if (thrown instanceof RuntimeException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
      if (thrown != null) {
        throw new IllegalStateException(thrown); // Parts declare no checked exception.
      }
    }
  }
}
