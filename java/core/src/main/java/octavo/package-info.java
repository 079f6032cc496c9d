/**
 * Tensor operations in 8-bit and 4-bit number formats, with the same bits on every kernel.
 *
 * <p>A {@link octavo.format.Format} says what a code means. A {@link octavo.tensor.Tensor} is
 * memory full of codes. An operation of {@link octavo.Ops} takes tensors; it describes the call as
 * a {@link octavo.spi.Request}, asks every {@link octavo.spi.Kernel} what it thinks of it, and runs
 * the cheapest that is able. Which one that was, and why, an {@link octavo.Engine} {@linkplain
 * octavo.Engine#explainMatmul can say}.
 *
 * <p>The arithmetic of each operation is written down once, where its kernels are specified: {@link
 * octavo.format.ElementFormat#encode}, {@link octavo.format.BlockScaling}, {@link
 * octavo.spi.DequantizeKernel} and {@link octavo.spi.MatmulKernel}. Every kernel returns exactly
 * those bits.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo;

import org.jspecify.annotations.NullMarked;
