/**
 * FP8 checkpoints for Trainium 1 and 2, whose E4M3 ends at 240 where OCP's E4M3FN, in which
 * checkpoints come, ends at 448: what would go wrong, and the documented remedy.
 *
 * <p>Both formats have four exponent bits, three mantissa bits and the bias 7, so that the codes of
 * all numbers up to 240 agree. The 14 codes above mean 256 to 448 in E4M3FN and infinity or NaN in
 * E4M3.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless its type says so.
 */
@NullMarked
package octavo.checkpoint.trn;

import org.jspecify.annotations.NullMarked;
