package octavo.natives;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Objects that describe running calls, kept for later calls so that these allocate nothing. Where
 * more calls run at once than are kept, a call gets a fresh one. Safe for use by any number of
 * threads.
 */
final class CallPool<T> {

  private static final int SLOTS = 32;

  private final AtomicReferenceArray<@Nullable T> free = new AtomicReferenceArray<>(SLOTS);
  private final Supplier<T> fresh;

  CallPool(Supplier<T> fresh) {
    this.fresh = fresh;
  }

  T take() {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      T found = free.getAndSet((first + i) & (SLOTS - 1), null);
      if (found != null) {
        return found;
      }
    }
    return fresh.get();
  }

  void give(T used) {
    int first = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      if (free.compareAndSet((first + i) & (SLOTS - 1), null, used)) {
        return;
      }
    }
  }
}
