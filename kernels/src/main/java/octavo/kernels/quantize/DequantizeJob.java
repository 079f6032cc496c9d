package octavo.kernels.quantize;

import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.kernels.codec.Encoding;
import octavo.kernels.codec.Grid;
import octavo.kernels.codec.Line;
import octavo.kernels.vector.ScratchPool;
import octavo.kernels.vector.Width;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** One call of {@link DequantizeVector}, cut into parts. */
final class DequantizeJob implements Workers.Part {

  private static final Tensor NO_TENSOR = Tensor.allocateHeap(Formats.FP32, 0);
  private static final Tensor NO_BLOCKS = Tensor.allocateHeap(Formats.MXFP4, 0);
  private static final ScratchPool<DequantizeJob> POOL = new ScratchPool<>(DequantizeJob::new);

  private final Grid grid = new Grid();
  private Width width = Width.BITS_128;
  private Tensor in = NO_BLOCKS;
  private Tensor out = NO_TENSOR;
  private BlockFormat format = Formats.MXFP4;
  private Encoding encoding = Encoding.of(Formats.FP32, Rounding.NEAREST_EVEN, Overflow.IEEE);
  private float tensorScale;

  private DequantizeJob() {}

  /** Expands a matrix. */
  static void run(Width width, Tensor in, Tensor out, Workers workers) {
    DequantizeJob job = POOL.take();
    job.width = width;
    job.in = in;
    job.out = out;
    job.format = (BlockFormat) in.format();
    job.encoding = Encoding.of(out.element(), Rounding.NEAREST_EVEN, Overflow.IEEE);
    job.tensorScale = in.tensorScale();
    try {
      job.cut(workers);
      workers.run(job.grid.parts(), job);
    } finally {
      job.in = NO_BLOCKS;
      job.out = NO_TENSOR;
      POOL.give(job);
    }
  }

  /** Consecutive rows are one long row, so that short rows cost nothing. */
  private void cut(Workers workers) {
    boolean sameScales =
        format.blockRows() == BlockFormat.WHOLE
            || (format.blockRows() == 1
                && format.blockColumns() != BlockFormat.WHOLE
                && in.columns() % format.blockColumns() == 0
                && (in.scales().stride(0) == in.scales().columns() || in.rows() == 1));
    if (sameScales && Grid.consecutive(in) && Grid.consecutive(out)) {
      grid.cut(Math.min(1, in.rows()), in.rows() * in.columns(), 1, Line.LENGTH, workers);
    } else {
      grid.cut(in.rows(), in.columns(), 1, Line.LENGTH, workers);
    }
  }

  @Override
  public void run(int part) {
    Line line = Line.take(width, in, out);
    BlockLine blocks = BlockLine.take();
    try {
      for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
        for (long column = grid.firstColumn(part); column < grid.endColumn(part); ) {
          int count = line.length(Line.LENGTH, grid.endColumn(part) - column);
          scales(blocks, row, column, count);
          line.convert(
              row * in.stride(0) + column,
              blocks.groups(),
              encoding,
              row * out.stride(0) + column,
              count);
          column += count;
        }
      }
    } finally {
      blocks.give();
      line.give();
    }
  }

  private void scales(BlockLine blocks, long row, long column, int count) {
    Tensor scales = in.scales();
    if (format.blockRows() == BlockFormat.WHOLE) {
      blocks.readScales(scales, 0, 1, tensorScale);
      blocks.spread(0, count, Long.MAX_VALUE);
      return;
    }
    long at = row / format.blockRows() * scales.stride(0);
    if (format.blockColumns() == BlockFormat.WHOLE) {
      blocks.readScales(scales, at, 1, tensorScale);
      blocks.spread(0, count, Long.MAX_VALUE);
      return;
    }
    int length = format.blockColumns();
    long first = column / length;
    int present = (int) ((column + count - 1) / length - first) + 1;
    blocks.readScales(scales, at + first, present, tensorScale);
    blocks.spread(column % length, count, length);
  }
}
