package octavo.kernels.vector;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Working memory that calls leave to later calls: nothing is allocated after the first ones, and no
 * thread keeps memory of its own, which matters where threads are virtual.
 *
 * <p>Threads look for a free slot from their own number on. Where all slots are in use a call gets
 * fresh memory, which the collector takes back. Safe for use by any number of threads.
 *
 * @param <T> the working memory of a call
 */
public final class ScratchPool<T> {

  private static final int SLOTS = 64;

  private final AtomicReferenceArray<@Nullable T> free = new AtomicReferenceArray<>(SLOTS);
  private final Supplier<T> fresh;

  /**
   * Makes an empty pool.
   *
   * @param fresh makes working memory
   */
  public ScratchPool(Supplier<T> fresh) {
    this.fresh = fresh;
  }

  /** {@return working memory that no other call is using} */
  public T take() {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      T found = free.getAndSet((first + i) & (SLOTS - 1), null);
      if (found != null) {
        return found;
      }
    }
    return fresh.get();
  }

  /**
   * Ends the use of working memory.
   *
   * @param used what {@link #take} returned
   */
  public void give(T used) {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      if (free.compareAndSet((first + i) & (SLOTS - 1), null, used)) {
        return;
      }
    }
  }
}
