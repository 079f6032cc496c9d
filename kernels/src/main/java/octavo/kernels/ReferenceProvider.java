package octavo.kernels;

import java.util.List;
import octavo.kernels.convert.ConvertReference;
import octavo.kernels.matmul.MatmulBlockReference;
import octavo.kernels.matmul.MatmulPlainReference;
import octavo.kernels.matmul.SparseMatmulReference;
import octavo.kernels.quantize.DequantizeReference;
import octavo.kernels.quantize.QuantizeReference;
import octavo.spi.BackendStatus;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/** The reference kernels: every operation, every format, on every machine. */
public final class ReferenceProvider implements KernelProvider {

  /** Made by {@link java.util.ServiceLoader}. */
  public ReferenceProvider() {}

  @Override
  public BackendStatus probe(Overrides overrides) {
    return new BackendStatus("reference", true, "plain Java loops", List.of(), 0);
  }

  @Override
  public List<Kernel<?>> kernels(BackendStatus status) {
    return List.of(
        new ConvertReference(),
        new QuantizeReference(),
        new DequantizeReference(),
        new MatmulPlainReference(),
        new MatmulBlockReference(),
        new SparseMatmulReference());
  }
}
