package octavo.kernels.matmul;

import java.util.Arrays;
import java.util.Objects;
import octavo.kernels.math.Activator;
import octavo.kernels.vector.CacheSizes;
import octavo.kernels.vector.ScratchPool;
import octavo.kernels.vector.Width;
import octavo.op.Epilogue;
import octavo.spi.MatmulRequest;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A product by tiles, with its working memory: the loops around {@link Tile}. */
final class TiledProduct {
  /*
   * The result is cut along its longer side into parts, which workers take. The operand of that
   * side, the long one, is packed by the part that needs it and never leaves that core's caches; the
   * other, the short one, is packed once for all parts. In tiles the long operand always has the
   * role of A, whose rows need no weaving (PanelPacker): with more columns than rows the tiles
   * compute the transposed result. Products commute, so that bits do not change, and the rest is up
   * to PartWriter.
   *
   *   blocks of the short side, up to 1024
   *     phases of k: as many chunks as fit SHORT_FLOATS     pack the short operand, in parallel
   *       parts of the long side, in parallel
   *         chunks of k, a multiple of the run length       pack the part's rows: half of L2
   *           a panel of the short operand: three quarters of L1
   *             some rows of the long one: one call of the tile
   *         after the last k: results = epilogue(sums * (endA * endB)), rounded
   *
   * Where one phase takes all of K, a part keeps its sums to itself and there is no barrier but the
   * one after packing; where K is small it is they that limit the rows of a part, to SUM_FLOATS.
   * Otherwise the sums of a block of results, SUM_FLOATS, survive from phase to phase. They are FP32
   * whatever the output; memory rounds nothing: the chain is the written one.
   *
   * Scales of runs that are powers of two, as in MX formats, are multiplied into the elements when
   * these are decoded, if that changes no bit (ScaleFolding). All scales are read for that, which
   * takes less than a hundredth of the time of 4096 x 128 x 4096.
   *
   * Sums lie tile by tile in the order in which tiles are computed. This alone brought a tenth: at
   * a stride of 16 KiB, as it was before, each tile waited for its first lines.
   *
   * Padded rows compute zeros, or NaN where the other operand has NaN or infinity, in lanes of
   * their own; PartWriter leaves them out.
   *
   * The working memory is kept between calls in pools, one for calls and one for parts.
   */

  /** The longest run that fits the panels. */
  static final int MAX_RUN = 4096;

  private static final int BLOCK = 1024;
  private static final int SHORT_FLOATS = 1 << 20;
  private static final int SUM_FLOATS = 1 << 20;

  /** Rows of the short operand that are packed as one part: a multiple of all panels' rows. */
  private static final int PACKED_TOGETHER = 96;

  /** Below so many multiply-adds a call is one part: 20 us of one core. */
  private static final double SMALL = 1 << 20;

  /** The columns of most tiles. */
  private static final int COSTED = 16;

  private static final ScratchPool<TiledProduct> POOL = new ScratchPool<>(TiledProduct::new);

  private final Workers.Part packing = this::packPart;
  private final Workers.Part multiplying = this::multiplyPart;

  private final Source a = new Source();
  private final Source b = new Source();
  private @Nullable Tile tile;
  private @Nullable RowDecoder decoder;
  private @Nullable Activator activator;
  private @Nullable Tensor out;
  private Epilogue epilogue = Epilogue.NONE;
  private int length;

  /** The length if scales are folded into the elements, otherwise 0. */
  private int fold;

  private long depth;

  /** Whether the long side are the rows of the result. */
  private boolean tall;

  private int chunk;
  private int step;
  private boolean onePhase;

  // The block of results that is being computed, and the phase.
  private long longFrom;
  private int longCount;
  private long shortFrom;
  private int shortCount;
  private int shortPadded;
  private long phaseFrom;
  private long phaseTo;

  private float[] shared = new float[0];
  private float[] sharedScales = new float[0];
  private float[] sums = new float[0];

