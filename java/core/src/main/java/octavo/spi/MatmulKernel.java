package octavo.spi;

import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A kernel for {@link Op#MATMUL}.
 *
 * <p>The arithmetic, in FP32 with rounding to nearest even, fused {@code fma}, subnormals kept:
 *
 * <ul>
 *   <li>Neither operand has scales within its rows: {@code acc = +0; for k = 0..K-1: acc =
 *       fma(a[i,k], b[j,k], acc)}.
 *   <li>Otherwise, over the runs of {@link MatmulRequest#blockLength} along K: {@code p = +0; for k
 *       in run: p = fma(a[i,k], b[j,k], p)}, then {@code acc = fma(p, s, acc)} with {@code s} the
 *       product of the two block scales; an operand without them contributes no factor.
 *   <li>At the end {@code r = acc * (endA * endB)}, where an operand's end factor is its row or
 *       tensor scale (if its scales do not lie within its rows) times its {@link
 *       Tensor#tensorScale()}; then {@code r = r + bias[j]} if there is a bias; then one rounding
 *       to nearest even in the output's format, overflow to infinity.
 * </ul>
 *
 * <p>{@code a} and {@code b} are the exact decoded elements. A result that is NaN may have any
 * payload and sign.
 */
public non-sealed interface MatmulKernel extends Kernel<MatmulRequest> {

  @Override
  default Op op() {
    return Op.MATMUL;
  }

  /**
   * Computes {@code out = a * transpose(b) + bias}.
   *
   * @param a an M x K matrix
   * @param b an N x K matrix
   * @param bias N consecutive FP32 numbers, or {@code null}
   * @param out an M x N matrix, FP32 or BF16, that overlaps no operand
   */
  void run(Tensor a, Tensor b, @Nullable Tensor bias, Tensor out);
}
