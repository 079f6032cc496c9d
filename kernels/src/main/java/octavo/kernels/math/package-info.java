/** The functions of {@link octavo.math.Functions} in lanes. */
@NullMarked
package octavo.kernels.math;

import org.jspecify.annotations.NullMarked;
