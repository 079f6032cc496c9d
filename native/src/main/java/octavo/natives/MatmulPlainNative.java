package octavo.natives;

import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** Products without scales inside their sums, in {@code kernels/matmul_plain.cc}. */
final class MatmulPlainNative implements MatmulKernel {

  private final NativeKernel kernel;

  MatmulPlainNative(Binding binding, Binding.Tier tier) {
    kernel = new NativeKernel(binding, tier, "matmul.plain");
  }

  NativeKernel kernel() {
    return kernel;
  }

  @Override
  public KernelId id() {
    return kernel.id();
  }

  @Override
  public Isa isa() {
    return kernel.tier().isa();
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() != 0) {
      return new Verdict.Rejected("scales change along K; that is matmul.block");
    }
    return NativeMatmul.consider(kernel, request, host, 1.4);
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    NativeMatmul.run(kernel, a, b, epilogue.bias(), out);
  }
}
