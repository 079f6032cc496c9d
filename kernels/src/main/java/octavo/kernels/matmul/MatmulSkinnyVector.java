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
import octavo.tensor.Packing;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Products of few rows, with the Vector API: the decoding step of language models. */
public final class MatmulSkinnyVector implements MatmulKernel {
  /*
   * SkinnyProduct has the essay. Which calls it takes:
   *
   *   - 1 to 16 rows: beyond, TiledProduct, which decodes B once for all rows, is as fast.
   *   - B in the packing that PanelDot reads, off-heap; or B as rows.
   *   - Formats that are decoded in place; runs of four columns or a larger power of two, up to what
   *     TiledProduct takes, which gets the calls that SkinnyProduct leaves.
   *   - FP8, FP4 and FP16 only where subnormal operands cost nothing, as their small numbers are
   *     decoded to FP32 subnormals. That is so on AMD's and Arm's cores. Intel's take an assist of
   *     some hundred cycles for each: with random codes that would be ten times slower than a table.
   */

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public MatmulSkinnyVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "matmul.skinny", width.variant());
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
  public @Nullable Packing packing(MatmulRequest request, Host host) {
    InPlace weights = InPlace.of(request.b().format().element());
    if (weights == null) {
      return null;
    }
    Packing packing = SkinnyProduct.packing(weights, width.lanes());
    MatmulRequest packed = request.withPacking(packing);
    return consider(packed, host) instanceof Verdict.Eligible ? packing : null;
  }

  @Override
  public Verdict consider(MatmulRequest request, Host host) {
    Verdict objection = width.objection(host);
    if (objection != null) {
      return objection;
    }
    if (request.m() > SkinnyProduct.ROWS) {
      return new Verdict.Rejected(
          "%d rows; this kernel is for at most %d".formatted(request.m(), SkinnyProduct.ROWS));
    }
    if (request.k() > SkinnyProduct.COLUMNS) {
      return new Verdict.Rejected(
          "%d columns; this kernel keeps at most %d decoded"
              .formatted(request.k(), SkinnyProduct.COLUMNS));
    }
    InPlace weights = InPlace.of(request.b().format().element());
    if (weights == null) {
      return new Verdict.Rejected(
          "codes of %s are not decoded in place".formatted(request.b().format().element()));
    }
    if (weights.makesSubnormals() && !host.fastSubnormals()) {
      return new Verdict.Rejected(
          "small numbers of %s become FP32 subnormals, which this processor may multiply slowly"
              .formatted(request.b().format().element()));
    }
    int length = request.blockLength();
    if (length != 0 && (length < 4 || Integer.bitCount(length) != 1)) {
      return new Verdict.Rejected(
          "scales span %d columns; this kernel takes 4, 8, 16 and so on".formatted(length));
    }
    if (length > TiledProduct.MAX_RUN) {
      return new Verdict.Rejected(
          "scales span %d columns; this kernel takes at most %d"
              .formatted(length, TiledProduct.MAX_RUN));
    }
    return request.packing() == null
        ? considerRows(request)
        : considerPacked(request, SkinnyProduct.packing(weights, width.lanes()));
  }

  private Verdict considerPacked(MatmulRequest request, Packing packing) {
    if (!packing.equals(request.packing())) {
      return new Verdict.Rejected("b is " + request.packing() + "; this kernel reads " + packing);
    }
    if (request.b().storage() == Storage.HEAP) {
      return new Verdict.Rejected("b is on the heap; this kernel reads packed weights off-heap");
    }
    return new Verdict.Eligible(cost(2.5, request), "codes decoded in registers, in packed order");
  }

  private Verdict considerRows(MatmulRequest request) {
    if (!request.b().unitColumnStride()) {
      return new Verdict.Rejected("columns of b do not adjoin");
    }
    double bytes = request.b().format().element().storageBits() / 8.0;
    return new Verdict.Eligible(
        cost(6 + 9 * bytes, request), "codes packed on the way, decoded in registers");
  }

  /**
   * {@return the cost per row}: reading the codes, spread over the rows, and multiplying, more with
   * scales inside the sums. The reference's is 100, 1.3 ns per multiply-add on a Zen 3, where these
   * were measured: 1, 4 and 16 rows, FP32 to MXFP4, 2048 x 2048.
   */
  private double cost(double reading, MatmulRequest request) {
    double multiplying = request.blockLength() == 0 ? 1.2 : 3.8;
    return width.slowness() * (multiplying + reading / Math.max(request.m(), 1));
  }

  @Override
  public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    if (!SkinnyProduct.run(SkinnyKernels.of(width), a, b, null, epilogue, out, workers)) {
      TiledProduct.run(width, a, b, epilogue, out, workers);
    }
  }

  @Override
  public void run(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    if (!SkinnyProduct.run(SkinnyKernels.of(width), a, null, b, epilogue, out, workers)) {
      TiledProduct.run(width, a, b, epilogue, out, workers);
    }
  }
}
