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

/** Products with scales inside their sums, in {@code kernels/matmul_block.cc}. */
final class MatmulBlockNative implements MatmulKernel {

  private final NativeKernel kernel;

  MatmulBlockNative(Binding binding, Binding.Tier tier) {
    kernel = new NativeKernel(binding, tier, "matmul.block");
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
    if (request.blockLength() == 0) {
      return new Verdict.Rejected("no scales change along K; that is matmul.plain");
    }
    return NativeMatmul.consider(kernel, request, host, 2.1);
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    NativeMatmul.run(kernel, a, b, epilogue.bias(), out);
  }
}
