/** What the plain Java kernels share: lines of numbers in Java arrays. */
@NullMarked
package octavo.kernels.scalar;

import org.jspecify.annotations.NullMarked;
