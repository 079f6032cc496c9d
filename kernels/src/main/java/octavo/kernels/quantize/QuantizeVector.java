package octavo.kernels.quantize;

import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.kernels.codec.Encoding;
import octavo.kernels.vector.Width;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** Quantizes to every block format, with the Vector API. */
public final class QuantizeVector implements QuantizeKernel {
  /*
   * Two passes over a line of some blocks that stays in L1: the largest magnitudes (ReducerLanes),
   * and the codes (EncoderLanes); between them the scales of all blocks of the line, from tables
   * (ScaleTable) or in lanes. Blocks with several rows do so with tiles that stay in L2, and blocks
   * that are longer than a line read their row twice. Only what has one scale, or one tensor scale,
   * for all (NVFP4) passes over the whole tensor twice, the first time to measure it, in four
   * streams at once (0.18 in place of 0.22 ns per number from DRAM).
   *
   * Of NVFP4 that leaves 0.18 for the one pass and, as a cast to E2M1 takes it, some 0.4 for the
   * other: 0.48 of a copy is the limit where a copy takes 0.5 for 8 bytes, and 0.30 is reached.
   * Lost: magnitudes of blocks that the first pass left where codes would be, for the second to
   * read; a loop that encodes a line and finds the magnitudes of the next one's blocks, 0.40 ns
   * in L1 where its parts take 0.37 one by one; lines of 4096 and 8192 numbers.
   *
   * Multiplication by the factor is part of the loops that encode to nearest even and by chance;
   * division, which formats with FP32 scales demand, and factors in other roundings or for elements
   * that are no float of four or eight bits go through a line in L1.
   */

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public QuantizeVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "quantize", width.variant());
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
  public Verdict consider(QuantizeRequest request, Host host) {
    Verdict objection = width.objection(host);
    if (objection != null) {
      return objection;
    }
    BlockFormat format = (BlockFormat) request.out().format();
    if (!BlockLine.covers(format)) {
      return new Verdict.Rejected(
          "blocks of %s have %d columns; it takes multiples of 16"
              .formatted(format, format.blockColumns()));
    }
    if (!Encoding.covers(format.element())
        || (format.scale().equals(Formats.E8M0) && !ScaleTable.covers(format.element()))) {
      return new Verdict.Rejected("does not encode elements in " + format.element());
    }
    if (!request.in().unitColumnStride() || !request.out().unitColumnStride()) {
      return new Verdict.Rejected("columns are not neighbours in memory; copy the view first");
    }
    return new Verdict.Eligible(2.5 * width.slowness(), "whole vectors, any rule and rounding");
  }

  @Override
  public void run(
      Tensor in, Tensor out, ScaleRule scaleRule, Rounding rounding, long seed, Workers workers) {
    QuantizeJob.run(width, in, out, scaleRule, rounding, seed, workers);
  }
}
