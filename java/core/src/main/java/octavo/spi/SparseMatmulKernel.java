package octavo.spi;

import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/**
 * A kernel for {@link Op#SPARSE_MATMUL}.
 *
 * <p>The arithmetic, in FP32 with rounding to nearest even and fused {@code fma}: {@code acc = +0;
 * for the kept elements b[j,k] of a row, in the order of their columns: acc = fma(a[i,k], b[j,k],
 * acc)}, then one rounding to the output's format, overflow to infinity. An element that is not
 * kept takes no part: unlike in a dense product, infinity and NaN of {@code a} beside it leave no
 * trace. A result that is NaN may have any payload and sign.
 */
public non-sealed interface SparseMatmulKernel extends Kernel<SparseMatmulRequest> {

  @Override
  default Op op() {
    return Op.SPARSE_MATMUL;
  }

  /**
   * Computes {@code out = a * transpose(b)}.
   *
   * @param a an M x K matrix in an element format
   * @param b a sparse N x K matrix
   * @param out an M x N matrix, FP32 or BF16, that overlaps no operand
   * @param workers who computes parts of the results
   */
  void run(Tensor a, SparseMatrix b, Tensor out, Workers workers);
}
