package octavo.kernels;

import java.util.List;
import octavo.kernels.convert.ConvertScalar;
import octavo.kernels.matmul.MatmulBlockScalar;
import octavo.kernels.matmul.MatmulPlainScalar;
import octavo.kernels.quantize.DequantizeScalar;
import octavo.kernels.quantize.QuantizeScalar;
import octavo.spi.BackendStatus;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/**
 * Kernels in plain Java: fast from the first call on, and on virtual machines without the Vector
 * API.
 */
public final class ScalarProvider implements KernelProvider {

  /** Made by {@link java.util.ServiceLoader}. */
  public ScalarProvider() {}

  @Override
  public BackendStatus probe(Overrides overrides) {
    return new BackendStatus("scalar", true, "plain Java, tuned loops", List.of(), 0);
  }

  @Override
  public List<Kernel<?>> kernels(BackendStatus status) {
    return List.of(
        new ConvertScalar(),
        new QuantizeScalar(),
        new DequantizeScalar(),
        new MatmulPlainScalar(),
        new MatmulBlockScalar());
  }
}
