/**
 * What the two bindings of the native kernels share: finding the libraries, and the kernels as the
 * dispatcher sees them.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.natives;

import org.jspecify.annotations.NullMarked;
