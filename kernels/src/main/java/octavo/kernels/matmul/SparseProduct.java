package octavo.kernels.matmul;

import java.util.Arrays;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Sparsity;
import octavo.kernels.vector.ScratchPool;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A sparse product by blocks of results, each a part: the loops around {@link SparseTile}. */
final class SparseProduct implements Workers.Part {
  /*
   * A block is up to 256 rows of A by 256 rows of B. For it, loops from the outside:
   *
   *   k     a chunk of whole groups, about 192 columns: a panel of A is 24 KiB and stays in L1
   *           decode the kept elements of B's rows: value, and where its column begins in a panel
   *           pack A's rows, a panel of lanes after the other
   *   ip    a panel of A
   *   j       two rows of B: one call of the tile
   *
   * An element of A is packed once per 256 rows of B and one of B decoded once per 256 rows of A.
   * Sums lie in memory between chunks, panel by panel, row of B by row of B; that rounds nothing. An
   * odd last row of B is computed twice, the second time into sums that nobody reads.
   */

  private static final int BLOCK = 256;
  private static final int CHUNK = 192;

  private static final ScratchPool<SparseProduct> POOL = new ScratchPool<>(SparseProduct::new);
  private static final ScratchPool<Block> BLOCKS = new ScratchPool<>(Block::new);

  private @Nullable SparseTile tile;
  private @Nullable Tensor a;
  private @Nullable SparseMatrix b;
  private @Nullable Tensor out;
  private int blocksOfA;

  private SparseProduct() {}

  static void run(SparseTile tile, Tensor a, SparseMatrix b, Tensor out, Workers workers) {
    if (out.size() == 0) {
      return;
    }
    SparseProduct product = POOL.take();
    try {
      product.tile = tile;
      product.a = a;
      product.b = b;
      product.out = out;
      product.blocksOfA = Math.toIntExact(Math.ceilDiv(a.rows(), (long) BLOCK));
      int blocksOfB = Math.toIntExact(Math.ceilDiv(b.rows(), (long) BLOCK));
      workers.run(Math.multiplyExact(product.blocksOfA, blocksOfB), product);
    } finally {
      product.tile = null;
      product.a = null;
      product.b = null;
      product.out = null;
      POOL.give(product);
    }
  }

  @Override
  public void run(int index) {
    if (tile == null || a == null || b == null || out == null) {
      throw new IllegalStateException("a part of no call");
    }
    long i = (long) (index % blocksOfA) * BLOCK;
    long j = (long) (index / blocksOfA) * BLOCK;
    Block block = BLOCKS.take();
    try {
      block.compute(tile, a, i, b, j, out);
    } finally {
      BLOCKS.give(block);
    }
  }

  /** Working memory of a part. */
  private static final class Block {

    private final PanelPacker packer = new PanelPacker();
    private final Source source = new Source();
    private float[] panels = new float[0];
    private float[] values = new float[0];
    private int[] offsets = new int[0];
    private float[] sums = new float[0];

    void compute(SparseTile tile, Tensor a, long i, SparseMatrix b, long j, Tensor out) {
      Sparsity sparsity = b.sparsity();
      int p = tile.rows();
      int height = (int) Math.min(BLOCK, a.rows() - i);
      int width = (int) Math.min(BLOCK, b.rows() - j);
      int panelsOfA = Math.ceilDiv(height, p);
      int even = (width + 1) & -2;
      int groups = CHUNK / sparsity.group();
      int kept = groups * sparsity.kept();
      reserve(panelsOfA * p, groups * sparsity.group(), even * kept, panelsOfA * even * p);
      source.set(a);
      try {
        long allGroups = a.columns() / sparsity.group();
        for (long g = 0; g < allGroups; g += groups) {
          int some = (int) Math.min(groups, allGroups - g);
          int depth = some * sparsity.group();
          packer.pack(source, i, height, g * sparsity.group(), depth, p, panels, 0);
          decode(b, j, width, g, some, kept, p);
          for (int ip = 0; ip < panelsOfA; ip++) {
            for (int row = 0; row < even; row += 2) {
              int second = Math.min(row + 1, width - 1) * kept;
              tile.chains(
                  some * sparsity.kept(),
                  panels,
                  ip * p * depth,
                  values,
                  offsets,
                  row * kept,
                  second,
                  sums,
                  (ip * even + row) * p);
            }
          }
        }
      } finally {
        source.clear();
      }
      write(p, even, height, width, out, i, j);
    }

    private void reserve(int rows, int depth, int kept, int results) {
      panels = panels.length < rows * depth ? new float[rows * depth] : panels;
      values = values.length < kept ? new float[kept] : values;
      offsets = offsets.length < kept ? new int[kept] : offsets;
      sums = sums.length < results ? new float[results] : sums;
      Arrays.fill(sums, 0, results, 0.0f);
    }

    private void decode(
        SparseMatrix b, long j, int width, long group, int groups, int line, int p) {
      ElementFormat format = b.format();
      Tensor codes = b.values();
      Sparsity sparsity = b.sparsity();
      float[] table = format.bits() <= 8 ? DecodeTable.of(format) : new float[0];
      int mask = table.length - 1;
      boolean bf16 = format.equals(Formats.BF16);
      long first = group * sparsity.kept();
      for (int row = 0; row < width; row++) {
        long at = (j + row) * codes.stride(0) + first * codes.stride(1);
        long tagRow = (j + row) * b.tagRowBytes();
        int to = row * line;
        long index = first;
        for (int g = 0; g < groups; g++) {
          int column = g * sparsity.group();
          for (int s = 0; s < sparsity.kept(); s++, to++, index++, at += codes.stride(1)) {
            int code = Codes.get(codes.data(), format, at);
            values[to] =
                mask >= 0
                    ? table[code & mask]
                    : bf16 ? Float.intBitsToFloat(code << 16) : format.decode(code);
            int word = b.tags().get(Codes.SHORT, tagRow + (index >> 2) * Short.BYTES);
            int tag = word >>> ((index & 3) << 2) & 0xF;
            offsets[to] = (column + tag) * p;
          }
        }
      }
    }

    private void write(int p, int even, int height, int width, Tensor out, long i, long j) {
      ElementFormat format = out.element();
      boolean fp32 = format.equals(Formats.FP32);
      for (int r = 0; r < height; r++) {
        long at = (i + r) * out.stride(0) + j * out.stride(1);
        int from = r / p * even * p + r % p;
        for (int c = 0; c < width; c++) {
          float sum = sums[from + c * p];
          int code = fp32 ? Float.floatToRawIntBits(sum) : format.encode(sum, Overflow.IEEE);
          Codes.set(out.data(), format, at + c * out.stride(1), code);
        }
      }
    }
  }
}
