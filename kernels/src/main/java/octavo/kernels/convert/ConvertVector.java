package octavo.kernels.convert;

import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.codec.Decoding;
import octavo.kernels.codec.Encoding;
import octavo.kernels.vector.Width;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** Casts from every format to every format, with the Vector API. */
public final class ConvertVector implements ConvertKernel {
  /*
   * A line of elements at a time: read as FP32 numbers (DecoderLanes argues how), encoded
   * (EncoderLanes), written. FP32 in native memory is read in place, and so are codes; bytes are
   * written in place, and FP32. All else passes through a line in L1.
   *
   * Nothing on this path depends on the data's distribution, except that NaN, and infinities where
   * they do not round like numbers, are set one by one in the lines that have any.
   *
   * By chance, E4M3FN from DRAM has 0.6 of the speed of nearest even, E2M1 0.65: 0.14 ns per element
   * draw the bits and 0.31 encode, where nearest even takes 0.21, in L1.
   *
   * Not pursued: two halves of a line at once. Loops that only read four bytes and write one gained
   * a fifth from two streams in DRAM, nearest8() with a body for each half nothing that could be
   * measured.
   *
   * In place, a core's rate is that of its vector units up to L3 (E4M3FN: 4.7 Gelem/s one way, 4.1
   * the other, AVX2), and from DRAM about 0.88 of a copy of the same bytes. Elements of one width
   * that differ from FP32's, both ways, pay for the detour: E4M3FN to BF16 is two conversions.
   */

  private final Width width;

  /**
   * Makes the kernel.
   *
   * @param width the width of its vectors
   */
  public ConvertVector(Width width) {
    this.width = width;
  }

  @Override
  public KernelId id() {
    return new KernelId("vector", "convert", width.variant());
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
  public Verdict consider(ConvertRequest request, Host host) {
    Verdict objection = width.objection(host);
    if (objection != null) {
      return objection;
    }
    if (!Decoding.covers(request.in().format().element())) {
      return new Verdict.Rejected("does not decode " + request.in().format());
    }
    if (!Encoding.covers(request.out().format().element())) {
      return new Verdict.Rejected("does not encode " + request.out().format());
    }
    if (!request.in().unitColumnStride() || !request.out().unitColumnStride()) {
      return new Verdict.Rejected("columns are not neighbours in memory; copy the view first");
    }
    return new Verdict.Eligible(2.5 * width.slowness(), "whole vectors, any rounding");
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    ConvertJob.run(width, in, out, Encoding.of(out.element(), rounding, overflow), seed, workers);
  }
}
