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

/** Products without scales inside their sums, in plain loops: see {@link ScalarProduct}. */
public final class MatmulPlainScalar implements MatmulKernel {

  /** Makes the kernel. */
  public MatmulPlainScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "matmul.plain", "");
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() != 0) {
      return new Verdict.Rejected("scales change along K; that is matmul.block");
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
