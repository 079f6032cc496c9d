package octavo.kernels.matmul;

import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

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
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    run(a, DecodedRows.Right.of(b), epilogue, out);
  }

  @Override
  public void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    run(a, DecodedRows.Right.of(b), epilogue, out);
  }

  private static void run(Tensor a, DecodedRows.Right b, Epilogue epilogue, Tensor out) {
    for (long from = 0; from < a.rows(); from += DecodedRows.PANEL) {
      long to = Math.min(a.rows(), from + DecodedRows.PANEL);
      float[][] rowsA = DecodedRows.elements(a, from, to);
      for (long j = 0; j < b.rows(); j++) {
        float[] bj = b.elements(j);
        for (long i = from; i < to; i++) {
          float[] ai = rowsA[(int) (i - from)];
          float acc = 0;
          for (int k = 0; k < ai.length; k++) {
            acc = Math.fma(ai[k], bj[k], acc);
          }
          float sum = acc * (DecodedRows.endFactor(a, i) * b.endFactor(j));
          DecodedRows.write(sum, epilogue, out, i, j);
        }
      }
    }
  }
}
