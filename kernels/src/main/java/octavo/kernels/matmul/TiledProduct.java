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
   * The result is cut along its longer side into parts, and workers take them. One operand, that of
   * the shorter side, is packed for all parts and shared; the other is packed by the part that needs
   * it and never leaves that core's caches. So each operand is packed once, up to sizes where the
   * shared side is cut into blocks itself. With more columns than rows, roles are exchanged: a part
   * has columns and packs B.
   *
   *   blocks of the shared side, up to 1024
   *     phases of k: as many chunks as fit SHARED_FLOATS     pack the shared operand, in parallel
   *       parts of the other side, in parallel
   *         chunks of k, a multiple of the run length        pack the part's own operand
   *           blocks of A that fit half of L2
   *             a panel of B, fits three quarters of L1
   *               a panel of A: one call of the tile
   *         after the last k: results = epilogue(sums * (endA * endB)), rounded
   *
   * Where one phase takes all of K, a part keeps its sums to itself and there is no barrier but the
   * one after packing. Otherwise the sums of a block of results, SUM_FLOATS, survive from phase to
   * phase. They are FP32 whatever the output; memory rounds nothing: the chain is the written one.
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
  private static final int SHARED_FLOATS = 1 << 20;
  private static final int SUM_FLOATS = 1 << 20;
  private static final int COLUMNS_OF_PART = 128;

  /** Rows of the shared operand that are packed as one part. */
  private static final int PACKED_TOGETHER = 128;

  /** Below so many multiply-adds a call is one part: 20 to 40 us of one core. */
  private static final double SMALL = 1 << 20;

  private static final ScratchPool<TiledProduct> POOL = new ScratchPool<>(TiledProduct::new);

  private final Workers.Part packing = this::packPart;
  private final Workers.Part multiplying = this::multiplyPart;

  final Source a = new Source();
  final Source b = new Source();
  private @Nullable Tile tile;
  private @Nullable Activator activator;
  private @Nullable Tensor out;
  private Epilogue epilogue = Epilogue.NONE;
  private int length;

  // The block of results that is being computed, and how it is cut. `byRows`: parts are rows.
  private boolean byRows;
  private long blockRow;
  private long blockColumn;
  private int height;
  private int width;
  private int step;
  private int inner;
  private boolean onePhase;

  // The phase.
  private long depth;
  private int chunk;
  private long phaseFrom;
  private long phaseTo;

  private float[] shared = new float[0];
  private float[] sharedScales = new float[0];
  private float[] sums = new float[0];

  private TiledProduct() {}

  /**
   * {@return the cost of a product}, in units of a hundredth of the reference's time with many rows
   *
   * @param tiles the cost of the tiles' part
   * @param m the rows of the result, over which packing B spreads
   */
  static double cost(double tiles, long m) {
    return tiles + 35.0 / Math.max(m, 1);
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
    tile = null;
    out = null;
    epilogue = Epilogue.NONE;
  }

  private void compute(
      Width lanes, long columnsOfOperands, Epilogue finish, Tensor result, Workers workers) {
    Tile chosen = length == 0 ? Tile.chains(lanes) : Tile.runs(lanes);
    tile = chosen;
    activator = Activator.of(lanes);
    out = result;
    epilogue = finish;
    depth = columnsOfOperands;
    long m = result.rows();
    long n = result.columns();
    CacheSizes caches = CacheSizes.HOST;
    int most = caches.level1() / 4 * 3 / (Float.BYTES * chosen.columns());
    chunk = length == 0 ? most / 32 * 32 : length * Math.max(1, most / length);
    chunk = Math.clamp(depth, 1, chunk);
    inner = step(caches.level2() / 2 / Float.BYTES / chunk, m, chosen.rows());
    byRows = m >= n;
    boolean small = (double) m * n * depth <= SMALL;
    Workers those = small ? Workers.CALLER : workers;
    int blockOfShared = step(BLOCK, byRows ? n : m, byRows ? chosen.columns() : chosen.rows());
    int chunks = Math.max(1, SHARED_FLOATS / (blockOfShared * chunk));
    onePhase = depth <= (long) chunks * chunk;
    cut(byRows ? m : n, small, those.parallelism());
    int others = othersOfBlock(blockOfShared, byRows ? m : n, those.parallelism());
    reserve(blockOfShared, (int) Math.min(chunks, Math.max(1, Math.ceilDiv(depth, chunk))), others);
    for (long s = 0; s < (byRows ? n : m); s += blockOfShared) {
      for (long o = 0; o < (byRows ? m : n); o += others) {
        blockRow = byRows ? o : s;
        blockColumn = byRows ? s : o;
        height = (int) Math.min(byRows ? others : blockOfShared, m - blockRow);
        width = (int) Math.min(byRows ? blockOfShared : others, n - blockColumn);
        phases(chunks, o == 0, those);
      }
    }
  }

  /** Chooses the rows or columns of a part. */
  private void cut(long others, boolean small, int parallelism) {
    Tile its = Objects.requireNonNull(tile);
    int unit = byRows ? its.rows() : its.columns();
    long limit = byRows ? inner : Math.max(COLUMNS_OF_PART, unit);
    if (small) {
      limit = BLOCK;
    } else if (parallelism > 1) {
      // Several parts for each thread, so that none waits long for the last one.
      limit = Math.clamp(others / (4L * parallelism), Math.min(32, limit), limit);
    }
    step = step((int) limit, others, unit);
    inner = byRows ? Math.max(inner, step) : inner;
  }

  /** {@return how far a block of results reaches along its parts}, whole parts */
  private int othersOfBlock(int blockOfShared, long others, int parallelism) {
    if (onePhase) {
      return (int)
          Math.min(
              (long) Integer.MAX_VALUE / 2 / step * step, Math.ceilDiv(others, (long) step) * step);
    }
    long sumsOfPart = (long) blockOfShared * step;
    long parts = (long) SUM_FLOATS * Math.clamp(parallelism, 1, 8) / sumsOfPart;
    return (int) Math.clamp(parts * step, step, Math.ceilDiv(others, (long) step) * step);
  }

  /** {@return how far to step: at most {@code limit}, not beyond the dimension, in whole units} */
  private static int step(int limit, long dimension, int unit) {
    int whole = Math.max(limit / unit, 1) * unit;
    return (int) Math.min(whole, Math.ceilDiv(Math.max(dimension, 1), (long) unit) * unit);
  }

  private void reserve(int blockOfShared, int chunks, int others) {
    shared = grown(shared, blockOfShared * chunk * chunks);
    if (length != 0) {
      sharedScales = grown(sharedScales, blockOfShared * Math.ceilDiv(chunk, length) * chunks);
    }
    if (!onePhase) {
      sums = grown(sums, blockOfShared * others);
    }
  }

  static float[] grown(float[] array, int size) {
    return array.length >= size ? array : new float[size];
  }

  private void phases(int chunks, boolean first, Workers workers) {
    long phase = (long) chunks * chunk;
    int parts = Math.ceilDiv(byRows ? height : width, step);
    phaseFrom = 0;
    do {
      phaseTo = Math.min(depth, phaseFrom + phase);
      if (!onePhase || first) {
        int groups = Math.ceilDiv(byRows ? width : height, packedTogether());
        workers.run(groups * Math.ceilDiv((int) (phaseTo - phaseFrom), chunk), packing);
      }
      workers.run(parts, multiplying);
      phaseFrom = phaseTo;
    } while (phaseFrom < depth);
  }

  private int packedTogether() {
    Tile its = Objects.requireNonNull(tile);
    int unit = byRows ? its.columns() : its.rows();
    return PACKED_TOGETHER / unit * unit;
  }

  /** Packs some rows of the shared operand for one chunk. */
  private void packPart(int index) {
    int side = byRows ? width : height;
    int groups = Math.ceilDiv(side, packedTogether());
    int first = index % groups * packedTogether();
    int count = Math.min(packedTogether(), side - first);
    PartScratch scratch = PartScratch.POOL.take();
    try {
      int which = index / groups;
      long k = phaseFrom + (long) which * chunk;
      Source from = byRows ? b : a;
      long row = (byRows ? blockColumn : blockRow) + first;
      int unit = unit(byRows);
      int padded = Math.ceilDiv(side, unit) * unit;
      int d = (int) Math.min(chunk, phaseTo - k);
      int at = which * padded * chunk + first * d;
      scratch.packer.pack(from, row, count, k, d, unit, shared, at);
      if (length != 0) {
        int runs = Math.ceilDiv(d, length);
        int scalesAt = which * padded * Math.ceilDiv(chunk, length) + first * runs;
        PanelPacker.packScales(from, row, count, k, runs, length, unit, sharedScales, scalesAt);
      }
    } finally {
      PartScratch.POOL.give(scratch);
    }
  }

  private int unit(boolean columns) {
    Tile its = Objects.requireNonNull(tile);
    return columns ? its.columns() : its.rows();
  }

  /** Computes some rows or columns of the block of results for one phase of k. */
  private void multiplyPart(int index) {
    PartScratch scratch = PartScratch.POOL.take();
    try {
      int from = index * step;
      int count = Math.min(step, (byRows ? height : width) - from);
      int sharedPadded = Math.ceilDiv(byRows ? width : height, unit(byRows)) * unit(byRows);
      int ownPadded = Math.ceilDiv(count, unit(!byRows)) * unit(!byRows);
      scratch.reserve(ownPadded, chunk, length, onePhase ? ownPadded * sharedPadded : 0);
      float[] acc = onePhase ? scratch.sums : sums;
      int accAt = onePhase ? 0 : from * sharedPadded;
      if (phaseFrom == 0) {
        Arrays.fill(acc, accAt, accAt + ownPadded * sharedPadded, 0.0f);
      }
      int which = 0;
      for (long k = phaseFrom; k < phaseTo; k += chunk) {
        int d = (int) Math.min(chunk, phaseTo - k);
        int runs = length == 0 ? 0 : Math.ceilDiv(d, length);
        Source own = byRows ? a : b;
        long row = (byRows ? blockRow : blockColumn) + from;
        scratch.packer.pack(own, row, count, k, d, unit(!byRows), scratch.panels, 0);
        if (length != 0) {
          PanelPacker.packScales(
              own, row, count, k, runs, length, unit(!byRows), scratch.scales, 0);
        }
        int sharedAt = which * sharedPadded * chunk;
        int scalesAt = length == 0 ? 0 : which * sharedPadded * Math.ceilDiv(chunk, length);
        if (byRows) {
          tiles(
              d,
              runs,
              ownPadded,
              sharedPadded,
              scratch.panels,
              0,
              scratch.scales,
              0,
              shared,
              sharedAt,
              sharedScales,
              scalesAt,
              acc,
              accAt);
        } else {
          tiles(
              d,
              runs,
              sharedPadded,
              ownPadded,
              shared,
              sharedAt,
              sharedScales,
              scalesAt,
              scratch.panels,
              0,
              scratch.scales,
              0,
              acc,
              accAt);
        }
        which++;
      }
      if (phaseTo == depth) {
        write(scratch, acc, accAt, from, count);
      }
    } finally {
      PartScratch.POOL.give(scratch);
    }
  }

  private void tiles(
      int d,
      int runs,
      int rowsOfA,
      int rowsOfB,
      float[] panelsA,
      int aAt,
      float[] scalesA,
      int scalesAAt,
      float[] panelsB,
      int bAt,
      float[] scalesB,
      int scalesBAt,
      float[] acc,
      int accAt) {
    Tile its = Objects.requireNonNull(tile);
    int rows = its.rows();
    int columns = its.columns();
    int at = accAt;
    for (int i = 0; i < rowsOfA; i += inner) {
      int end = Math.min(rowsOfA, i + inner);
      for (int jp = 0; jp < rowsOfB; jp += columns) {
        for (int ip = i; ip < end; ip += rows) {
          its.multiply(
              length,
              d,
              panelsA,
              aAt + ip * d,
              scalesA,
              scalesAAt + ip * runs,
              panelsB,
              bAt + jp * d,
              scalesB,
              scalesBAt + jp * runs,
              acc,
              at);
          at += rows * columns;
        }
      }
    }
  }

  private void write(PartScratch scratch, float[] acc, int accAt, int from, int count) {
    Tile its = Objects.requireNonNull(tile);
    long row = byRows ? blockRow + from : blockRow;
    long column = byRows ? blockColumn : blockColumn + from;
    int h = byRows ? count : height;
    int w = byRows ? width : count;
    Tensor result = Objects.requireNonNull(out);
    scratch.writer.begin(activator, a, b, epilogue, result, column, w);
    int paddedHeight = Math.ceilDiv(h, its.rows()) * its.rows();
    int panels = Math.ceilDiv(w, its.columns());
    for (int r = 0; r < h; r++) {
      int block = r / inner * inner;
      int rowsOfBlock = Math.min(inner, paddedHeight - block);
      int tilesFrom = accAt + block * panels * its.columns();
      int inBlock = r - block;
      int first = tilesFrom + inBlock / its.rows() * its.rows() * its.columns();
      int at = first + inBlock % its.rows() * its.columns();
      scratch.writer.row(acc, at, rowsOfBlock * its.columns(), its.columns(), row + r);
    }
    scratch.writer.end();
  }

  /** The working memory of a part. */
  private static final class PartScratch {

    static final ScratchPool<PartScratch> POOL = new ScratchPool<>(PartScratch::new);

    final PanelPacker packer = new PanelPacker();
    final PartWriter writer = new PartWriter();
    float[] panels = new float[0];
    float[] scales = new float[0];
    float[] sums = new float[0];

    void reserve(int rows, int chunk, int length, int results) {
      panels = grown(panels, rows * chunk);
      if (length != 0) {
        scales = grown(scales, rows * Math.ceilDiv(chunk, length));
      }
      sums = grown(sums, results);
    }
  }
}
