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

/** Products with scales inside their sums, with the Vector API. */
public final class MatmulBlockVector implements MatmulKernel {
  /*
   * As MatmulPlainVector, but the tile sums runs of k from zero and adds them with their scales: p
   * = fma(a, b, p) over a run, then acc = fma(p, fl32(scaleA * scaleB), acc). Scales are decoded
   * beside the elements (RunTile6x2); an operand without any gets 1, and 1 * x is x. Powers of two,
   * as in MX formats, are multiplied into the elements instead where that changes no bit
   * (ScaleFolding, FoldedRunTile6x2). Chunks of k are whole runs, so that no p is ever cut; the last
   * run may be short.
   *
   * E2M1 elements take the same way as all others, through FP32: exact, but at the FP32 rate. The
   * integer dot products that native kernels have for them (bytes in 16-bit sums) cannot be said in
   * the Vector API of JDK 25 at speed: it has no widening multiply-add.
   */

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public MatmulBlockVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "matmul.block", width.variant());
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
    if (request.blockLength() == 0) {
      return new Verdict.Rejected("no scales change along K; that is matmul.plain");
    }
    if (request.blockLength() > TiledProduct.MAX_RUN) {
      return new Verdict.Rejected(
          "scales span %d elements along K; panels hold runs of at most %d"
              .formatted(request.blockLength(), TiledProduct.MAX_RUN));
    }
    return new Verdict.Eligible(
        TiledProduct.cost(1.35 * width.slowness(), request),
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
