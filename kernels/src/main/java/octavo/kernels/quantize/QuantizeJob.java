package octavo.kernels.quantize;

import java.util.concurrent.atomic.AtomicInteger;
import octavo.format.BlockFormat;
import octavo.format.BlockScaling;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.kernels.codec.Encoding;
import octavo.kernels.codec.Grid;
import octavo.kernels.codec.Line;
import octavo.kernels.codec.Reducer;
import octavo.kernels.vector.ScratchPool;
import octavo.kernels.vector.Width;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One call of {@link QuantizeVector}, cut into parts. */
final class QuantizeJob implements Workers.Part {

  /** What the parts of a call do. */
  private enum Phase {
    /** Find the largest magnitude of the tensor. */
    MEASURE,
    /** Find the largest finite magnitude of the tensor. */
    MEASURE_FINITE,
    /** Choose scales and encode. */
    ENCODE
  }

  /** Of blocks with several rows the columns at a time: these rows are read twice, from L2. */
  private static final int TALL = Line.LENGTH / 4;

  /** Numbers in memory that are measured at a time, in four streams. */
  private static final int MEASURED = 16 * Line.LENGTH;

  private static final int INFINITY = 0x7F80_0000;
  private static final Tensor NO_TENSOR = Tensor.allocateHeap(Formats.FP32, 0);
  private static final Tensor NO_BLOCKS = Tensor.allocateHeap(Formats.MXFP4, 0);
  private static final ScratchPool<QuantizeJob> POOL = new ScratchPool<>(QuantizeJob::new);

  private final Grid grid = new Grid();
  private final AtomicInteger largest = new AtomicInteger();
  private Phase phase = Phase.ENCODE;
  private Width width = Width.BITS_128;
  private Reducer reducer = Reducer.of(Width.BITS_128);
  private Tensor in = NO_TENSOR;
  private Tensor out = NO_BLOCKS;
  private BlockFormat format = Formats.MXFP4;
  private Encoding encoding = Encoding.of(Formats.E2M1, Rounding.NEAREST_EVEN, Overflow.SATURATE);
  private ScaleRule rule = ScaleRule.OCP_FLOOR;
  private long seed;
  private float tensorScale;
  private @Nullable ScaleTable table;
  private boolean atOnce;
  private boolean apart;

  private QuantizeJob() {}

  /** Quantizes a matrix. */
  static void run(
      Width width,
      Tensor in,
      Tensor out,
      ScaleRule rule,
      Rounding rounding,
      long seed,
      Workers workers) {
    QuantizeJob job = POOL.take();
    job.width = width;
    job.reducer = Reducer.of(width);
    job.in = in;
    job.out = out;
    job.format = (BlockFormat) out.format();
    job.encoding = Encoding.of(job.format.element(), rounding, Overflow.SATURATE);
    job.rule = rule;
    job.seed = seed;
    try {
      job.run(workers);
    } finally {
      job.in = NO_TENSOR;
      job.out = NO_BLOCKS;
      POOL.give(job);
    }
  }

  private void run(Workers workers) {
    table = format.scale().equals(Formats.E8M0) ? ScaleTable.of(rule, format.element()) : null;
    atOnce =
        encoding.fused()
            && encoding.rounding() == Rounding.NEAREST_EVEN
            && format.blockRows() == 1
            && format.blockColumns() == 32;
    apart = BlockScaling.divides(format) || !encoding.fused();
    boolean whole = format.blockRows() == BlockFormat.WHOLE;
    tensorScale = 1.0f;
    if (whole || format.tensorScale()) {
      boolean consecutive = Grid.consecutive(in);
      measure(Phase.MEASURE, consecutive, workers);
      if (format.tensorScale()) {
        if (largest.get() >= INFINITY) {
          measure(Phase.MEASURE_FINITE, consecutive, workers);
        }
        tensorScale = BlockScaling.tensorScale(format, Float.intBitsToFloat(largest.get()));
        out.setTensorScale(tensorScale);
      }
    }
    phase = Phase.ENCODE;
    if (whole) {
      boolean consecutive = Grid.consecutive(in) && Grid.consecutive(out);
      cut(consecutive, 1, Line.LENGTH, workers);
      writeOnlyScale();
    } else if (format.blockColumns() == BlockFormat.WHOLE) {
      grid.cut(in.rows(), in.columns(), format.blockRows(), Long.MAX_VALUE, workers);
    } else {
      Tensor scales = out.scales();
      boolean consecutive =
          format.blockRows() == 1
              && Grid.consecutive(in)
              && Grid.consecutive(out)
              && (scales.stride(0) == scales.columns() || scales.rows() == 1)
              && in.columns() % format.blockColumns() == 0;
      cut(consecutive, format.blockRows(), tile(), workers);
    }
    workers.run(grid.parts(), this);
  }

  private void measure(Phase which, boolean consecutive, Workers workers) {
    phase = which;
    largest.set(0);
    cut(consecutive, 1, Line.LENGTH, workers);
    workers.run(grid.parts(), this);
  }

  /** Consecutive rows are one long row, so that short rows cost nothing. */
  private void cut(boolean consecutive, long bandRows, long pieceColumns, Workers workers) {
    if (consecutive) {
      grid.cut(Math.min(1, in.rows()), in.rows() * in.columns(), 1, pieceColumns, workers);
    } else {
      grid.cut(in.rows(), in.columns(), bandRows, pieceColumns, workers);
    }
  }

  /** {@return the columns of a tile: whole blocks, and whole units where these divide them} */
  private int tile() {
    int most = format.blockRows() == 1 ? Line.LENGTH : TALL;
    int block = format.blockColumns();
    int unit = block;
    while (unit % Line.UNIT != 0 && unit + block <= most) {
      unit += block;
    }
    unit = unit % Line.UNIT == 0 ? unit : block;
    return Math.max(most / unit, 1) * unit;
  }