  private TiledProduct() {}

  /**
   * {@return the cost of a product}: the reference's is 100, 1.3 ns per multiply-add on a Zen 3.
   * With {@code s} the shorter side of the result, each number of the longer one takes 0.3 ns to
   * decode, and for each panel of sixteen results 0.38 ns to multiply, or 0.45 with runs.
   *
   * @param tiles the cost of multiplying alone
   * @param request the product
   */
  static double cost(double tiles, MatmulRequest request) {
    double side = Math.max(1, Math.min(request.m(), request.n()));
    return tiles * Math.ceil(side / COSTED) * COSTED / side + 22.0 / side;
  }

  /** Computes a product by the arithmetic of {@link octavo.spi.MatmulKernel}. */
  static void run(Width width, Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
    TiledProduct product = POOL.take();
    try {
      product.a.set(a);
      product.b.set(b);
      product.length = MatmulRequest.blockLength(a.format(), b.format());
      product.compute(width, a.columns(), epilogue, out, workers);
    } finally {
      product.clear();
      POOL.give(product);
    }
  }

  /** As the other, of a packed matrix. */
  static void run(
      Width width, Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out, Workers workers) {
    TiledProduct product = POOL.take();
    try {
      product.a.set(a);
      product.b.set(b);
      product.length = MatmulRequest.blockLength(a.format(), b.format());
      product.compute(width, a.columns(), epilogue, out, workers);
    } finally {
      product.clear();
      POOL.give(product);
    }
  }

  private void clear() {
    a.clear();
    b.clear();
    out = null;
    epilogue = Epilogue.NONE;
  }

  private void compute(
      Width width, long columnsOfOperands, Epilogue finish, Tensor result, Workers workers) {
    Tile chosen = choose(width);
    tile = chosen;
    decoder = RowDecoder.of(width);
    activator = Activator.of(width);
    out = result;
    epilogue = finish;
    depth = columnsOfOperands;
    tall = result.rows() >= result.columns();
    long longSide = tall ? result.rows() : result.columns();
    long shortSide = tall ? result.columns() : result.rows();
    boolean small = (double) longSide * shortSide * depth <= SMALL;
    Workers those = small ? Workers.CALLER : workers;

    CacheSizes caches = CacheSizes.HOST;
    int most = caches.level1() / 4 * 3 / (Float.BYTES * chosen.columns());
    int unit = length == 0 ? 32 : length;
    most = Math.max(unit, most / unit * unit);
    // Chunks of about the same depth.
    long even = Math.ceilDiv(depth, Math.max(1, Math.ceilDiv(depth, (long) most)));
    chunk = Math.clamp(depth, 1, Math.max(1, (int) Math.ceilDiv(even, (long) unit) * unit));
    int block = step(BLOCK, shortSide, chosen.columns());
    int chunks = Math.max(1, SHORT_FLOATS / (block * chunk));
    chunks = Math.clamp(Math.ceilDiv(depth, (long) chunk), 1, chunks);
    onePhase = depth <= (long) chunks * chunk;
    int rows = Math.min(caches.level2() / 2 / Float.BYTES / chunk, SUM_FLOATS / block);
    step = rowsOfPart(rows, longSide, those.parallelism());
    long parts = Math.ceilDiv(Math.max(longSide, 1), (long) step);
    if (!onePhase) {
      long room = (long) SUM_FLOATS * Math.clamp(those.parallelism(), 1, 8);
      parts = Math.clamp(room / ((long) block * step), 1, parts);
    }
    parts = Math.min(parts, Integer.MAX_VALUE / 2 / step);
    reserve(block, chunks, (int) parts);
    for (shortFrom = 0; shortFrom < shortSide; shortFrom += block) {
      shortCount = (int) Math.min(block, shortSide - shortFrom);
      shortPadded = Math.ceilDiv(shortCount, chosen.columns()) * chosen.columns();
      for (longFrom = 0; longFrom < longSide; longFrom += longCount) {
        longCount = (int) Math.min(parts * step, longSide - longFrom);
        phases((long) chunks * chunk, !onePhase || longFrom == 0, those);
      }
    }
  }

