/**
 * Number formats: what every code of every format means, and how a number becomes a code.
 *
 * <p>An {@link octavo.format.ElementFormat} gives one number a few bits: {@link
 * octavo.format.FloatFormat} for the ExMy floats, {@link octavo.format.IntegerFormat} for scaled
 * integers. A {@link octavo.format.BlockFormat} adds shared scales. {@link octavo.format.Formats}
 * holds every constant and the lists that everything else iterates: codecs, decode tables, C++
 * traits, test parameters, documentation.
 *
 * <p>Everything here is immutable and safe for use by any number of threads. No parameter accepts
 * {@code null} and no method returns it.
 */
@NullMarked
package octavo.format;

import org.jspecify.annotations.NullMarked;
