/**
 * Tensors: memory segments seen as arrays of coded numbers.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.tensor;

import org.jspecify.annotations.NullMarked;
