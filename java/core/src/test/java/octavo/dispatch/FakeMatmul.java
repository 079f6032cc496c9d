package octavo.dispatch;

import java.util.function.BiFunction;
import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** A kernel that judges as it is told and never runs. */
record FakeMatmul(KernelId id, Isa isa, BiFunction<MatmulRequest, Host, Verdict> judgement)
    implements MatmulKernel {

  static FakeMatmul costing(String id, Isa isa, double cost) {
    return new FakeMatmul(
        KernelId.of(id), isa, (request, host) -> new Verdict.Eligible(cost, "always " + cost));
  }

  static FakeMatmul refusing(String id, String reason) {
    return new FakeMatmul(
        KernelId.of(id), Isa.PORTABLE, (request, host) -> new Verdict.Rejected(reason));
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    return judgement.apply(request, host);
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    throw new AssertionError("planned only");
  }
}
