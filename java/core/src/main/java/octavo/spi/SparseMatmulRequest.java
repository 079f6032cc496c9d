package octavo.spi;

import java.util.List;
import octavo.format.Sparsity;

/**
 * A product {@code out = a * transpose(b)} of which {@code b} is sparse.
 *
 * @param a M rows of K elements, in an element format
 * @param values the kept elements of {@code b}: N rows
 * @param sparsity which of K elements are kept
 * @param out M rows of N elements, FP32 or BF16
 */
public record SparseMatmulRequest(Operand a, Operand values, Sparsity sparsity, Operand out)
    implements Request {

  @Override
  public Op op() {
    return Op.SPARSE_MATMUL;
  }

  @Override
  public List<Operand> operands() {
    return List.of(a, values, out);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    return "sparse_matmul  %s * %s %sT -> %s".formatted(a, values, sparsity, out);
  }
}
