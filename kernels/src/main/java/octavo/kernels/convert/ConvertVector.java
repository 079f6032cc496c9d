package octavo.kernels.convert;

import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.StochasticBits;
import octavo.kernels.vector.Width;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** Casts from every format to every signed float format, with the Vector API. */
public final class ConvertVector implements ConvertKernel {
  /*
   * A line of at most 2048 elements at a time: decoded to an array of FP32 (Line), encoded to an
   * array of ints (EncoderLanes, where the arithmetic is argued), narrowed and stored. The arrays
   * stay in L1. Consecutive rows are one long row, so that short rows cost nothing.
   *
   * Why arrays in between: FloatVector.fromMemorySegment refuses heap segments that are not over a
   * byte[], such as Tensor.of(float[]), and each further kind of segment that a loop meets makes C2
   * test for it inside. MemorySegment.copy is made for that and runs at 16 to 38 Gelem/s.
   *
   * FP32 to E4M3FN: 4.2 Gelem/s (17 GB/s of FP32) in L2 and 2.2 from DRAM at 512 bits, 2.2 and 1.2
   * with AVX2; stochastic 1.8 and 1.0. Reading narrow formats is a table look-up, one per cycle at
   * best.
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
    if (!(request.out().format() instanceof FloatFormat format)
        || !(format.equals(Formats.FP32) || Target.covers(format))) {
      return new Verdict.Rejected(
          "encodes signed float formats only, not %s".formatted(request.out().format()));
    }
    if (!request.in().unitColumnStride() || !request.out().unitColumnStride()) {
      return new Verdict.Rejected("columns are not neighbours in memory; copy the view first");
    }
    return new Verdict.Eligible(2.5 * width.slowness(), "whole vectors, any rounding");
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    FloatFormat format = (FloatFormat) out.element();
    Encoder encoder = Encoder.of(width);
    Line line = Line.take();
    try {
      line.aim(format, rounding, overflow);
      boolean consecutive = consecutive(in) && consecutive(out);
      long rows = consecutive ? 1 : in.rows();
      long columns = consecutive ? in.rows() * in.columns() : in.columns();
      for (long row = 0; row < rows; row++) {
        for (long column = 0; column < columns; ) {
          long index = row * columns + column;
          // The key of stochastic rounding changes where the low 32 bits of the index wrap.
          long same = (1L << 32) - (index & 0xFFFF_FFFFL);
          int count = (int) Math.min(Math.min(Line.LENGTH, same), columns - column);
          line.read(in, row * in.stride(0) + column, count);
          line.encode(encoder, StochasticBits.key(seed, index), (int) index, count);
          line.write(encoder, out, row * out.stride(0) + column, count);
          column += count;
        }
      }
    } finally {
      line.give();
    }
  }

  private static boolean consecutive(Tensor tensor) {
    return tensor.stride(0) == tensor.columns();
  }
}
