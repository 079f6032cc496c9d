/** The providers of the kernels in Java. */
@NullMarked
package octavo.kernels;

import org.jspecify.annotations.NullMarked;
