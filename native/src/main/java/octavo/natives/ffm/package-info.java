/** The native kernels through the Foreign Function and Memory API: backend {@code ffm}. */
@NullMarked
package octavo.natives.ffm;

import org.jspecify.annotations.NullMarked;
