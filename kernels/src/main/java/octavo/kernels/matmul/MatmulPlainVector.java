package octavo.kernels.matmul;

import octavo.kernels.vector.Width;
import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

/** Products without scales inside their sums, with the Vector API. */
public final class MatmulPlainVector implements MatmulKernel {
  /*
   * Both operands are decoded to FP32 (Source, PanelPacker), whatever their formats and layouts, the
   * shorter one to panels and the longer one to rows, and multiplied tile by tile, in parts that
   * threads take (TiledProduct, ChainTile6x2, ChainTile8x2, where the essays are). Outputs lie in vector lanes; each is one chain of fused
   * multiply-adds over k in increasing order that starts at +0, which is the definition. Row and
   * tensor scales and the epilogue come at the end (PartWriter), in the written order.
   */

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public MatmulPlainVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "matmul.plain", width.variant());
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
  public Verdict consider(MatmulRequest request, Host host) {
    Verdict objection = width.objection(host);
    if (objection != null) {
      return objection;
    }
    if (request.blockLength() != 0) {
      return new Verdict.Rejected("scales change along K; that is matmul.block");
    }
    return new Verdict.Eligible(
        TiledProduct.cost(1.1 * width.slowness(), request),
        "tiles of FP32 sums, operands decoded once");
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    TiledProduct.run(width, a, b, epilogue, out, workers);
  }

  @Override
  public void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    TiledProduct.run(width, a, b, epilogue, out, workers);
  }
}