  private void writeOnlyScale() {
    BlockLine blocks = BlockLine.take();
    blocks.reset(1);
    blocks.meet(largest.get());
    blocks.choose(format, table, reducer, tensorScale, 1);
    blocks.writeScales(out.scales(), 0, 1);
    blocks.give();
  }

  @Override
  public void run(int part) {
    Line line = Line.take(width, in, out);
    BlockLine blocks = BlockLine.take();
    try {
      if (phase != Phase.ENCODE) {
        measure(line, part);
      } else if (format.blockRows() == BlockFormat.WHOLE) {
        blocks.reset(1);
        blocks.meet(largest.get());
        blocks.choose(format, table, reducer, tensorScale, 1);
        for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
          encodeBlock(line, blocks, row, grid.firstColumn(part), grid.endColumn(part));
        }
      } else {
        bands(line, blocks, part);
      }
    } finally {
      blocks.give();
      line.give();
    }
  }

  private void measure(Line line, int part) {
    int most = 0;
    for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
      long end = grid.endColumn(part);
      most = Math.max(most, measure(line, row, grid.firstColumn(part), end));
    }
    int before = largest.get();
    while (most > before && !largest.compareAndSet(before, most)) {
      before = largest.get();
    }
  }

  private int measure(Line line, long row, long from, long to) {
    int most = 0;
    int length = line.readsInPlace() ? MEASURED : Line.LENGTH;
    for (long column = from; column < to; ) {
      int count = line.length(length, to - column);
      line.read(row * in.stride(0) + column, count);
      int here =
          phase == Phase.MEASURE_FINITE
              ? reducer.largestFinite(line.source(), line.sourceAt(), Line.padded(count))
              : reducer.largest(line.source(), line.sourceAt(), Line.padded(count));
      most = Math.max(most, here);
      column += count;
    }
    return most;
  }

  // ---- blocks

  private void bands(Line line, BlockLine blocks, int part) {
    int bandRows = format.blockRows();
    boolean one = format.blockColumns() == BlockFormat.WHOLE;
    long end = grid.endColumn(part);
    int tile = one ? 0 : tile();
    for (long row = grid.firstRow(part); row < grid.endRow(part); row += bandRows) {
      long endRow = Math.min(row + bandRows, grid.endRow(part));
      if (one || tile > Line.LENGTH) {
        long width = one ? Math.max(end, 1) : tile;
        for (long column = grid.firstColumn(part); column < Math.max(end, 1); column += width) {
          longBlock(line, blocks, row, endRow, column, Math.min(column + width, end));
        }
      } else {
        for (long column = grid.firstColumn(part); column < end; column += tile) {
          int count = (int) Math.min(tile, end - column);
          tile(line, blocks, row, endRow, column, count);
        }
      }
    }
  }

  /** A block that is longer than a line. */
  private void longBlock(Line line, BlockLine blocks, long row, long endRow, long from, long to) {
    blocks.reset(1);
    for (long i = row; i < endRow; i++) {
      blocks.meet(measure(line, i, from, to));
    }
    blocks.choose(format, table, reducer, tensorScale, 1);
    long scaleColumn = format.blockColumns() == 0 ? 0 : from / format.blockColumns();
    blocks.writeScales(
        out.scales(), row / format.blockRows() * out.scales().stride(0) + scaleColumn, 1);
    for (long i = row; i < endRow; i++) {
      encodeBlock(line, blocks, i, from, to);
    }
  }

  private void encodeBlock(Line line, BlockLine blocks, long row, long from, long to) {
    blocks.spread(0, Line.LENGTH, Long.MAX_VALUE);
    for (long column = from; column < to; ) {
      int count = line.length(Line.LENGTH, to - column);
      line.read(row * in.stride(0) + column, count);
      encode(line, blocks, row, column, count);
      column += count;
    }
  }

  /** Some whole blocks side by side; the last one may be cut by the end of the row. */
  private void tile(Line line, BlockLine blocks, long row, long endRow, long column, int count) {
    int length = format.blockColumns();
    int present = Math.ceilDiv(count, length);
    long scaleAt = row / format.blockRows() * out.scales().stride(0) + column / length;
    if (table != null && atOnce && line.takesBlocks()) {
      line.read(row * in.stride(0) + column, count);
      long at = row * out.stride(0) + column;
      blocks.writeBlocks(line, encoding, table, out.scales(), scaleAt, at, count);
      return;
    }
    if (endRow - row > 1) {
      blocks.reset(present);
    }
    for (long i = row; i < endRow; i++) {
      line.read(i * in.stride(0) + column, count);
      blocks.meet(reducer, line, count, length, endRow - row > 1);
    }
    blocks.choose(format, table, reducer, tensorScale, present);
    blocks.writeScales(
        out.scales(), row / format.blockRows() * out.scales().stride(0) + column / length, present);
    blocks.spread(0, count, length);
    for (long i = row; i < endRow; i++) {
      if (endRow - row > 1) {
        line.read(i * in.stride(0) + column, count);
      }
      encode(line, blocks, i, column, count);
    }
  }

  private void encode(Line line, BlockLine blocks, long row, long column, int count) {
    if (encoding.rounding() == Rounding.STOCHASTIC) {
      line.drawFrom(seed, row * grid.columns() + column);
    }
    long at = row * out.stride(0) + column;
    if (apart) {
      line.scale(blocks.groups(), count, BlockScaling.divides(format));
      line.write(encoding, null, at, count);
    } else {
      line.write(encoding, blocks.groups(), at, count);
    }
  }
}
