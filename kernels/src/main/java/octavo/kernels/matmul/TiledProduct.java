package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import octavo.format.Formats;
import octavo.kernels.vector.ScratchPool;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.spi.MatmulRequest;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** A product by tiles, with its working memory: the loops around {@link Tile}. */
final class TiledProduct {
  /*
   * Loops, outermost first (BLIS's, with the sums in a block of their own):
   *
   *   j   results' columns, up to 1024     end factors of B, bias
   *   i   results' rows, so many that their sums fill at most 4 MiB
   *         sums = 0
   *   k     256 at a time, a multiple of the run length     pack B: 1 MiB
   *   ii      256 rows                                      pack A: 256 KiB, stays in L2
   *   jp        a panel of B, stays in L1 (16 or 32 KiB)
   *   ip          a panel of A: one call of the tile
   *         results = sums * (endA * endB) + bias, rounded to the output's format
   *
   * Each number of A is decoded once per 1024 columns and each of B once per block of rows, 1024
   * where N is large: a few percent of the time. At M = N = K = 512 with packing, on a Xeon whose
   * tile alone reaches 175 (512 bits) and 95 GFLOP/s (AVX2): E4M3FN and FP32 136 and 84-90, BF16
   * 145 and 92, MXFP8 112 and 67, NVFP4 95 and 58.
   *
   * Where M is small, packing B is nearly all of the time: 1.2 Gelem/s, one row, 2048 x 2048
   * weights. Other blockings (64 columns, 2048 k) moved that by less than the noise. The remedy is
   * weights that are packed once, or a native kernel; cost() of the kernels says so.
   *
   * Sums lie tile by tile, so that a tile's sums are consecutive. They are FP32 whatever the
   * output, and go to memory between chunks of k, which rounds nothing: the chain is the written
   * one.
   *
   * Padded rows compute zeros, or NaN where the other operand has NaN or infinity, in lanes of
   * their own; write() leaves them out.
   *
   * The working memory is kept between calls in a ScratchPool.
   */

  /** The longest run that fits the panels. */
  static final int MAX_RUN = 4096;

  private static final int CHUNK = 256;
  private static final int COLUMNS = 1024;
  private static final int A_FLOATS = 1 << 16;
  private static final int B_FLOATS = 1 << 18;
  private static final int SUM_FLOATS = 1 << 20;

  private static final ScratchPool<TiledProduct> POOL = new ScratchPool<>(TiledProduct::new);

  private final PanelPacker packer = new PanelPacker();
  private float[] panelsA = new float[0];
  private float[] panelsB = new float[0];
  private float[] scalesA = new float[0];
  private float[] scalesB = new float[0];
  private float[] sums = new float[0];
  private float[] endB = new float[0];
  private float[] biases = new float[0];
  private float[] line = new float[0];
  private short[] shortLine = new short[0];

  private TiledProduct() {}

  /**
   * {@return the cost of a product}: measured 50 to 70 times faster than the reference with many
   * rows, 17 times with 16, 2.5 times with one
   *
   * @param tiles the cost of the tiles' part
   * @param m the rows of the result, over which packing B spreads
   */
  static double cost(double tiles, long m) {
    return tiles + 35.0 / Math.max(m, 1);
  }

  /** Computes a product by the arithmetic of {@link octavo.spi.MatmulKernel}. */
  static void run(Tile tile, Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    TiledProduct product = POOL.take();
    try {
      product.compute(tile, a, b, epilogue, out);
    } finally {
      POOL.give(product);
    }
  }

  private void compute(Tile tile, Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    long m = a.rows();
    long n = b.rows();
    int length = MatmulRequest.blockLength(a.format(), b.format());
    int chunk = length == 0 ? CHUNK : length * Math.max(1, CHUNK / length);
    chunk = (int) Math.min(chunk, Math.max(a.columns(), 1));
    int columns = step(Math.min(COLUMNS, B_FLOATS / chunk), n, tile.columns());
    int inner = step(A_FLOATS / chunk, m, tile.rows());
    int rows = step(SUM_FLOATS / columns / inner * inner, m, inner);
    reserve(chunk, length, columns, inner, rows);
    for (long j = 0; j < n; j += columns) {
      int width = (int) Math.min(columns, n - j);
      for (int c = 0; c < width; c++) {
        endB[c] = PanelPacker.endFactor(b, j + c);
      }
      Tensor bias = epilogue.bias();
      if (bias != null) {
        MemorySegment.copy(bias.data(), Codes.FLOAT, j * Float.BYTES, biases, 0, width);
      }
      for (long i = 0; i < m; i += rows) {
        int height = (int) Math.min(rows, m - i);
        sum(tile, length, chunk, inner, a, i, height, b, j, width);
        write(tile, a, i, height, j, width, epilogue, out);
      }
    }
  }

  /** {@return how far to step: at most {@code limit}, not beyond the dimension, in whole units} */
  private static int step(int limit, long dimension, int unit) {
    int whole = Math.max(limit / unit, 1) * unit;
    return (int) Math.min(whole, Math.ceilDiv(Math.max(dimension, 1), (long) unit) * unit);
  }

  private void reserve(int chunk, int length, int columns, int inner, int rows) {
    panelsA = grown(panelsA, inner * chunk);
    panelsB = grown(panelsB, columns * chunk);
    if (length != 0) {
      int runs = Math.ceilDiv(chunk, length);
      scalesA = grown(scalesA, inner * runs);
      scalesB = grown(scalesB, columns * runs);
    }
    sums = grown(sums, rows * columns);
    endB = grown(endB, columns);
    biases = grown(biases, columns);
    line = grown(line, columns);
    shortLine = shortLine.length < columns ? new short[columns] : shortLine;
  }

