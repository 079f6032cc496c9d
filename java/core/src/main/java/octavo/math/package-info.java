/**
 * The functions that activations and normalizations are made of: one definition each, in FP32 steps
 * that every kernel repeats in its own lanes.
 */
@NullMarked
package octavo.math;

import org.jspecify.annotations.NullMarked;
