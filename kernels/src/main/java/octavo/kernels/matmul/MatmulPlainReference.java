package octavo.kernels.matmul;

import octavo.format.Overflow;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The definition of a product without scales inside its sums, as {@link MatmulKernel} writes it:
 * one chain of fused multiply-adds per result.
 */
public final class MatmulPlainReference implements MatmulKernel {

  /** Makes the kernel. */
  public MatmulPlainReference() {}

  @Override
  public KernelId id() {
    return new KernelId("reference", "matmul.plain", "");
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() != 0) {
      return new Verdict.Rejected("scales change along K; that is matmul.block");
    }
    return new Verdict.Eligible(100, "always eligible");
  }

  @Override
  public void run(Tensor a, Tensor b, @Nullable Tensor bias, Tensor out) {
    for (long from = 0; from < a.rows(); from += DecodedRows.PANEL) {
      long to = Math.min(a.rows(), from + DecodedRows.PANEL);
      float[][] rowsA = DecodedRows.elements(a, from, to);
      for (long j = 0; j < b.rows(); j++) {
        float[] bj = DecodedRows.elements(b, j);
        for (long i = from; i < to; i++) {
          float[] ai = rowsA[(int) (i - from)];
          float acc = 0;
          for (int k = 0; k < ai.length; k++) {
            acc = Math.fma(ai[k], bj[k], acc);
          }
          float result = acc * (DecodedRows.endFactor(a, i) * DecodedRows.endFactor(b, j));
          if (bias != null) {
            result += bias.get(j);
          }
          out.setCode(out.element().encode(result, Overflow.IEEE), i, j);
        }
      }
    }
  }
}
