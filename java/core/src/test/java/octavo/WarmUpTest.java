package octavo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WarmUpTest {

  /** A kernel that takes a while for its first calls. */
  private static final class Matmul implements MatmulKernel {

    private final KernelId id;
    private final boolean cold;
    private final AtomicInteger calls = new AtomicInteger();
    private final Queue<Tensor> outputs = new ConcurrentLinkedQueue<>();

    Matmul(String id, boolean cold) {
      this.id = KernelId.of(id);
      this.cold = cold;
    }

    @Override
    public KernelId id() {
      return id;
    }

    @Override
    public boolean coldStart() {
      return cold;
    }

    @Override
    public Verdict consider(MatmulRequest request, Host host) {
      return new Verdict.Eligible(cold ? 1 : 100, "fake");
    }

    @Override
    public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
      calls.incrementAndGet();
      if (outputs.stream().noneMatch(known -> known == out)) {
        outputs.add(out);
      }
    }
  }

  private static Engine engine(Overrides overrides, Matmul... kernels) {
    List<BackendStatus> backends = new ArrayList<>();
    for (Matmul kernel : kernels) {
      backends.add(new BackendStatus(kernel.id().backend(), true, "fake", List.of(), 0));
    }
    return new Engine(
        new Dispatcher(
            new Host("linux", "amd64", "25", true, true, Set.of(), 2, backends, overrides),
            List.of(kernels)));
  }

  @Test
  void aColdKernelRunsOnceItIsCompiled() {
    Matmul fast = new Matmul("vector/matmul.warm-up", true);
    Matmul other = new Matmul("reference/matmul", false);
    Engine engine = engine(Overrides.NONE, fast, other);
    Tensor a = Tensor.allocateHeap(Formats.BF16, 300, 4096);
    Tensor b = Tensor.allocateHeap(Formats.MXFP4, 700, 4096);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 300, 700);
    engine.matmul(a, b, out);
    assertEquals(List.of(out), List.copyOf(other.outputs));
    Plan<MatmulRequest, MatmulKernel> plan = engine.explainMatmul(a, b, out);
    assertEquals(fast, plan.kernel());
    assertEquals(other, plan.standIn());
    assertTrue(plan.explain().contains("stand-in"), plan.explain());

    engine.warmUp(plan);
    assertTrue(fast.calls.get() >= 30, fast.calls + " calls");
    Tensor sample = Objects.requireNonNull(fast.outputs.peek());
    assertTrue(sample.rows() == 64 && sample.columns() == 160, sample.toString());
    engine.matmul(a, b, out);
    assertEquals(1, other.calls.get());
    assertTrue(fast.outputs.contains(out));

    // Another shape of the same kind is compiled already.
    Tensor wide = Tensor.allocateHeap(Formats.FP32, 200, 900);
    engine.matmul(
        Tensor.allocateHeap(Formats.BF16, 200, 2048),
        Tensor.allocateHeap(Formats.MXFP4, 900, 2048),
        wide);
    assertTrue(fast.outputs.contains(wide));
    // A single row is another kind.
    Tensor narrow = Tensor.allocateHeap(Formats.FP32, 1, 900);
    engine.matmul(
        Tensor.allocateHeap(Formats.BF16, 1, 2048),
        Tensor.allocateHeap(Formats.MXFP4, 900, 2048),
        narrow);
    assertTrue(other.outputs.contains(narrow));
  }

  @Test
  void theBackgroundCompilesByItself() throws InterruptedException {
    Matmul fast = new Matmul("vector/matmul.background", true);
    Matmul other = new Matmul("reference/matmul", false);
    Engine engine = engine(Overrides.NONE, fast, other);
    Tensor a = Tensor.allocateHeap(Formats.FP32, 4, 64);
    Tensor b = Tensor.allocateHeap(Formats.FP32, 8, 64);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 4, 8);
    while (!fast.outputs.contains(out)) {
      engine.matmul(a, b, out);
      Thread.sleep(10);
    }
    assertTrue(other.outputs.contains(out));
  }

  @Test
  void aSingleCallCompilesNothing() throws InterruptedException {
    Matmul fast = new Matmul("vector/matmul.once", true);
    Matmul other = new Matmul("reference/matmul", false);
    Engine engine = engine(Overrides.NONE, fast, other);
    Tensor a = Tensor.allocateHeap(Formats.FP32, 4, 64);
    Tensor b = Tensor.allocateHeap(Formats.FP32, 8, 64);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 4, 8);
    engine.matmul(a, b, out);
    Thread.sleep(300);
    assertEquals(0, fast.calls.get());
    engine.matmul(a, b, out);
    while (fast.calls.get() == 0) {
      Thread.sleep(1);
    }
  }

  @Test
  void withoutStandInsTheChosenKernelRunsAtOnce() {
    Matmul fast = new Matmul("vector/matmul.at-once", true);
    Matmul other = new Matmul("reference/matmul", false);
    Tensor a = Tensor.allocateHeap(Formats.FP32, 4, 64);
    Tensor out = Tensor.allocateHeap(Formats.FP32, 4, 4);
    Engine none = engine(Overrides.parse(Map.of("octavo.warmup", "none")), fast, other);
    none.matmul(a, a, out);
    assertNull(none.explainMatmul(a, a, out).standIn());
    Engine only = engine(Overrides.NONE.withBackends("vector"), fast, other);
    only.matmul(a, a, out);
    assertEquals(2, fast.calls.get());
    assertEquals(List.of(), List.copyOf(other.outputs));
  }
}
