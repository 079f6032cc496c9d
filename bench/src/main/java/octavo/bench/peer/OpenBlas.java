package octavo.bench.peer;

import static octavo.bench.peer.NativeLibrary.ADDRESS;
import static octavo.bench.peer.NativeLibrary.FLOAT;
import static octavo.bench.peer.NativeLibrary.INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import octavo.bench.Contender;
import octavo.bench.Numbers;
import octavo.bench.Subject;

/** OpenBLAS: {@code cblas_sgemm} and, for one row, {@code cblas_sgemv}. */
final class OpenBlas implements Contender {

  private static final int ROW_MAJOR = 101;
  private static final int NO_TRANSPOSE = 111;
  private static final int TRANSPOSE = 112;

  private final Arena arena = Arena.ofAuto();
  private final MethodHandle sgemm;
  private final MethodHandle sgemv;
  private final int m;
  private final int n;
  private final int k;
  private final float[] left;
  private final float[] right;
  private final MemorySegment a;
  private final List<MemorySegment> weights = new ArrayList<>();
  private final MemorySegment out;
  private int turn;

  OpenBlas(Subject subject) {
    NativeLibrary library = new NativeLibrary(PeerFiles.find(Peer.OPENBLAS, "libopenblas.so.0"));
    library.procedure("openblas_set_num_threads", INT).call(subject.threads());
    sgemm =
        library
            .procedure(
                "cblas_sgemm",
                INT,
                INT,
                INT,
                INT,
                INT,
                INT,
                FLOAT,
                ADDRESS,
                INT,
                ADDRESS,
                INT,
                FLOAT,
                ADDRESS,
                INT)
            .handle();
    sgemv =
        library
            .procedure(
                "cblas_sgemv",
                INT,
                INT,
                INT,
                INT,
                FLOAT,
                ADDRESS,
                INT,
                ADDRESS,
                INT,
                FLOAT,
                ADDRESS,
                INT)
            .handle();
    m = (int) subject.size(0);
    n = (int) subject.size(1);
    k = (int) subject.size(2);
    left = Numbers.normal((long) m * k, 1);
    right = Numbers.normal((long) n * k, 2);
    a = Numbers.offHeap(arena, left);
    int copies = Peers.copies(subject);
    for (int i = 0; i < copies; i++) {
      weights.add(Numbers.offHeap(arena, right));
    }
    out = arena.allocate(4L * m * n, 64);
  }

  /** {@return which of its kernels runs on this processor} */
  static String kernel() {
    NativeLibrary library = new NativeLibrary(PeerFiles.find(Peer.OPENBLAS, "libopenblas.so.0"));
    return NativeLibrary.text(library.function("openblas_get_corename", ADDRESS).address());
  }

  @Override
  public void run() {
    turn = turn + 1 == weights.size() ? 0 : turn + 1;
    MemorySegment b = weights.get(turn);
    try {
      if (m == 1) {
        sgemv.invokeExact(ROW_MAJOR, NO_TRANSPOSE, n, k, 1.0f, b, k, a, 1, 0.0f, out, 1);
      } else {
        sgemm.invokeExact(
            ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, m, n, k, 1.0f, a, k, b, k, 0.0f, out, n);
      }
    } catch (Throwable e) {
      throw NativeLibrary.failure("cblas_sgemm", e);
    }
  }

  @Override
  public void check() {
    Numbers.requireProduct(
        left, right, out.toArray(ValueLayout.JAVA_FLOAT), m, n, k, Peers.TOLERANCE_FP32);
  }
}
