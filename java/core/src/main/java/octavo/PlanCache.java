package octavo;

import java.util.concurrent.atomic.AtomicReferenceArray;
import octavo.spi.Kernel;
import octavo.spi.Request;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Plans by what their calls look like, in a table of fixed size where a newer plan evicts an older
 * one in its place: a lookup allocates nothing and endless new shapes fill no memory.
 */
final class PlanCache<R extends Request, K extends Kernel<R>> {

  private static final int SLOTS = 1024;

  private final AtomicReferenceArray<@Nullable Prepared<R, K>> plans =
      new AtomicReferenceArray<>(SLOTS);

  static int hash(int hash, Tensor tensor) {
    // By identity: a format's fields would take longer to hash than a small call takes. Equal
    // formats that are different objects merely get plans of their own.
    int h = hash * 31 + System.identityHashCode(tensor.format());
    h = h * 31 + Long.hashCode(tensor.rows());
    h = h * 31 + Long.hashCode(tensor.columns());
    return h * 31 + tensor.storage().hashCode() * 2 + (tensor.unitColumnStride() ? 1 : 0);
  }

  static int hash(int hash, PackedMatrix matrix) {
    int h = hash * 31 + System.identityHashCode(matrix.format());
    h = h * 31 + Long.hashCode(matrix.rows());
    h = h * 31 + Long.hashCode(matrix.columns());
    return (h * 31 + matrix.storage().hashCode()) * 31 + matrix.packing().hashCode();
  }

  @Nullable Prepared<R, K> get(int hash) {
    return plans.get(slot(hash));
  }

  void put(int hash, Prepared<R, K> plan) {
    plans.set(slot(hash), plan);
  }

  private static int slot(int hash) {
    return (hash ^ hash >>> 10 ^ hash >>> 20) & (SLOTS - 1);
  }
}
