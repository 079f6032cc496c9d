/**
 * Writes what other places say of the formats: the traits of the C++ kernels and the tables of the
 * documentation. Part of the build, not of the library's interface.
 *
 * <p>No parameter accepts {@code null} and no method returns it.
 */
@NullMarked
package octavo.generate;

import org.jspecify.annotations.NullMarked;
