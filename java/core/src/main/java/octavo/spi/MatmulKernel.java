package octavo.spi;

import octavo.op.Epilogue;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
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
 *       Tensor#tensorScale()}; then what the {@link Epilogue} says; then one rounding to nearest
 *       even in the output's format, overflow to infinity.
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
   * {@return how this kernel would like {@code b} to be packed}, or {@code null} if it has no wish
   *
   * <p>A pure function like {@link #consider}, which must accept the request with that packing.
   *
   * @param request the call, of an ordinary {@code b}
   * @param host the machine
   */
  default @Nullable Packing packing(MatmulRequest request, Host host) {
    return null;
  }

  /**
   * Computes {@code out = epilogue(a * transpose(b))}.
   *
   * @param a an M x K matrix
   * @param b an N x K matrix
   * @param epilogue what happens to the results; its residual may be {@code out} itself
   * @param out an M x N matrix, FP32 or BF16, that overlaps no operand
   * @param workers who computes parts of the results
   */
  void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers);

  /**
   * Computes {@code out = epilogue(a * transpose(b))} for a packed {@code b}. Called only if {@link
   * #consider} accepted a request with its packing.
   *
   * @param a an M x K matrix
   * @param b an N x K matrix
   * @param epilogue what happens to the results; its residual may be {@code out} itself
   * @param out an M x N matrix, FP32 or BF16, that overlaps no operand
   * @param workers who computes parts of the results
   */
  default void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    throw new UnsupportedOperationException(id() + " reads no packed matrix");
  }
}
