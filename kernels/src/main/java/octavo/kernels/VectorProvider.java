package octavo.kernels;

import java.util.List;
import octavo.spi.BackendStatus;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/** The Vector API kernels. */
public final class VectorProvider implements KernelProvider {

  /** Made by {@link java.util.ServiceLoader}. */
  public VectorProvider() {}

  @Override
  public BackendStatus probe(Overrides overrides) {
    return BackendStatus.absent("vector", "not built yet");
  }

  @Override
  public List<Kernel<?>> kernels(BackendStatus status) {
    return List.of();
  }
}