  private static float[] grown(float[] array, int size) {
    return array.length >= size ? array : new float[size];
  }

  /** Computes the sums of a block of results. */
  private void sum(
      Tile tile,
      int length,
      int chunk,
      int inner,
      Tensor a,
      long i,
      int height,
      Tensor b,
      long j,
      int width) {
    int panels = Math.ceilDiv(width, tile.columns());
    int heightPanels = Math.ceilDiv(height, tile.rows());
    Arrays.fill(sums, 0, heightPanels * tile.rows() * panels * tile.columns(), 0.0f);
    for (long k = 0; k < a.columns(); k += chunk) {
      int depth = (int) Math.min(chunk, a.columns() - k);
      int runs = length == 0 ? 0 : Math.ceilDiv(depth, length);
      packer.pack(b, j, width, k, depth, tile.columns(), panelsB);
      if (length != 0) {
        PanelPacker.packScales(b, j, width, k, runs, length, tile.columns(), scalesB);
      }
      for (int ii = 0; ii < height; ii += inner) {
        int part = Math.min(inner, height - ii);
        packer.pack(a, i + ii, part, k, depth, tile.rows(), panelsA);
        if (length != 0) {
          PanelPacker.packScales(a, i + ii, part, k, runs, length, tile.rows(), scalesA);
        }
        tiles(tile, length, depth, runs, ii / tile.rows(), Math.ceilDiv(part, tile.rows()), panels);
      }
    }
  }

  private void tiles(
      Tile tile, int length, int depth, int runs, int firstPanel, int panelsOfA, int panelsOfB) {
    int rows = tile.rows();
    int columns = tile.columns();
    for (int jp = 0; jp < panelsOfB; jp++) {
      for (int ip = 0; ip < panelsOfA; ip++) {
        int at = ((firstPanel + ip) * panelsOfB + jp) * rows * columns;
        int aAt = ip * rows * depth;
        int bAt = jp * columns * depth;
        if (length == 0) {
          tile.chain(depth, panelsA, aAt, panelsB, bAt, sums, at);
        } else {
          int sa = ip * rows * runs;
          int sb = jp * columns * runs;
          tile.runs(length, depth, panelsA, aAt, scalesA, sa, panelsB, bAt, scalesB, sb, sums, at);
        }
      }
    }
  }

  /** Finishes a block of results and writes them. */
  private void write(
      Tile tile, Tensor a, long i, int height, long j, int width, Epilogue epilogue, Tensor out) {
    int panels = Math.ceilDiv(width, tile.columns());
    for (int r = 0; r < height; r++) {
      float endA = PanelPacker.endFactor(a, i + r);
      for (int jp = 0; jp < panels; jp++) {
        int at = (r / tile.rows() * panels + jp) * tile.rows() * tile.columns();
        int from = jp * tile.columns();
        int count = Math.min(tile.columns(), width - from);
        scale(sums, at + r % tile.rows() * tile.columns(), endA, endB, line, from, count);
      }
      finish(epilogue, i + r, j, width);
      store(out, i + r, j, width);
    }
  }

  private void finish(Epilogue epilogue, long row, long column, int width) {
    if (epilogue.scale() != 1.0f) {
      multiply(line, epilogue.scale(), width);
    }
    if (epilogue.bias() != null) {
      add(line, biases, width);
    }
    if (epilogue.activation() != Activation.NONE) {
      for (int c = 0; c < width; c++) {
        line[c] = epilogue.activation().apply(line[c]);
      }
    }
    Tensor residual = epilogue.residual();
    if (residual != null) {
      long at = row * residual.stride(0) + column * residual.stride(1);
      for (int c = 0; c < width; c++) {
        int code = Codes.get(residual.data(), residual.element(), at + c * residual.stride(1));
        line[c] += residual.element().decode(code);
      }
    }
  }

  private void store(Tensor out, long row, long column, int width) {
    long at = row * out.stride(0) + column * out.stride(1);
    boolean bf16 = out.format().equals(Formats.BF16);
    if (bf16) {
      toBf16(line, shortLine, width);
    }
    if (!out.unitColumnStride()) {
      for (int c = 0; c < width; c++) {
        int code = bf16 ? shortLine[c] : Float.floatToRawIntBits(line[c]);
        Codes.set(out.data(), out.element(), at + c * out.stride(1), code);
      }
    } else if (bf16) {
      MemorySegment.copy(shortLine, 0, out.data(), Codes.SHORT, at * Short.BYTES, width);
    } else {
      MemorySegment.copy(line, 0, out.data(), Codes.FLOAT, at * Float.BYTES, width);
    }
  }

  // ---- leaves: one loop each

  private static void scale(
      float[] sums, int at, float endA, float[] endB, float[] line, int from, int count) {
    for (int c = 0; c < count; c++) {
      line[from + c] = sums[at + c] * (endA * endB[from + c]);
    }
  }

  private static void multiply(float[] line, float factor, int count) {
    for (int c = 0; c < count; c++) {
      line[c] *= factor;
    }
  }

  private static void add(float[] line, float[] biases, int count) {
    for (int c = 0; c < count; c++) {
      line[c] += biases[c];
    }
  }

  /**
   * Nearest even: a carry out of the mantissa reaches the exponent, out of the largest infinity.
   */
  static void toBf16(float[] line, short[] codes, int count) {
    for (int c = 0; c < count; c++) {
      int bits = Float.floatToRawIntBits(line[c]);
      int rounded = (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
      boolean nan = (bits & 0x7FFF_FFFF) > 0x7F80_0000;
      codes[c] = (short) (nan ? ((bits >>> 16) & 0x8000) | 0x7FC0 : rounded);
    }
  }
}
