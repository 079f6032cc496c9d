package octavo.kernels.quantize;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import octavo.format.BlockFormat;
import octavo.format.BlockScaling;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.kernels.codec.Grid;
import octavo.kernels.scalar.NumberLine;
import octavo.kernels.vector.ScratchPool;
import octavo.spi.Host;
import octavo.spi.KernelId;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * Quantizes to every block format in plain loops over arrays: the rows of a band of blocks are read
 * twice, first for the largest magnitudes of its blocks, then for their elements.
 */
public final class QuantizeScalar implements QuantizeKernel {

  private static final int MAX_BLOCKS = 1 << 26;

  private static final Tensor NO_TENSOR = Tensor.allocateHeap(Formats.FP32, 0);
  private static final Tensor NO_BLOCKS = Tensor.allocateHeap(Formats.MXFP4, 0);
  private static final ScratchPool<Job> POOL = new ScratchPool<>(Job::new);
  private static final ScratchPool<Factors> FACTORS = new ScratchPool<>(Factors::new);

  /** Largest magnitudes of a band's blocks, then the factors of their elements. */
  private static final class Factors {
    private float[] values = new float[0];
  }

  /** Makes the kernel. */
  public QuantizeScalar() {}

  @Override
  public KernelId id() {
    return new KernelId("scalar", "quantize", "");
  }

  @Override
  public Verdict consider(QuantizeRequest request, Host host) {
    BlockFormat format = (BlockFormat) request.out().format();
    long blocks = format.scaleColumns(request.in().columns());
    if (blocks > MAX_BLOCKS) {
      return new Verdict.Rejected(
          "rows of %d blocks are longer than %d".formatted(blocks, MAX_BLOCKS));
    }
    return new Verdict.Eligible(45, "plain loops");
  }

  @Override
  public void run(
      Tensor in, Tensor out, ScaleRule scaleRule, Rounding rounding, long seed, Workers workers) {
    Job job = POOL.take();
    job.in = in;
    job.out = out;
    job.rule = scaleRule;
    job.rounding = rounding;
    job.seed = seed;
    try {
      job.run(workers);
    } finally {
      job.in = NO_TENSOR;
      job.out = NO_BLOCKS;
      POOL.give(job);
    }
  }

  /** One call, cut into parts. */
  private static final class Job implements Workers.Part {
    private final Grid grid = new Grid();
    private final AtomicInteger largest = new AtomicInteger();
    private Tensor in = NO_TENSOR;
    private Tensor out = NO_BLOCKS;
    private ScaleRule rule = ScaleRule.OCP_FLOOR;
    private Rounding rounding = Rounding.NEAREST_EVEN;
    private long seed;
    private float tensorScale;
    private boolean measuring;

    private void run(Workers workers) {
      BlockFormat format = (BlockFormat) out.format();
      tensorScale = 1.0f;
      if (format.tensorScale()) {
        measuring = true;
        largest.set(0);
        grid.cut(in.rows(), in.columns(), 1, NumberLine.LENGTH, workers);
        workers.run(grid.parts(), this);
        tensorScale = BlockScaling.tensorScale(format, Float.intBitsToFloat(largest.get()));
        out.setTensorScale(tensorScale);
      }
      measuring = false;
      // Rows of the grid are bands of blocks.
      long bands = out.scales().matrix().rows();
      long elements = bandRows(format) * in.columns();
      grid.cut(bands, elements, 1, Long.MAX_VALUE, workers);
      workers.run(grid.parts(), this);
    }

    private long bandRows(BlockFormat format) {
      return format.blockRows() == BlockFormat.WHOLE ? in.rows() : format.blockRows();
    }

    @Override
    public void run(int part) {
      NumberLine line = NumberLine.take();
      Factors factors = FACTORS.take();
      try {
        if (measuring) {
          float amax = finiteAmax(part, line);
          // Magnitudes are ordered as their bits are.
          largest.accumulateAndGet(Float.floatToRawIntBits(amax), Math::max);
        } else {
          bands(part, line, factors);
        }
      } finally {
        FACTORS.give(factors);
        line.give();
      }
    }

