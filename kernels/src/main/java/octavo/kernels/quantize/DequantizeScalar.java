package octavo.kernels.quantize;

import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.codec.Grid;
import octavo.kernels.scalar.NumberLine;
import octavo.kernels.vector.ScratchPool;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** Expands every block format in plain loops over arrays. */
public final class DequantizeScalar implements DequantizeKernel {

  private static final Tensor NO_TENSOR = Tensor.allocateHeap(Formats.FP32, 0);
  private static final Tensor NO_BLOCKS = Tensor.allocateHeap(Formats.MXFP4, 0);
  private static final ScratchPool<Job> POOL = new ScratchPool<>(Job::new);

  /** Makes the kernel. */
  public DequantizeScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "dequantize", "");
  }

  @Override
  public Verdict consider(DequantizeRequest request, Host host) {
    return new Verdict.Eligible(45, "plain loops");
  }

  @Override
  public void run(Tensor in, Tensor out, Workers workers) {
    Job job = POOL.take();
    job.in = in;
    job.out = out;
    try {
      job.grid.cut(in.rows(), in.columns(), 1, NumberLine.LENGTH, workers);
      workers.run(job.grid.parts(), job);
    } finally {
      job.in = NO_BLOCKS;
      job.out = NO_TENSOR;
      POOL.give(job);
    }
  }

  /** One call, cut into parts. */
  private static final class Job implements Workers.Part {
    private final Grid grid = new Grid();
    private Tensor in = NO_BLOCKS;
    private Tensor out = NO_TENSOR;

    @Override
    public void run(int part) {
      BlockFormat format = (BlockFormat) in.format();
      Tensor scales = in.scales().matrix();
      long height = format.blockRows() == BlockFormat.WHOLE ? Long.MAX_VALUE : format.blockRows();
      long width =
          format.blockColumns() == BlockFormat.WHOLE ? Long.MAX_VALUE : format.blockColumns();
      NumberLine line = NumberLine.take();
      try {
        line.aim(out.element(), Rounding.NEAREST_EVEN, Overflow.IEEE);
        long end = grid.endColumn(part);
        for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
          long scaleAt = row / height * scales.stride(0);
          for (long column = grid.firstColumn(part); column < end; column += NumberLine.LENGTH) {
            int count = (int) Math.min(NumberLine.LENGTH, end - column);
            line.read(in, row, column, count);
            scale(line, column, count, width, scales, scaleAt);
            line.encode(0, 0, count);
            line.write(out, row, column, count);
          }
        }
      } finally {
        line.give();
      }
    }

    private void scale(
        NumberLine line, long column, int count, long width, Tensor scales, long scaleAt) {
      for (int i = 0; i < count; ) {
        long block = (column + i) / width;
        int end = (int) Math.min(count, end(block, width) - column);
        long at = scaleAt + block * scales.stride(1);
        int code = Codes.get(scales.data(), scales.element(), at);
        multiply(line.numbers(), i, end, scales.element().decode(code) * in.tensorScale());
        i = end;
      }
    }
  }

  /** {@return the column behind a block} */
  private static long end(long block, long width) {
    return width == Long.MAX_VALUE ? width : (block + 1) * width;
  }

  private static void multiply(float[] numbers, int from, int to, float factor) {
    for (int i = from; i < to; i++) {
      numbers[i] *= factor;
    }
  }
}
