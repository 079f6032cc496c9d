/** Kernels that quantize to block formats and back. */
@NullMarked
package octavo.kernels.quantize;

import org.jspecify.annotations.NullMarked;
