/**
 * What operations are told besides their tensors.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.op;

import org.jspecify.annotations.NullMarked;