    private void bands(int part, NumberLine line, Factors factors) {
      BlockFormat format = (BlockFormat) out.format();
      line.aim(format.element(), rounding, Overflow.SATURATE);
      Tensor scales = out.scales().matrix();
      int blocks = (int) scales.columns();
      if (factors.values.length < blocks) {
        factors.values = new float[blocks];
      }
      float[] values = factors.values;
      long bandRows = bandRows(format);
      for (long band = grid.firstRow(part); band < grid.endRow(part); band++) {
        long from = band * bandRows;
        long to = Math.min(in.rows(), from + bandRows);
        Arrays.fill(values, 0, blocks, 0.0f);
        measure(in, from, to, format, line, values);
        for (int b = 0; b < blocks; b++) {
          int code = BlockScaling.scaleCode(format, rule, values[b], tensorScale);
          values[b] = BlockScaling.factor(format, code, tensorScale);
          long at = band * scales.stride(0) + b * scales.stride(1);
          Codes.set(scales.data(), scales.element(), at, code);
        }
        encode(in, from, to, format, line, values, seed, out);
      }
    }

    private float finiteAmax(int part, NumberLine line) {
      float amax = 0;
      long end = grid.endColumn(part);
      for (long row = grid.firstRow(part); row < grid.endRow(part); row++) {
        for (long column = grid.firstColumn(part); column < end; column += NumberLine.LENGTH) {
          int count = (int) Math.min(NumberLine.LENGTH, end - column);
          line.read(in, row, column, count);
          float[] numbers = line.numbers();
          for (int i = 0; i < count; i++) {
            float magnitude = Math.abs(numbers[i]);
            amax = magnitude <= Float.MAX_VALUE ? Math.max(amax, magnitude) : amax;
          }
        }
      }
      return amax;
    }
  }

  private static void measure(
      Tensor in, long from, long to, BlockFormat format, NumberLine line, float[] largest) {
    long width = width(in, format);
    for (long row = from; row < to; row++) {
      for (long column = 0; column < in.columns(); column += NumberLine.LENGTH) {
        int count = (int) Math.min(NumberLine.LENGTH, in.columns() - column);
        line.read(in, row, column, count);
        for (int i = 0; i < count; ) {
          int block = (int) ((column + i) / width);
          int end = (int) Math.min(count, (block + 1) * width - column);
          largest[block] = largest(line.numbers(), i, end, largest[block]);
          i = end;
        }
      }
    }
  }

  private static void encode(
      Tensor in,
      long from,
      long to,
      BlockFormat format,
      NumberLine line,
      float[] factors,
      long seed,
      Tensor out) {
    long width = width(in, format);
    boolean divides = BlockScaling.divides(format);
    for (long row = from; row < to; row++) {
      for (long column = 0; column < in.columns(); column += NumberLine.LENGTH) {
        int count = (int) Math.min(NumberLine.LENGTH, in.columns() - column);
        line.read(in, row, column, count);
        for (int i = 0; i < count; ) {
          int block = (int) ((column + i) / width);
          int end = (int) Math.min(count, (block + 1) * width - column);
          if (divides) {
            divide(line.numbers(), i, end, factors[block]);
          } else {
            multiply(line.numbers(), i, end, factors[block]);
          }
          i = end;
        }
        line.encode(seed, row * in.columns() + column, count);
        line.write(out, row, column, count);
      }
    }
  }

  private static long width(Tensor in, BlockFormat format) {
    return format.blockColumns() == BlockFormat.WHOLE
        ? Math.max(in.columns(), 1)
        : format.blockColumns();
  }

  // ---- leaves: one loop each

  private static float largest(float[] numbers, int from, int to, float start) {
    float largest = start;
    for (int i = from; i < to; i++) {
      largest = Math.max(largest, Math.abs(numbers[i]));
    }
    return largest;
  }

  private static void multiply(float[] numbers, int from, int to, float factor) {
    for (int i = from; i < to; i++) {
      numbers[i] *= factor;
    }
  }

  private static void divide(float[] numbers, int from, int to, float divisor) {
    for (int i = from; i < to; i++) {
      numbers[i] /= divisor;
    }
  }
}
