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
 * The definition of a product with scales inside its sums, as {@link MatmulKernel} writes it: a
 * chain of fused multiply-adds per block, and one of the blocks' sums with their scales.
 */
public final class MatmulBlockReference implements MatmulKernel {

  /** Makes the kernel. */
  public MatmulBlockReference() {}

  @Override
  public KernelId id() {
    return new KernelId("reference", "matmul.block", "");
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() == 0) {
      return new Verdict.Rejected("no scales change along K; that is matmul.plain");
    }
    return new Verdict.Eligible(100, "always eligible");
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    run(
        a,
        DecodedRows.Right.of(b),
        MatmulRequest.blockLength(a.format(), b.format()),
        epilogue,
        out);
  }

  @Override
  public void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    run(
        a,
        DecodedRows.Right.of(b),
        MatmulRequest.blockLength(a.format(), b.format()),
        epilogue,
        out);
  }

  private static void run(
      Tensor a, DecodedRows.Right b, int length, Epilogue epilogue, Tensor out) {
    for (long from = 0; from < a.rows(); from += DecodedRows.PANEL) {
      long to = Math.min(a.rows(), from + DecodedRows.PANEL);
      float[][] rowsA = DecodedRows.elements(a, from, to);
      float[][] scalesOfA = DecodedRows.scales(a, from, to, length);
      for (long j = 0; j < b.rows(); j++) {
        float[] bj = b.elements(j);
        float[] scalesB = b.scales(j, length);
        for (long i = from; i < to; i++) {
          float[] ai = rowsA[(int) (i - from)];
          float[] scalesA = scalesOfA[(int) (i - from)];
          float acc = 0;
          for (int s = 0; s < scalesA.length; s++) {
            float p = 0;
            for (int k = s * length; k < Math.min(ai.length, (s + 1) * length); k++) {
              p = Math.fma(ai[k], bj[k], p);
            }
            acc = Math.fma(p, scalesA[s] * scalesB[s], acc);
          }
          float sum = acc * (DecodedRows.endFactor(a, i) * b.endFactor(j));
          DecodedRows.write(sum, epilogue, out, i, j);
        }
      }
    }
  }
}
