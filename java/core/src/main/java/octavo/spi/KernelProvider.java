package octavo.spi;

import java.util.List;

/**
 * Brings the kernels of one backend. Found with {@link java.util.ServiceLoader}.
 *
 * <p>Both methods must succeed on every machine: what is missing is said in the status, with the
 * remedy.
 */
public interface KernelProvider {

  /**
   * {@return whether the backend can run here, and if not, why}
   *
   * @param overrides the user's settings
   */
  BackendStatus probe(Overrides overrides);

  /**
   * {@return the kernels}; empty if the backend is not available
   *
   * @param status what {@link #probe} returned
   */
  List<Kernel<?>> kernels(BackendStatus status);
}
