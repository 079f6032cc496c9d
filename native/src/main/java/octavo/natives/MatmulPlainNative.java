package octavo.natives;

import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Products without scales inside their sums, in {@code kernels/matmul_plain.cc}. */
final class MatmulPlainNative implements MatmulKernel {

  private final NativeMatmul kernel;

  MatmulPlainNative(Binding binding, Binding.Tier tier) {
    kernel = new NativeMatmul(new NativeKernel(binding, tier, "matmul.plain"));
  }

  NativeKernel kernel() {
    return kernel.kernel();
  }

  @Override
  public KernelId id() {
    return kernel().id();
  }

  @Override
  public Isa isa() {
    return kernel().tier().isa();
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() != 0) {
      return new Verdict.Rejected("scales change along K; that is matmul.block");
    }
    return kernel.consider(request, host, 0.95);
  }

  @Override
  public @Nullable Packing packing(MatmulRequest request, Host host) {
    return kernel.packing(request);
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    kernel.run(a, b, null, epilogue, out, workers);
  }

  @Override
  public void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    kernel.run(a, null, b, epilogue, out, workers);
  }
}
