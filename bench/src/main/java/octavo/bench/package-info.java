/** Benchmarks, run by JMH; {@link octavo.bench.Main} runs them and prints what they reached. */
@NullMarked
package octavo.bench;

import org.jspecify.annotations.NullMarked;
