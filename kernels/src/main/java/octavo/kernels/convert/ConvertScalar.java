package octavo.kernels.convert;

import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.codec.Grid;
import octavo.kernels.scalar.NumberLine;
import octavo.kernels.vector.ScratchPool;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/**
 * Casts in plain loops over arrays, a line at a time: no Vector API, and quick from the first call
 * on. To nearest even in a few steps that C2 turns into vector code; other roundings element by
 * element.
 */
public final class ConvertScalar implements ConvertKernel {

  private static final Tensor NONE = Tensor.allocateHeap(Formats.FP32, 0);
  private static final ScratchPool<Job> POOL = new ScratchPool<>(Job::new);

  /** Makes the kernel. */
  public ConvertScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "convert", "");
  }

  @Override
  public Verdict consider(ConvertRequest request, Host host) {
    return new Verdict.Eligible(45, "plain loops");
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    Job job = POOL.take();
    job.in = in;
    job.out = out;
    job.rounding = rounding;
    job.overflow = overflow;
    job.seed = seed;
    try {
      job.grid.cut(in.rows(), in.columns(), 1, NumberLine.LENGTH, workers);
      workers.run(job.grid.parts(), job);
    } finally {
      job.in = NONE;
      job.out = NONE;
      POOL.give(job);
    }
  }

  /** One call, cut into parts. */
  private static final class Job implements Workers.Part {
    private final Grid grid = new Grid();
    private Tensor in = NONE;
    private Tensor out = NONE;
    private Rounding rounding = Rounding.NEAREST_EVEN;
    private Overflow overflow = Overflow.SATURATE;
    private long seed;

    @Override
    public void run(int part) {
      NumberLine line = NumberLine.take();
      try {
        line.aim(out.element(), rounding, overflow);
        long end = grid.endColumn(part);
        for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
          for (long column = grid.firstColumn(part); column < end; column += NumberLine.LENGTH) {
            int count = (int) Math.min(NumberLine.LENGTH, end - column);
            line.read(in, row, column, count);
            line.encode(seed, row * in.columns() + column, count);
            line.write(out, row, column, count);
          }
        }
      } finally {
        line.give();
      }
    }
  }
}
