package octavo.kernels.matmul;

import octavo.kernels.vector.Width;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/** Products with sparse matrices, with the Vector API: zeros are neither read nor multiplied. */
public final class SparseMatmulVector implements SparseMatmulKernel {

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public SparseMatmulVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "sparse_matmul", width.variant());
  }

  @Override
  public Isa isa() {
    return width.isa();
  }

  @Override
  public boolean coldStart() {
    return true;
  }

  @Override
  public Verdict consider(SparseMatmulRequest request, Host host) {
    Verdict objection = width.objection(host);
    return objection != null
        ? objection
        : new Verdict.Eligible(
            2 * width.slowness() + 40.0 / Math.max(1, request.a().rows()),
            "rows of A in lanes, one address for each kept element");
  }

  @Override
  public void run(Tensor a, SparseMatrix b, Tensor out, Workers workers) {
    SparseProduct.run(SparseTile.of(width, a.rows()), RowDecoder.of(width), a, b, out, workers);
  }
}