  private Tile choose(Width width) {
    fold = 0;
    if (length == 0) {
      return Tile.chains(width);
    }
    Tile folded = Tile.foldedRuns(width);
    boolean whole = length >= width.lanes() && Integer.bitCount(length) == 1;
    if (folded == null || !whole || !ScaleFolding.isExact(a, b, length)) {
      return Tile.runs(width);
    }
    fold = length;
    return folded;
  }

  /** {@return how many rows of the long operand a part has} */
  private int rowsOfPart(int limit, long longSide, int parallelism) {
    long most = limit;
    if (parallelism > 1) {
      // Several parts for each thread, so that none waits long for the last one.
      most = Math.clamp(longSide / (4L * parallelism), Math.min(24, limit), limit);
    }
    return step((int) most, longSide, Objects.requireNonNull(tile).rows());
  }

  /** {@return how far to step: at most {@code limit}, not beyond the dimension, in whole units} */
  private static int step(int limit, long dimension, int unit) {
    int whole = Math.max(limit / unit, 1) * unit;
    return (int) Math.min(whole, Math.ceilDiv(Math.max(dimension, 1), (long) unit) * unit);
  }

  private void reserve(int block, int chunks, int parts) {
    shared = grown(shared, block * chunk * chunks);
    if (length != 0) {
      sharedScales = grown(sharedScales, block * Math.ceilDiv(chunk, length) * chunks);
    }
    if (!onePhase) {
      sums = grown(sums, block * step * parts);
    }
  }

  static float[] grown(float[] array, int size) {
    return array.length >= size ? array : new float[size];
  }

  private void phases(long phase, boolean pack, Workers workers) {
    phaseFrom = 0;
    do {
      phaseTo = Math.min(depth, phaseFrom + phase);
      if (pack) {
        int groups = Math.ceilDiv(shortCount, PACKED_TOGETHER);
        workers.run(groups * Math.ceilDiv((int) (phaseTo - phaseFrom), chunk), packing);
      }
      workers.run(Math.ceilDiv(longCount, step), multiplying);
      phaseFrom = phaseTo;
    } while (phaseFrom < depth);
  }

  /** Packs some rows of the short operand for one chunk. */
  private void packPart(int index) {
    int groups = Math.ceilDiv(shortCount, PACKED_TOGETHER);
    int first = index % groups * PACKED_TOGETHER;
    int count = Math.min(PACKED_TOGETHER, shortCount - first);
    int which = index / groups;
    long k = phaseFrom + (long) which * chunk;
    int d = (int) Math.min(chunk, phaseTo - k);
    Source from = tall ? b : a;
    int panel = Objects.requireNonNull(tile).columns();
    PartScratch scratch = PartScratch.POOL.take();
    try {
      scratch.packer.foldScales(fold);
      scratch.packer.packPanels(
          Objects.requireNonNull(decoder),
          from,
          shortFrom + first,
          count,
          k,
          d,
          panel,
          shared,
          which * shortPadded * chunk + first * d);
      if (length != fold) {
        int runs = Math.ceilDiv(d, length);
        int at = which * shortPadded * Math.ceilDiv(chunk, length) + first * runs;
        PanelPacker.packScales(
            from, shortFrom + first, count, k, runs, length, panel, sharedScales, at);
      }
    } finally {
      PartScratch.POOL.give(scratch);
    }
  }

