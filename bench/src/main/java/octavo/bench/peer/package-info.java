/**
 * What other libraries do of the same, each called through the interface that it offers: fetched by
 * name when the benchmarks run, never needed to build them.
 */
@NullMarked
package octavo.bench.peer;

import org.jspecify.annotations.NullMarked;
