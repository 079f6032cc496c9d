package octavo.kernels.matmul;

import octavo.format.ElementFormat;
import octavo.format.Overflow;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/** The definition of a sparse product, as {@link SparseMatmulKernel} writes it. */
public final class SparseMatmulReference implements SparseMatmulKernel {

  /** Makes the kernel. */
  public SparseMatmulReference() {}

  @Override
  public KernelId id() {
    return new KernelId("reference", "sparse_matmul", "");
  }

  @Override
  public Verdict consider(SparseMatmulRequest request, Host host) {
    return new Verdict.Eligible(100, "always eligible");
  }

  @Override
  public void run(Tensor a, SparseMatrix b, Tensor out, Workers workers) {
    ElementFormat formatA = a.element();
    int kept = Math.toIntExact(b.values().columns());
    float[] values = new float[kept];
    long[] columns = new long[kept];
    for (long j = 0; j < b.rows(); j++) {
      for (int s = 0; s < kept; s++) {
        values[s] = b.format().decode(b.values().code(j, s));
        columns[s] = b.column(j, s);
      }
      for (long i = 0; i < a.rows(); i++) {
        float acc = 0;
        for (int s = 0; s < kept; s++) {
          acc = Math.fma(formatA.decode(a.code(i, columns[s])), values[s], acc);
        }
        out.setCode(out.element().encode(acc, Overflow.IEEE), i, j);
      }
    }
  }
}
