package octavo.nki;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Working memory that threads take and give back, so that calls after the first ones make none.
 *
 * @param <T> what holds the memory; whoever took it has it alone
 */
final class Spares<T> {

  private static final int KEPT = 16;

  private final AtomicReferenceArray<@Nullable T> kept = new AtomicReferenceArray<>(KEPT);
  private final Supplier<T> maker;

  Spares(Supplier<T> maker) {
    this.maker = maker;
  }

  /** {@return one that nobody else has}; to be given back with {@link #give} */
  T take() {
    for (int i = 0; i < KEPT; i++) {
      T spare = kept.get(i) == null ? null : kept.getAndSet(i, null);
      if (spare != null) {
        return spare;
      }
    }
    return maker.get();
  }

  /** Gives one back. Beyond some it is left to the garbage collector. */
  void give(T spare) {
    for (int i = 0; i < KEPT; i++) {
      if (kept.get(i) == null && kept.compareAndSet(i, null, spare)) {
        return;
      }
    }
  }
}
