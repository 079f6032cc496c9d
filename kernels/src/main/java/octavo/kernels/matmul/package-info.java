/** Kernels that multiply matrices. */
@NullMarked
package octavo.kernels.matmul;

import org.jspecify.annotations.NullMarked;
