package octavo.spi;

import java.util.List;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.op.Activation;
import octavo.tensor.Packing;
import org.jspecify.annotations.Nullable;

/**
 * A product {@code out = a * transpose(b)}.
 *
 * @param a M rows of K elements
 * @param b N rows of K elements
 * @param out M rows of N elements, FP32 or BF16
 * @param scaled whether results have a factor other than 1
 * @param bias whether a vector of N numbers is added to every row
 * @param activation the function that results go through
 * @param residual what is added to the results, M rows of N elements, or {@code null}
 * @param packing how {@code b} is packed, or {@code null} if it is an ordinary tensor
 */
public record MatmulRequest(
    Operand a,
    Operand b,
    Operand out,
    boolean scaled,
    boolean bias,
    Activation activation,
    @Nullable Operand residual,
    @Nullable Packing packing)
    implements Request {

  /**
   * A product of ordinary tensors without activation and residual.
   *
   * @param a M rows of K elements
   * @param b N rows of K elements
   * @param out M rows of N elements, FP32 or BF16
   * @param bias whether a vector of N numbers is added to every row
   */
  public MatmulRequest(Operand a, Operand b, Operand out, boolean bias) {
    this(a, b, out, false, bias, Activation.NONE, null, null);
  }

  /**
   * {@return this product with another packing of {@code b}}
   *
   * @param other the packing
   */
  public MatmulRequest withPacking(Packing other) {
    return new MatmulRequest(a, b, out, scaled, bias, activation, residual, other);
  }

  @Override
  public Op op() {
    return Op.MATMUL;
  }

  @Override
  public List<Operand> operands() {
    return residual == null ? List.of(a, b, out) : List.of(a, b, residual, out);
  }

  /** {@return the rows of the result} */
  public long m() {
    return a.rows();
  }

  /** {@return the columns of the result} */
  public long n() {
    return b.rows();
  }

  /** {@return the length of the dot products} */
  public long k() {
    return a.columns();
  }

  /**
   * {@return the length of the runs along K that are summed before a scale applies: the shorter of
   * the operands' blocks, or 0 if neither has scales within its rows}
   */
  public int blockLength() {
    return blockLength(a.format(), b.format());
  }

  /**
   * {@return the length of the runs along K that are summed before a scale applies}, as {@link
   * #blockLength()}
   *
   * @param a the format of one operand
   * @param b the format of the other
   */
  public static int blockLength(Format a, Format b) {
    int lengthA = a instanceof BlockFormat block ? block.blockColumns() : 0;
    int lengthB = b instanceof BlockFormat block ? block.blockColumns() : 0;
    return lengthA == 0 ? lengthB : lengthB == 0 ? lengthA : Math.min(lengthA, lengthB);
  }

  /** {@return one line} */
  @Override
  public String toString() {
    return "matmul  %s * %s%sT -> %s%s%s%s%s"
        .formatted(
            a,
            b,
            packing == null ? "" : " " + packing,
            out,
            scaled ? " * scale" : "",
            bias ? " + bias" : "",
            activation == Activation.NONE ? "" : " " + activation,
            residual == null ? "" : " + " + residual);
  }
}
