package octavo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Who keeps the memory of a tensor alive: what decides which kernels may touch it. The more kernels
 * may, the later it stands here.
 */
public enum Storage {
  /** A Java array. */
  HEAP,
  /** Off-heap or mapped, in an arena that any thread may close at any time. */
  SHARED,
  /** Off-heap or mapped, in an arena that only one thread may use and close. */
  CONFINED,
  /** Off-heap or mapped, released by the garbage collector. */
  AUTOMATIC,
  /** Off-heap or mapped, never released. */
  GLOBAL;

  // Never started: a thread that certainly owns no confined arena.
  private static final Thread STRANGER = new Thread(() -> {}, "octavo-storage-probe");
  private static final Class<?> AUTOMATIC_SCOPE = Arena.ofAuto().scope().getClass();

  /**
   * {@return what codes and scales count as that lie in this storage and in another}: the one that
   * fewer kernels may touch
   *
   * @param other the other
   */
  public Storage and(Storage other) {
    return compareTo(other) <= 0 ? this : other;
  }

  /**
   * {@return the storage of a segment}
   *
   * @param segment any segment, also one whose arena is closed
   */
  public static Storage of(MemorySegment segment) {
    if (!segment.isNative()) {
      return HEAP;
    }
    if (!segment.isAccessibleBy(STRANGER)) {
      return CONFINED;
    }
    MemorySegment.Scope scope = segment.scope();
    if (scope.equals(Arena.global().scope())) {
      return GLOBAL;
    }
    return scope.getClass() == AUTOMATIC_SCOPE ? AUTOMATIC : SHARED;
  }
}
