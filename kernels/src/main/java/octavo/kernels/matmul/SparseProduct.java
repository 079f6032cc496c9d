package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
   * A block is up to 288 rows of A, in whole panels and about as many in each block, by 256 rows of
   * B. For it, loops from the outside:
   *
   *   k     a chunk of whole groups, about 128 columns: a panel of 48 rows is 24 KiB and stays in L1
   *           decode the kept elements of B's rows: value, and where its column begins in a panel
   *           pack A's rows, a panel of lanes after the other
   *   ip    a panel of A
   *   j       two rows of B: one call of the tile
   *
   * An element of A is packed once per 256 rows of B and one of B decoded once per 256 rows of A.
   * Sums lie in memory between chunks, panel by panel, row of B by row of B; that rounds nothing. An
   * odd last row of B is computed twice, the second time into sums that nobody reads.
   *
   * Reading codes and tags one by one through their tensors took a quarter of the time: lines of
   * both are copied to arrays first, where a row of B is contiguous.
   *
   * Half of the time goes to the tile: 13 cycles on Zen 3 for a step of twelve multiply-adds that two
   * load units could feed in seven. Half of the vectors of an array cross cache lines, since its
   * elements begin 16 bytes after a multiple of eight; panels in aligned native memory cost as much
   * in checks as they save. The rest is packing, again for each 256 rows of B, and decoding, again
   * for each 288 rows of A. Chunks of 64 to 192 columns, blocks of half the size, and decoding two
   * chunks at once made no difference.
   */

  private static final int ROWS_OF_A = 288;
  private static final int ROWS_OF_B = 256;
  private static final int CHUNK = 128;

  /** Tags in a word of them: whole words begin every chunk, of which all keep a multiple of it. */
  private static final int TAGS = 4;

  private static final ScratchPool<SparseProduct> POOL = new ScratchPool<>(SparseProduct::new);
  private static final ScratchPool<Block> BLOCKS = new ScratchPool<>(Block::new);

  private @Nullable SparseTile tile;
  private @Nullable RowDecoder decoder;
  private @Nullable Tensor a;
  private @Nullable SparseMatrix b;
  private @Nullable Tensor out;
  private int blocksOfA;
  private int blockOfA;

  private SparseProduct() {}

  static void run(
      SparseTile tile, RowDecoder decoder, Tensor a, SparseMatrix b, Tensor out, Workers workers) {
    if (out.size() == 0) {
      return;
    }
    SparseProduct product = POOL.take();
    try {
      product.tile = tile;
      product.decoder = decoder;
      product.a = a;
      product.b = b;
      product.out = out;
      int p = tile.rows();
      long panels = Math.ceilDiv(a.rows(), (long) p);
      long blocks = Math.ceilDiv(panels, (long) (ROWS_OF_A / p));
      product.blockOfA = Math.toIntExact(Math.ceilDiv(panels, blocks)) * p;
      product.blocksOfA = Math.toIntExact(Math.ceilDiv(a.rows(), (long) product.blockOfA));
      int blocksOfB = Math.toIntExact(Math.ceilDiv(b.rows(), (long) ROWS_OF_B));
      workers.run(Math.multiplyExact(product.blocksOfA, blocksOfB), product);
    } finally {
      product.tile = null;
      product.decoder = null;
      product.a = null;
      product.b = null;
      product.out = null;
      POOL.give(product);
    }
  }

  @Override
  public void run(int index) {
    if (tile == null || decoder == null || a == null || b == null || out == null) {
      throw new IllegalStateException("a part of no call");
    }
    long i = (long) (index % blocksOfA) * blockOfA;
    long j = (long) (index / blocksOfA) * ROWS_OF_B;
    Block block = BLOCKS.take();
    try {
      block.compute(tile, decoder, a, i, blockOfA, b, j, out);
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
    private final byte[] bytes = new byte[CHUNK];
    private final short[] shorts = new short[CHUNK];
    private final short[] tags = new short[CHUNK / TAGS];

    void compute(
        SparseTile tile,
        RowDecoder decoder,
        Tensor a,
        long i,
        int most,
        SparseMatrix b,
        long j,
        Tensor out) {
      Sparsity sparsity = b.sparsity();
      int p = tile.rows();
      int height = (int) Math.min(most, a.rows() - i);
      int width = (int) Math.min(ROWS_OF_B, b.rows() - j);
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
          packer.packPanels(decoder, source, i, height, g * sparsity.group(), depth, p, panels, 0);
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
      int kept = b.sparsity().kept();
      long first = group * kept;
      int count = groups * kept;
      for (int row = 0; row < width; row++) {
        decodeValues(b.values(), j + row, first, count, row * line);
        MemorySegment.copy(
            b.tags(),
            Codes.SHORT,
            (j + row) * b.tagRowBytes() + first / TAGS * Short.BYTES,
            tags,
            0,
            Math.ceilDiv(count, TAGS));
        decodeTags(groups, kept, b.sparsity().group() * p, p, row * line);
      }
    }

    private void decodeValues(Tensor codes, long row, long first, int count, int to) {
      ElementFormat format = codes.element();
      long at = row * codes.stride(0) + first * codes.stride(1);
      int bits = format.storageBits();
      if (codes.stride(1) == 1 && format.equals(Formats.FP32)) {
        MemorySegment.copy(codes.data(), Codes.FLOAT, at * Float.BYTES, values, to, count);
      } else if (codes.stride(1) == 1 && bits == 8) {
        MemorySegment.copy(codes.data(), ValueLayout.JAVA_BYTE, at, bytes, 0, count);
        float[] table = DecodeTable.of(format);
        int mask = table.length - 1;
        for (int s = 0; s < count; s++) {
          values[to + s] = table[bytes[s] & mask];
        }
      } else if (codes.stride(1) == 1 && format.equals(Formats.BF16)) {
        MemorySegment.copy(codes.data(), Codes.SHORT, at * Short.BYTES, shorts, 0, count);
        for (int s = 0; s < count; s++) {
          values[to + s] = Float.intBitsToFloat(shorts[s] << 16);
        }
      } else {
        float[] table = format.bits() <= 8 ? DecodeTable.of(format) : new float[0];
        for (int s = 0; s < count; s++, at += codes.stride(1)) {
          int code = Codes.get(codes.data(), format, at);
          values[to + s] = table.length > 0 ? table[code & table.length - 1] : format.decode(code);
        }
      }
    }

    /** Offsets from tags: chunks begin with a tag in the lowest bits of a word. */
    private void decodeTags(int groups, int kept, int groupStep, int p, int to) {
      int index = 0;
      for (int g = 0; g < groups; g++) {
        int column = g * groupStep;
        for (int s = 0; s < kept; s++, index++) {
          int tag = tags[index >> 2] >>> ((index & 3) << 2) & 0xF;
          offsets[to + index] = column + tag * p;
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
