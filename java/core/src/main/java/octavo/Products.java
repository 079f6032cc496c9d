package octavo;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicReference;
import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.Kernel;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.MatrixPacker;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Products made of what kernels can do: batches become matrices, and outputs that no kernel writes
 * become an FP32 product followed by a cast.
 */
final class Products {

  private static final long KEPT_BYTES = 64L << 20;

  private final Engine engine;
  private final Dispatcher dispatcher;
  private final PlanCache<Prepared<MatmulRequest, MatmulKernel>> plans = new PlanCache<>();

  // One of each is kept between calls; calls at the same time make their own.
  private final AtomicReference<@Nullable Tensor> spareProduct = new AtomicReference<>();
  private final AtomicReference<@Nullable Batch> spareBatch = new AtomicReference<>();

  Products(Engine engine, Dispatcher dispatcher) {
    this.engine = engine;
    this.dispatcher = dispatcher;
  }

  // ---- ordinary right operands

  void matmul(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    Validation.matmul(a, b, epilogue, out);
    if (Validation.PRODUCTS.contains(out.format())) {
      product(a, b, epilogue, out);
      return;
    }
    Tensor numbers = takeProduct(out);
    product(a, b, epilogue, numbers);
    finish(numbers, epilogue, out);
  }

  private void product(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    if (b.rank() == 2) {
      matrix(a.matrix(), b, epilogue, out.matrix(), workers(a, b, epilogue, out));
      return;
    }
    Workers workers = workers(a, b, epilogue, out);
    long count = b.matrices();
    if (count >= 2L * workers.parallelism() && count <= Integer.MAX_VALUE) {
      Batch batch = spareBatch.getAndSet(null);
      if (batch == null) {
        batch = new Batch();
      }
      batch.set(a, b, epilogue, out);
      workers.run((int) count, batch);
      batch.clear();
      spareBatch.set(batch);
      return;
    }
    for (long i = 0; i < count; i++) {
      matrix(a.matrix(i), b.matrix(i), epilogueOf(epilogue, i), out.matrix(i), workers);
    }
  }

  /** The epilogue of one matrix of a batch. A residual is a batch itself. */
  private static Epilogue epilogueOf(Epilogue epilogue, long i) {
    Tensor residual = epilogue.residual();
    return residual == null ? epilogue : epilogue.withResidual(residual.matrix(i));
  }

  private void matrix(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    Epilogue flat = flat(epilogue);
    plan(a, b, flat, out).kernel().run(a, b, flat, out, workers);
  }

  private static Epilogue flat(Epilogue epilogue) {
    Tensor residual = epilogue.residual();
    return residual == null || residual.rank() == 2
        ? epilogue
        : epilogue.withResidual(residual.matrix());
  }

  Plan<MatmulRequest, MatmulKernel> explain(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    Validation.matmul(a, b, epilogue, out);
    Tensor numbers = Validation.PRODUCTS.contains(out.format()) ? out : product(out);
    boolean batch = b.rank() > 2 && b.matrices() > 0;
    Prepared<MatmulRequest, MatmulKernel> prepared =
        batch
            ? plan(a.matrix(0), b.matrix(0), epilogueOf(epilogue, 0), numbers.matrix(0))
            : plan(a.matrix(), b.matrix(), flat(epilogue), numbers.matrix());
    return prepared.plan();
  }

  private Prepared<MatmulRequest, MatmulKernel> plan(
      Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    int hash = PlanCache.hash(PlanCache.hash(PlanCache.hash(hash(epilogue), a), b), out);
    Prepared<MatmulRequest, MatmulKernel> plan = plans.get(hash);
    if (plan == null
        || plan.request().packing() != null
        || !plan.request().b().describes(b)
        || !describes(plan.request(), a, epilogue, out)) {
      plan = engine.prepared(dispatcher.plan(request(a, b, epilogue, out), MatmulKernel.class));
      plans.put(hash, plan);
    }
    return plan;
  }

  private static MatmulRequest request(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    return request(Operand.of(a), Operand.of(b), epilogue, Operand.of(out), null);
  }

  private static MatmulRequest request(
      Operand a, Operand b, Epilogue epilogue, Operand out, @Nullable Packing packing) {
    Tensor residual = epilogue.residual();
    return new MatmulRequest(
        a,
        b,
        out,
        epilogue.scale() != 1.0f,
        epilogue.bias() != null,
        epilogue.activation(),
        residual == null ? null : Operand.of(residual),
        packing);
  }

  private static int hash(Epilogue epilogue) {
    Tensor residual = epilogue.residual();
    int hash =
        epilogue.activation().hashCode() * 4
            + (epilogue.bias() == null ? 0 : 2)
            + (epilogue.scale() == 1.0f ? 0 : 1);
    return residual == null ? hash : PlanCache.hash(hash, residual);
  }

  private static boolean describes(MatmulRequest request, Tensor a, Epilogue epilogue, Tensor out) {
    Tensor residual = epilogue.residual();
    Operand expected = request.residual();
    return request.a().describes(a)
        && request.out().describes(out)
        && request.scaled() == (epilogue.scale() != 1.0f)
        && request.bias() == (epilogue.bias() != null)
        && request.activation() == epilogue.activation()
        && (residual == null ? expected == null : expected != null && expected.describes(residual));
  }

  // ---- packed right operands

  void matmul(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    Validation.matmul(a, b, epilogue, out);
    if (Validation.PRODUCTS.contains(out.format())) {
      product(a, b, epilogue, out);
      return;
    }
    Tensor numbers = takeProduct(out);
    product(a, b, epilogue, numbers);
    finish(numbers, epilogue, out);
  }

