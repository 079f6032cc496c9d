package octavo.conformance;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import octavo.conformance.MatmulCase.Shape;
import octavo.dispatch.WorkerPool;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.Kernel;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/**
 * What a product must not depend on: how many rows are computed together, which columns, in what
 * memory, and on which thread. Every kernel is compared with itself; of the reference kernels,
 * which decode single elements, only the first two are checked.
 */
final class Independence {

  private static final int THREADS = 4;
  private static final long SEED = 20;

  private final Registry registry;

  Independence(Registry registry) {
    this.registry = registry;
  }

  /**
   * Checks the products of a left format with every main format.
   *
   * @throws AssertionError if a result depends on what it must not
   */
  void check(Format a) {
    List<String> failures = new ArrayList<>();
    for (Format b : MatmulCases.MAIN) {
      try (Workspace workspace = new Workspace()) {
        MatmulCase.Product product = product(a, b, Memory.SHARED).open(workspace);
        for (Kernel<?> kernel : registry.eligible(product)) {
          Trial trial = new Trial((MatmulKernel) kernel, product);
          failures.addAll(trial.parts());
          if (!Registry.isReference(kernel)) {
            failures.addAll(trial.memories(a, b));
            failures.addAll(trial.threads());
          }
        }
      }
    }
    if (!failures.isEmpty()) {
      throw new AssertionError(String.join("\n", failures));
    }
  }

  private static MatmulCase product(Format a, Format b, Memory memory) {
    Where where = Where.in(memory);
    return new MatmulCase(
        a,
        b,
        Formats.FP32,
        Finish.NOTHING,
        new Shape(rows(a) > 1 ? 130 : 9, rows(b) > 1 ? 130 : 37, 128),
        Values.WIDE,
        Values.WIDE,
        where,
        where,
        where,
        null);
  }

  private static int rows(Format format) {
    return format instanceof BlockFormat block ? block.blockRows() : 1;
  }

  /** One kernel on one product, whose whole result is computed first. */
  private final class Trial {

    private final MatmulKernel kernel;
    private final Tensor a;
    private final Tensor b;
    private final Tensor whole;
    private final MemorySegment result;

    Trial(MatmulKernel kernel, MatmulCase.Product product) {
      this.kernel = kernel;
      product.fill(SEED);
      product.output().blank();
      product.run(kernel);
      this.a = product.inputs().get(0).tensor();
      this.b = product.inputs().get(1).tensor();
      this.whole = product.output().tensor();
      this.result = product.output().copy();
    }

    /** {@return the rows and columns that differ when they are computed alone} */
    List<String> parts() {
      List<String> failures = new ArrayList<>();
      for (long[] rows : ranges(a.format(), a.rows())) {
        for (long[] columns : ranges(b.format(), b.rows())) {
          Tensor someA = a.slice(0, rows[0], rows[1]);
          Tensor someB = b.slice(0, columns[0], columns[1]);
          try (Arena arena = Arena.ofConfined()) {
            Tensor out = Tensor.allocate(arena, Formats.FP32, someA.rows(), someB.rows());
            if (!accepts(someA, someB, out)) {
              continue;
            }
            kernel.run(someA, someB, Epilogue.NONE, out, BackwardWorkers.INSTANCE);
            Tensor part = whole.slice(0, rows[0], rows[1]).slice(1, columns[0], columns[1]);
            failures.addAll(
                differences(
                    "rows [%d, %d), columns [%d, %d) alone"
                        .formatted(rows[0], rows[1], columns[0], columns[1]),
                    part,
                    out));
          }
        }
      }
      return failures;
    }

    /** {@return the memories in which the result differs} */
    List<String> memories(Format formatA, Format formatB) {
      List<String> failures = new ArrayList<>();
      for (Memory memory : Memory.values()) {
        try (Workspace workspace = new Workspace()) {
          Call call = product(formatA, formatB, memory).open(workspace);
          if (!Registry.accepts(kernel, call.request(), registry.engine().host())) {
            continue;
          }
          call.fill(SEED);
          String text = Suite.run(call, kernel, result);
          if (!text.isEmpty()) {
            failures.add("%s: %s x %s in %s memory%n%s".formatted(kernel.id(), a, b, memory, text));
          }
        }
      }
      return failures;
    }

    /** {@return the threads on which the result differs when all run at once} */
    List<String> threads() {
      List<String> failures = new ArrayList<>();
      try (ExecutorService pool = Executors.newFixedThreadPool(THREADS);
          Arena arena = Arena.ofShared()) {
        List<Callable<List<String>>> tasks = new ArrayList<>();
        Workers workers = WorkerPool.ofThreads(THREADS);
        for (int t = 0; t < THREADS; t++) {
          Tensor out = Tensor.allocate(arena, Formats.FP32, a.rows(), b.rows());
          String what = "thread %d of %d".formatted(t, THREADS);
          tasks.add(() -> {
            kernel.run(a, b, Epilogue.NONE, out, workers);
            return differences(what, whole, out);
          });
        }
        for (Future<List<String>> future : pool.invokeAll(tasks)) {
          failures.addAll(future.get());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failures.add("%s: interrupted".formatted(kernel.id()));
      } catch (ExecutionException e) {
        failures.add("%s: %s x %s threw %s".formatted(kernel.id(), a, b, e.getCause()));
      }
      return failures;
    }

    private boolean accepts(Tensor someA, Tensor someB, Tensor out) {
      MatmulRequest request =
          new MatmulRequest(Operand.of(someA), Operand.of(someB), Operand.of(out), false);
      return Registry.accepts(kernel, request, registry.engine().host());
    }

    private List<String> differences(String what, Tensor expected, Tensor actual) {
      for (long i = 0; i < expected.rows(); i++) {
        for (long j = 0; j < expected.columns(); j++) {
          float shouldBe = expected.get(i, j);
          float is = actual.get(i, j);
          if (Float.floatToIntBits(shouldBe) != Float.floatToIntBits(is)) {
            return List.of(
                "%s: %s x %s, %s: [%d, %d] is %s, with the rest it is %s"
                    .formatted(kernel.id(), a, b, what, i, j, is, shouldBe));
          }
        }
      }
      return List.of();
    }
  }

  /** {@return parts of an operand's rows that cut no block} */
  private static List<long[]> ranges(Format format, long rows) {
    return rows(format) > 1
        ? List.of(new long[] {0, rows(format)}, new long[] {rows(format), rows})
        : List.of(new long[] {0, 1}, new long[] {rows / 2, rows / 2 + 1}, new long[] {2, rows});
  }
}
