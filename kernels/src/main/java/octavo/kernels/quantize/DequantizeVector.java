package octavo.kernels.quantize;

import octavo.format.BlockFormat;
import octavo.kernels.codec.Decoding;
import octavo.kernels.vector.Width;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** Expands every block format, with the Vector API. */
public final class DequantizeVector implements DequantizeKernel {
  /*
   * The scales of a line's blocks are looked up, multiplied by the tensor scale and spread to one
   * for every 16 elements, so that one loop (DecoderLanes) does for every kind of block: it decodes
   * and multiplies, straight to FP32 output in native memory. Other outputs are encoded from a line
   * in L1.
   */

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public DequantizeVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "dequantize", width.variant());
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
  public Verdict consider(DequantizeRequest request, Host host) {
    Verdict objection = width.objection(host);
    if (objection != null) {
      return objection;
    }
    BlockFormat format = (BlockFormat) request.in().format();
    if (!BlockLine.covers(format)) {
      return new Verdict.Rejected(
          "blocks of %s have %d columns; it takes multiples of 16"
              .formatted(format, format.blockColumns()));
    }
    if (!Decoding.covers(format.element())) {
      return new Verdict.Rejected("does not decode elements in " + format.element());
    }
    if (!request.in().unitColumnStride() || !request.out().unitColumnStride()) {
      return new Verdict.Rejected("columns are not neighbours in memory; copy the view first");
    }
    return new Verdict.Eligible(2.5 * width.slowness(), "whole vectors");
  }

  @Override
  public void run(Tensor in, Tensor out, Workers workers) {
    DequantizeJob.run(width, in, out, workers);
  }
}
