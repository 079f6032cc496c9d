package octavo.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import octavo.spi.Workers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {

  private static final Workers POOL = WorkerPool.ofThreads(4);

  @Test
  void everyPartRunsOnce() {
    for (int parts : new int[] {0, 1, 2, 3, 4, 5, 63, 1000, 100_000}) {
      AtomicIntegerArray runs = new AtomicIntegerArray(parts);
      POOL.run(parts, runs::incrementAndGet);
      for (int i = 0; i < parts; i++) {
        assertEquals(1, runs.get(i), "part " + i + " of " + parts);
      }
    }
  }

  @Test
  void partsRunAtTheSameTime() {
    // Each of four parts waits for the other three: only four threads get through.
    CountDownLatch together = new CountDownLatch(4);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    POOL.run(
        4,
        part -> {
          threads.add(Thread.currentThread());
          together.countDown();
          await(together);
        });
    assertEquals(4, threads.size());
    assertTrue(threads.contains(Thread.currentThread()));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void manyShortCallsInARow() {
    // Records are used again at once: a thread that comes late must not take parts of another call.
    int[] sums = new int[8];
    for (int call = 1; call <= 200_000; call++) {
      int value = call;
      POOL.run(2 + call % 7, part -> sums[part] = value);
      for (int part = 0; part < 2 + call % 7; part++) {
        assertEquals(value, sums[part]);
      }
    }
  }

  @Test
  void callsWithinParts() {
    AtomicInteger count = new AtomicInteger();
    POOL.run(8, i -> POOL.run(8, j -> POOL.run(8, k -> count.incrementAndGet())));
    assertEquals(512, count.get());
  }

  @Test
  void aThousandCallersAtOnce() throws Exception {
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int c = 0; c < 1000; c++) {
        calls.add(() -> {
          AtomicInteger count = new AtomicInteger();
          POOL.run(50, part -> count.incrementAndGet());
          return count.get();
        });
      }
      for (Future<Integer> call : callers.invokeAll(calls)) {
        assertEquals(50, call.get());
      }
    }
  }

  @Test
  void theFirstFailureIsThrownAndTheRestIsLeftOut() {
    IllegalStateException failure = new IllegalStateException("part 3");
    AtomicInteger after = new AtomicInteger();
    for (int repeat = 0; repeat < 100; repeat++) {
      after.set(0);
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  POOL.run(
                      1_000_000,
                      part -> {
                        if (part == 3) {
                          throw failure;
                        }
                        after.incrementAndGet();
                      }));
      assertSame(failure, thrown);
      assertTrue(after.get() < 1_000_000);
    }
    AtomicInteger count = new AtomicInteger();
    POOL.run(10, part -> count.incrementAndGet());
    assertEquals(10, count.get(), "the pool works on");
  }

  @Test
  void errorsAreThrownAsTheyAre() {
    assertThrows(
        StackOverflowError.class,
        () ->
            POOL.run(
                4,
                part -> {
                  throw new StackOverflowError();
                }));
  }

  @Test
  void anExecutorHelps() throws InterruptedException {
    try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
      Workers workers = WorkerPool.ofExecutor(executor, 3);
      CountDownLatch together = new CountDownLatch(3);
      workers.run(
          3,
          part -> {
            together.countDown();
            await(together);
          });
      assertEquals(0, together.getCount());
      assertEquals(3, workers.parallelism());
    }
  }

  @Test
  void anExecutorThatRefusesLeavesAllToTheCaller() {
    Workers workers =
        WorkerPool.ofExecutor(
            task -> {
              throw new RejectedExecutionException();
            },
            4);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    workers.run(100, part -> threads.add(Thread.currentThread()));
    assertEquals(Set.of(Thread.currentThread()), threads);
  }

  @Test
  void oneThreadIsTheCaller() {
    assertSame(Workers.CALLER, WorkerPool.ofThreads(1));
    assertSame(WorkerPool.ofThreads(4), POOL);
  }
}
