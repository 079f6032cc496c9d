/**
 * The choice of a kernel: every kernel judges the request, the cheapest eligible one runs, and the
 * plan keeps every verdict so that the choice can be explained.
 *
 * <p>No parameter accepts {@code null} and no method returns it.
 */
@NullMarked
package octavo.dispatch;

import org.jspecify.annotations.NullMarked;
