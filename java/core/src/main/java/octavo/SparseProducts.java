package octavo;

import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.spi.Operand;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/** Products with sparse matrices. */
final class SparseProducts {

  private final Engine engine;
  private final Dispatcher dispatcher;
  private final PlanCache<Prepared<SparseMatmulRequest, SparseMatmulKernel>> plans =
      new PlanCache<>();

  SparseProducts(Engine engine, Dispatcher dispatcher) {
    this.engine = engine;
    this.dispatcher = dispatcher;
  }

  void matmul(Tensor a, SparseMatrix b, Tensor out) {
    Validation.matmul(a, b, out);
    plan(a, b, out)
        .kernel()
        .run(a, b, out, engine.workers(a.confined() || b.confined() || out.confined()));
  }

  Plan<SparseMatmulRequest, SparseMatmulKernel> explain(Tensor a, SparseMatrix b, Tensor out) {
    Validation.matmul(a, b, out);
    return plan(a, b, out).plan();
  }

  private Prepared<SparseMatmulRequest, SparseMatmulKernel> plan(
      Tensor a, SparseMatrix b, Tensor out) {
    int hash = PlanCache.hash(b.sparsity().hashCode(), a);
    hash = PlanCache.hash(PlanCache.hash(hash, b.values()), out);
    Prepared<SparseMatmulRequest, SparseMatmulKernel> plan = plans.get(hash);
    if (plan == null
        || !plan.request().a().describes(a)
        || !plan.request().values().describes(b.values())
        || !plan.request().sparsity().equals(b.sparsity())
        || !plan.request().out().describes(out)) {
      SparseMatmulRequest request =
          new SparseMatmulRequest(
              Operand.of(a), Operand.of(b.values()), b.sparsity(), Operand.of(out));
      plan = engine.prepared(dispatcher.plan(request, SparseMatmulKernel.class));
      plans.put(hash, plan);
    }
    return plan;
  }
}
