package octavo.kernels.matmul;

import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

/** Products with scales inside their sums, in plain loops: see {@link ScalarProduct}. */
public final class MatmulBlockScalar implements MatmulKernel {

  /** Makes the kernel. */
  public MatmulBlockScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "matmul.block", "");
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() == 0) {
      return new Verdict.Rejected("no scales change along K; that is matmul.plain");
    }
    return ScalarProduct.consider(request, host);
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    ScalarProduct.run(a, b, null, epilogue, out, workers);
  }

  @Override
  public void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    ScalarProduct.run(a, null, b, epilogue, out, workers);
  }
}
