package octavo.kernels.convert;

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

/** One call of {@link ConvertVector}, cut into parts. */
final class ConvertJob implements Workers.Part {

  /** A line that needs no working memory may be longer: it saves prologues. */
  private static final int LONG = 8 * Line.LENGTH;

  private static final Tensor NONE = Tensor.allocateHeap(Formats.FP32, 0);
  private static final Encoding COPY =
      Encoding.of(Formats.FP32, Rounding.NEAREST_EVEN, Overflow.IEEE);
  private static final ScratchPool<ConvertJob> POOL = new ScratchPool<>(ConvertJob::new);

  private final Grid grid = new Grid();
  private Width width = Width.BITS_128;
  private Tensor in = NONE;
  private Tensor out = NONE;
  private Encoding encoding = COPY;
  private long seed;
  private int length;

  private ConvertJob() {}

  /** Converts a matrix. */
  static void run(
      Width width, Tensor in, Tensor out, Encoding encoding, long seed, Workers workers) {
    ConvertJob job = POOL.take();
    job.width = width;
    job.in = in;
    job.out = out;
    job.encoding = encoding;
    job.seed = seed;
    boolean inPlace =
        in.element().equals(Formats.FP32)
            && Line.direct(in)
            && Line.direct(out)
            && out.element().storageBits() == 8
            && encoding.fused()
            && encoding.rounding() == Rounding.NEAREST_EVEN;
    job.length = inPlace ? LONG : Line.LENGTH;
    // Consecutive rows are one long row, so that short rows cost nothing.
    boolean consecutive = Grid.consecutive(in) && Grid.consecutive(out);
    long rows = consecutive ? Math.min(1, in.rows()) : in.rows();
    long columns = consecutive ? in.rows() * in.columns() : in.columns();
    try {
      job.grid.cut(rows, columns, 1, LONG, workers);
      workers.run(job.grid.parts(), job);
    } finally {
      job.in = NONE;
      job.out = NONE;
      POOL.give(job);
    }
  }

  @Override
  public void run(int part) {
    long columns = grid.columns();
    boolean byChance = encoding.rounding() == Rounding.STOCHASTIC;
    Line line = Line.take(width, in, out);
    try {
      for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
        for (long column = grid.firstColumn(part); column < grid.endColumn(part); ) {
          int count = line.length(length, grid.endColumn(part) - column);
          if (byChance) {
            line.drawFrom(seed, row * columns + column);
          }
          line.convert(row * in.stride(0) + column, encoding, row * out.stride(0) + column, count);
          column += count;
        }
      }
    } finally {
      line.give();
    }
  }
}
