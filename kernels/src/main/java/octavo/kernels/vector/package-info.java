/**
 * What the Vector API kernels share: widths, and copies of template classes for each.
 *
 * <p>No class here or in a kernel mentions the Vector API, save the templates and {@link
 * octavo.kernels.vector.Species}: the module that has it may be absent.
 */
@NullMarked
package octavo.kernels.vector;

import org.jspecify.annotations.NullMarked;
