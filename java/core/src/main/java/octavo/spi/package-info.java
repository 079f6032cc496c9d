/**
 * What a kernel is: requests that describe calls, kernels that judge and run them, providers that
 * bring kernels, and the host they run on.
 *
 * <p>Providers are found with {@link java.util.ServiceLoader}. Kernels trust their arguments:
 * {@link octavo.Engine} has validated them.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.spi;

import org.jspecify.annotations.NullMarked;
