/**
 * Codes to numbers and back, with the Vector API: what convert, quantize and dequantize are made
 * of.
 *
 * <p>Leaves (the templates {@code EncoderLanes}, {@code DecoderLanes} and {@code ReducerLanes}) run
 * one loop each over off-heap memory; {@link octavo.kernels.codec.Line} brings other memory, and
 * what is no whole number of vectors, there and back.
 */
@NullMarked
package octavo.kernels.codec;

import org.jspecify.annotations.NullMarked;