  private void product(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    Workers workers = engine.workers(a.confined() || b.confined() || confined(epilogue, out));
    Epilogue flat = flat(epilogue);
    Tensor matrixA = a.matrix();
    Tensor matrixOut = out.matrix();
    plan(matrixA, b, flat, matrixOut).kernel().run(matrixA, b, flat, matrixOut, workers);
  }

  Plan<MatmulRequest, MatmulKernel> explain(
      Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    Validation.matmul(a, b, epilogue, out);
    Tensor numbers = Validation.PRODUCTS.contains(out.format()) ? out : product(out);
    return plan(a.matrix(), b, flat(epilogue), numbers.matrix()).plan();
  }

  private Prepared<MatmulRequest, MatmulKernel> plan(
      Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    int hash = PlanCache.hash(PlanCache.hash(PlanCache.hash(hash(epilogue), a), b), out);
    Prepared<MatmulRequest, MatmulKernel> plan = plans.get(hash);
    if (plan == null
        || !b.packing().equals(plan.request().packing())
        || !plan.request().b().describes(b)
        || !describes(plan.request(), a, epilogue, out)) {
      MatmulRequest request =
          request(Operand.of(a), Operand.of(b), epilogue, Operand.of(out), b.packing());
      plan = engine.prepared(dispatcher.plan(request, MatmulKernel.class));
      plans.put(hash, plan);
    }
    return plan;
  }

  /** Packs for the kernel that would be the cheapest with its own packing. */
  PackedMatrix pack(Tensor b, Format activations, Arena arena) {
    Validation.pack(b, activations);
    return pack(b, packing(b, activations), arena);
  }

  PackedMatrix pack(Tensor b, Packing packing, Arena arena) {
    Tensor matrix = b.matrix();
    MatrixPacker packer = MatrixPacker.of(matrix, packing, arena);
    PackedMatrix packed = packer.packed();
    run(packed, engine.workers(matrix.confined() || packed.confined()), packer::pack);
    return packed;
  }

  Tensor unpack(PackedMatrix packed, Arena arena) {
    MatrixPacker packer = MatrixPacker.of(packed, arena);
    run(packed, engine.workers(packed.confined() || packer.rows().confined()), packer::unpack);
    return packer.rows();
  }

  private interface OnPanel {
    void run(long panel);
  }

  private static void run(PackedMatrix packed, Workers workers, OnPanel what) {
    // Any number of panels in at most 1024 parts.
    long panels = packed.panels();
    int parts = (int) Math.min(panels, 1024);
    workers.run(
        parts,
        part -> {
          long end = panels * (part + 1) / parts;
          for (long panel = panels * part / parts; panel < end; panel++) {
            what.run(panel);
          }
        });
  }

  private Packing packing(Tensor b, Format activations) {
    // A single row of activations: there the order of the weights matters most.
    Operand a = new Operand(activations, 1, b.columns(), true, Storage.AUTOMATIC);
    Operand out = new Operand(Formats.FP32, 1, b.rows(), true, Storage.AUTOMATIC);
    MatmulRequest request = request(a, Operand.of(b.matrix()), Epilogue.NONE, out, null);
    Packing best = null;
    double lowest = Double.POSITIVE_INFINITY;
    for (Kernel<?> kernel : dispatcher.kernels()) {
      if (!(kernel instanceof MatmulKernel matmul) || dispatcher.bars(kernel)) {
        continue;
      }
      Packing packing = matmul.packing(request, dispatcher.host());
      if (packing != null
          && matmul.consider(request.withPacking(packing), dispatcher.host())
              instanceof Verdict.Eligible eligible
          && eligible.cost() < lowest) {
        lowest = eligible.cost();
        best = packing;
      }
    }
    return best == null ? new Packing(16, 1, 2) : best;
  }

  // ---- outputs that kernels do not write

  private Tensor takeProduct(Tensor out) {
    Tensor kept = spareProduct.getAndSet(null);
    return kept != null && kept.sameShape(out) ? kept : product(out);
  }

  /** {@return memory for the FP32 numbers of an output} */
  private static Tensor product(Tensor out) {
    return Tensor.allocate(Arena.ofAuto(), Formats.FP32, out.shape());
  }

  private void finish(Tensor numbers, Epilogue epilogue, Tensor out) {
    engine.write(numbers, epilogue, out);
    if (numbers.byteSize() <= KEPT_BYTES) {
      spareProduct.set(numbers);
    }
  }

  // ---- threads

  private Workers workers(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    return engine.workers(a.confined() || b.confined() || confined(epilogue, out));
  }

  private static boolean confined(Epilogue epilogue, Tensor out) {
    Tensor bias = epilogue.bias();
    Tensor residual = epilogue.residual();
    return out.confined()
        || (bias != null && bias.confined())
        || (residual != null && residual.confined());
  }

  /** The matrices of a batch, each computed by one thread. */
  private final class Batch implements Workers.Part {

    private @Nullable Tensor a;
    private @Nullable Tensor b;
    private @Nullable Tensor out;
    private Epilogue epilogue = Epilogue.NONE;

    void set(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
      this.a = a;
      this.b = b;
      this.epilogue = epilogue;
      this.out = out;
    }

    void clear() {
      a = null;
      b = null;
      out = null;
      epilogue = Epilogue.NONE;
    }

    @Override
    public void run(int index) {
      if (a != null && b != null && out != null) {
        matrix(
            a.matrix(index),
            b.matrix(index),
            epilogueOf(epilogue, index),
            out.matrix(index),
            Workers.CALLER);
      }
    }
  }
}
