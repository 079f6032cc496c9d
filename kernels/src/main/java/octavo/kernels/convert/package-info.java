/** Kernels that cast elements. */
@NullMarked
package octavo.kernels.convert;

import org.jspecify.annotations.NullMarked;