  /** Computes some rows or columns of the block of results for one phase of k. */
  private void multiplyPart(int index) {
    Tile its = Objects.requireNonNull(tile);
    int first = index * step;
    int count = Math.min(step, longCount - first);
    int padded = Math.ceilDiv(count, its.rows()) * its.rows();
    PartScratch scratch = PartScratch.POOL.take();
    try {
      scratch.reserve(padded, chunk, length, onePhase ? padded * shortPadded : 0);
      float[] acc = onePhase ? scratch.sums : sums;
      int accAt = onePhase ? 0 : first * shortPadded;
      if (phaseFrom == 0) {
        Arrays.fill(acc, accAt, accAt + padded * shortPadded, 0.0f);
      }
      int which = 0;
      for (long k = phaseFrom; k < phaseTo; k += chunk) {
        int d = (int) Math.min(chunk, phaseTo - k);
        pack(its, scratch, longFrom + first, count, padded, k, d);
        tiles(its, d, scratch, padded, which, acc, accAt);
        which++;
      }
      if (phaseTo == depth) {
        write(its, scratch, acc, accAt, first, count, padded);
      }
    } finally {
      PartScratch.POOL.give(scratch);
    }
  }

  /** Packs the rows of a part for one chunk. */
  private void pack(Tile its, PartScratch scratch, long row, int count, int padded, long k, int d) {
    Source from = tall ? a : b;
    RowDecoder lanes = Objects.requireNonNull(decoder);
    int stride = PanelPacker.stride(d);
    scratch.packer.foldScales(fold);
    scratch.packer.packRows(lanes, from, row, count, padded, k, d, stride, scratch.rows);
    if (length != fold) {
      int runs = Math.ceilDiv(d, length);
      PanelPacker.packScales(from, row, count, k, runs, length, its.rows(), scratch.scales, 0);
    }
  }

  private void tiles(
      Tile its, int d, PartScratch scratch, int padded, int which, float[] acc, int accAt) {
    int rows = its.rows();
    int columns = its.columns();
    int stride = PanelPacker.stride(d);
    int runs = length == 0 ? 0 : Math.ceilDiv(d, length);
    int sharedAt = which * shortPadded * chunk;
    int scalesAt = length == 0 ? 0 : which * shortPadded * Math.ceilDiv(chunk, length);
    int at = accAt;
    for (int jp = 0; jp < shortPadded; jp += columns) {
      for (int ip = 0; ip < padded; ip += rows) {
        its.multiply(
            length,
            d,
            scratch.rows,
            ip * stride,
            stride,
            scratch.scales,
            ip * runs,
            shared,
            sharedAt + jp * d,
            sharedScales,
            scalesAt + jp * runs,
            acc,
            at);
        at += rows * columns;
      }
    }
  }

  private void write(
      Tile its, PartScratch scratch, float[] acc, int accAt, int first, int count, int padded) {
    PartWriter writer = scratch.writer;
    int columns = its.columns();
    int apart = padded * columns;
    Tensor result = Objects.requireNonNull(out);
    Activator lanes = Objects.requireNonNull(activator);
    if (tall) {
      writer.begin(lanes, a, b, epilogue, result, shortFrom, shortCount);
      for (int r = 0; r < count; r++) {
        writer.along(its, acc, accAt + r * columns, apart);
        writer.finish(longFrom + first + r);
      }
    } else {
      writer.begin(lanes, a, b, epilogue, result, longFrom + first, count);
      for (int r = 0; r < shortCount; r++) {
        writer.across(acc, accAt + r / columns * apart + r % columns, columns);
        writer.finish(shortFrom + r);
      }
    }
    writer.end();
  }

  /** The working memory of a part. */
  private static final class PartScratch {

    static final ScratchPool<PartScratch> POOL = new ScratchPool<>(PartScratch::new);

    final PanelPacker packer = new PanelPacker();
    final PartWriter writer = new PartWriter();
    float[] rows = new float[0];
    float[] scales = new float[0];
    float[] sums = new float[0];

    void reserve(int padded, int chunk, int length, int results) {
      rows = grown(rows, padded * PanelPacker.stride(chunk));
      if (length != 0) {
        scales = grown(scales, padded * Math.ceilDiv(chunk, length));
      }
      sums = grown(sums, results);
    }
  }
}
