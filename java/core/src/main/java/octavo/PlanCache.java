package octavo;

import java.util.concurrent.atomic.AtomicReferenceArray;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Plans by what their calls look like, in a table of fixed size where a newer plan evicts an older
 * one: a lookup allocates nothing and endless new shapes fill no memory.
 *
 * <p>Threads may share it. What two of them store at the same moment may be lost, and is planned
 * anew when it is next asked for.
 *
 * @param <P> the plans
 */
final class PlanCache<P> {
  /*
   * A hash chooses a set of some ways, which the newest plan enters in front, as in a processor's
   * cache. With one way, two of thirty calls shared a slot in one process of three (hashes of
   * formats are by identity and differ from run to run), and were planned anew, 1.6 kB of objects,
   * each time they came in turn.
   */

  private static final int SETS = 512;
  private static final int WAYS = 4;

  /** A plan under its whole hash. */
  private record Entry<P>(int hash, P plan) {}

  private final AtomicReferenceArray<@Nullable Entry<P>> entries =
      new AtomicReferenceArray<>(SETS * WAYS);

  static int hash(int hash, Tensor tensor) {
    // By identity: a format's fields would take longer to hash than a small call takes. Equal
    // formats that are different objects merely get plans of their own.
    int h = mix(hash, System.identityHashCode(tensor.format()));
    h = mix(h, Long.hashCode(tensor.rows()));
    h = mix(h, Long.hashCode(tensor.columns()));
    return mix(h, tensor.storage().hashCode() * 2 + (tensor.unitColumnStride() ? 1 : 0));
  }

  static int hash(int hash, PackedMatrix matrix) {
    int h = mix(hash, System.identityHashCode(matrix.format()));
    h = mix(h, Long.hashCode(matrix.rows()));
    h = mix(h, Long.hashCode(matrix.columns()));
    return mix(mix(h, matrix.storage().hashCode()), matrix.packing().hashCode());
  }

  /** Spreads every bit: sums with small factors make neighbouring shapes meet. */
  static int mix(int hash, int value) {
    int h = (hash ^ value) * 0x9E37_79B1;
    return h ^ h >>> 15;
  }

  /** {@return the newest plan under a hash}; whether it is the one sought its finder must see */
  @Nullable P get(int hash) {
    int first = firstWay(hash);
    for (int way = 0; way < WAYS; way++) {
      Entry<P> entry = entries.get(first + way);
      if (entry != null && entry.hash() == hash) {
        return entry.plan();
      }
    }
    return null;
  }

  void put(int hash, P plan) {
    int first = firstWay(hash);
    for (int way = WAYS - 1; way > 0; way--) {
      entries.set(first + way, entries.get(first + way - 1));
    }
    entries.set(first, new Entry<>(hash, plan));
  }

  private static int firstWay(int hash) {
    return ((hash ^ hash >>> 16) & (SETS - 1)) * WAYS;
  }
}
