package octavo.nki;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import octavo.Engine;
import octavo.Ops;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * Conversions between row-major tensors and the layouts of {@code quantize_mx} and {@code
 * nc_matmul_mx}: packing by four ({@link Interleaving}) and scale tiles ({@link MxTile}).
 *
 * <pre>
 *   rows      [free, K]      one row for each output: weights and activations of other frameworks
 *   columns   [K, free]      K on partitions, as a NKI programmer has it in HBM
 *   packed    [P, free, 4]   P = K / 4 partitions; element c of partition p is index order.index(P, p, c)
 * </pre>
 *
 * <p>Codes move unchanged, NaN codes included. Where no byte has to move there are views: {@link
 * MxTile#of} over SBUF layouts, {@link #gptOss} over a checkpoint's arrays, {@link Tensor#reshape}
 * between {@code [P, free, 4]} and {@code [P, 4 * free]}.
 *
 * <p>All methods throw {@link IllegalArgumentException} if shapes or formats do not fit or memory
 * overlaps, and the segments' own exceptions; they may run on several threads at once.
 *
 * <p>Sources: those of {@link Interleaving} and {@link MxTile}; gpt-oss's weights.py for its
 * arrays; neuronx-distributed's transform_weights.py for padding.
 */
public final class MxLayout {

  /** What padding holds. */
  private static final byte[] ZEROS = new byte[1024];

  /** Its scales: the code of 1. */
  private static final byte[] ONES = new byte[1024];

  static {
    Arrays.fill(ONES, (byte) 127);
  }

  private MxLayout() {}

  // ---- blocks of 32 along K

  /**
   * Packs MX blocks, each 32 neighbours along K: {@link Interleaving#NEIGHBOURS}. Codes and scales
   * stay as they are. If the tile has more partitions than K needs, the rest becomes zeros with
   * scale 1.
   *
   * @param blocks MXFP8 or MXFP4 {@code [free, K]}
   * @param tile a tile in the same element format, {@code [at least K / 4, free]}
   */
  public static void pack(Tensor blocks, MxTile tile) {
    pack(Ops.engine(), blocks, tile);
  }

  static void pack(Engine engine, Tensor blocks, MxTile tile) {
    Tensor rows = blocks.matrix();
    checkBlocks(rows, tile);
    apart(rows, tile.data());
    apart(rows, tile.scales());
    int bits = rows.element().storageBits();
    long used = rows.columns() / MxTile.PACK;
    Tensor scales = rows.scales().matrix();
    Relayout.words(Relayout.workers(engine, rows, tile.data()), rows, used, tile.data());
    Relayout.scales(Relayout.workers(engine, scales, tile.scales()), scales, tile.scales());
    for (long p = used; p < tile.partitions(); p++) {
      Relayout.fill(
          tile.data(), p * Relayout.stride(tile.data(), 0), tile.free() * bits / 2, ZEROS);
    }
    for (long g = used / MxTile.GROUP_PARTITIONS;
        g < tile.partitions() / MxTile.GROUP_PARTITIONS;
        g++) {
      Relayout.fill(tile.scales(), Relayout.scaleRow(tile.scales(), g), tile.free(), ONES);
    }
  }

  /**
   * {@return MX blocks packed into a new tile} of as many partitions as K needs, rounded up to a
   * quadrant
   *
   * @param blocks MXFP8 or MXFP4 {@code [free, K]}
   * @param arena owns the tile
   */
  public static MxTile pack(Tensor blocks, Arena arena) {
    long partitions =
        Math.ceilDiv(blocks.columns(), (long) MxTile.PACK * NeuronCore.QUADRANT)
            * NeuronCore.QUADRANT;
    MxTile tile = MxTile.allocate(arena, blocks.element(), partitions, blocks.rows());
    pack(blocks, tile);
    return tile;
  }

  /**
   * Unpacks a tile to MX blocks, one row for each free index, in the order of partitions: {@code k
   * = 4 p + c}. With {@link Interleaving#NEIGHBOURS} that is the order of K. With {@link
   * Interleaving#STRIDED} it is another order of K, the one in which 32 indices that share a scale
   * are a block; products of two operands in it are those of the originals.
   *
   * @param tile any tile
   * @param blocks MXFP8 or MXFP4 in the tile's element format, {@code [free, at most 4 *
   *     partitions]}; what lies beyond is left out
   */
  public static void unpack(MxTile tile, Tensor blocks) {
    unpack(Ops.engine(), tile, blocks);
  }

  static void unpack(Engine engine, MxTile tile, Tensor blocks) {
    Tensor rows = blocks.matrix();
    checkBlocks(rows, tile);
    apart(rows, tile.data());
    apart(rows, tile.scales());
    long used = rows.columns() / MxTile.PACK;
    Tensor scales = rows.scales().matrix();
    Relayout.wordsBack(Relayout.workers(engine, tile.data(), rows), tile.data(), used, rows);
    Relayout.scalesBack(
        Relayout.workers(engine, tile.scales(), scales),
        tile.scales(),
        used / MxTile.GROUP_PARTITIONS,
        scales);
  }

  /**
   * {@return a tile unpacked to MX blocks {@code [free, 4 * partitions]}, in a new tensor}
   *
   * @param tile any tile
   * @param arena owns the result
   */
  public static Tensor unpack(MxTile tile, Arena arena) {
    Tensor blocks =
        Tensor.allocate(arena, blockFormat(tile.data().element()), tile.free(), tile.contraction());
    unpack(tile, blocks);
    return blocks;
  }

  /**
   * {@return the OCP block format of packed elements}
   *
   * @param element E4M3FN, E5M2 or E2M1
   * @throws IllegalArgumentException for other formats
   */
  public static BlockFormat blockFormat(ElementFormat element) {
    return switch (DType.packedOf(element)) {
      case FLOAT8_E4M3FN_X4 -> Formats.MXFP8_E4M3;
      case FLOAT8_E5M2_X4 -> Formats.MXFP8_E5M2;
      default -> Formats.MXFP4;
    };
  }

  private static void checkBlocks(Tensor rows, MxTile tile) {
    ElementFormat element = tile.data().element();
    if (!rows.format().equals(blockFormat(element))
        || rows.rows() != tile.free()
        || rows.columns() > tile.contraction()) {
      throw new IllegalArgumentException(
          "blocks are %s, the tile %s; it goes with %s [%d, at most %d]"
              .formatted(rows, tile, blockFormat(element), tile.free(), tile.contraction()));
    }
    consecutive(rows);
    consecutive(rows.scales());
  }

  // ---- plain codes

  /**
   * Packs rows by four: {@code packed[p, f, c] = rows[f, order.index(P, p, c)]}.
   *
   * @param rows codes of 4, 8, 16 or 32 bits without scales, {@code [free, K]}
   * @param order which four share an element
   * @param packed in the same format, {@code [K / 4, free, 4]}, its partitions a multiple of 32
   */
  public static void packRows(Tensor rows, Interleaving order, Tensor packed) {
    checkPlain(rows, rows.columns(), rows.rows(), packed);
    Relayout.mergeRows(Relayout.workers(Ops.engine(), rows, packed), rows, order, packed);
  }

  /**
   * Takes packed codes apart: {@code rows[f, order.index(P, p, c)] = packed[p, f, c]}.
   *
   * @param packed codes without scales, {@code [K / 4, free, 4]}, its partitions a multiple of 32
   * @param order which four share an element
   * @param rows in the same format, {@code [free, K]}
   */
  public static void unpackRows(Tensor packed, Interleaving order, Tensor rows) {
    checkPlain(rows, rows.columns(), rows.rows(), packed);
    Relayout.splitRows(Relayout.workers(Ops.engine(), packed, rows), packed, order, rows);
  }

  /**
   * Packs columns by four: {@code packed[p, f, c] = columns[order.index(P, p, c), f]}. For {@link
   * Interleaving#STRIDED} it is what the guide to MXFP matrix multiplication calls interleaving.
   *
   * @param columns codes of 4, 8, 16 or 32 bits without scales, {@code [K, free]}
   * @param order which four share an element
   * @param packed in the same format, {@code [K / 4, free, 4]}, its partitions a multiple of 32
   */
  public static void packColumns(Tensor columns, Interleaving order, Tensor packed) {
    checkPlain(columns, columns.rows(), columns.columns(), packed);
    Relayout.mergeColumns(Relayout.workers(Ops.engine(), columns, packed), columns, order, packed);
  }

  /**
   * Takes packed codes apart: {@code columns[order.index(P, p, c), f] = packed[p, f, c]}.
   *
   * @param packed codes without scales, {@code [K / 4, free, 4]}, its partitions a multiple of 32
   * @param order which four share an element
   * @param columns in the same format, {@code [K, free]}
   */
  public static void unpackColumns(Tensor packed, Interleaving order, Tensor columns) {
    checkPlain(columns, columns.rows(), columns.columns(), packed);
    Relayout.splitColumns(Relayout.workers(Ops.engine(), packed, columns), packed, order, columns);
  }

  private static void checkPlain(Tensor flat, long k, long free, Tensor packed) {
    if (flat.rank() != 2
        || flat.format() instanceof BlockFormat
        || !flat.format().equals(packed.format())) {
      throw new IllegalArgumentException(
          "%s and %s: layouts change between a matrix and packed elements of one format without scales"
              .formatted(flat, packed));
    }
    if (k % MxTile.PACK != 0
        || packed.rank() != 3
        || packed.dimension(0) != k / MxTile.PACK
        || packed.dimension(1) != free
        || packed.dimension(2) != MxTile.PACK) {
      throw new IllegalArgumentException(
          "packed elements are %s; %s with K = %d needs [%d, %d, %d]; pad K to a multiple of 128"
              .formatted(packed, flat, k, k / MxTile.PACK, free, MxTile.PACK));
    }
    MxTile.checkPartitions(packed.dimension(0));
    consecutive(flat);
    if (packed.stride(2) != 1 || (packed.stride(1) != MxTile.PACK && free > 1)) {
      throw new IllegalArgumentException(
          "packed elements %s must be consecutive within a partition".formatted(packed));
    }
    apart(flat, packed);
  }

  private static void consecutive(Tensor rows) {
    if (rows.stride(rows.rank() - 1) != 1 && rows.columns() > 1) {
      throw new IllegalArgumentException(
          "%s is transposed or strided; its rows must be consecutive in memory".formatted(rows));
    }
  }

  private static void apart(Tensor one, Tensor other) {
    if (one.overlaps(other)) {
      throw new IllegalArgumentException(
          "%s and %s share memory; layouts are not converted in place".formatted(one, other));
    }
  }

  // ---- scales

  /**
   * {@return the partition of a scale tile where a group's scales are}
   *
   * @param group the group of 8 partitions, from 0
   * @param offset 0, 4, 8 or 12
   */
  public static long scalePartition(long group, int offset) {
    return group / MxTile.GROUPS * NeuronCore.QUADRANT + group % MxTile.GROUPS + offset;
  }

  /**
   * Spreads rows of scales over the quadrants of a scale tile; its other partitions stay as they
   * are.
   *
   * @param scales E8M0 {@code [partitions / 8, free]}
   * @param scaleTile E8M0 {@code [partitions, free]}
   * @param offset 0, 4, 8 or 12
   */
  public static void scatterScales(Tensor scales, Tensor scaleTile, int offset) {
    checkScales(scales, scaleTile, offset);
    for (long g = 0; g < scales.rows(); g++) {
      copyRow(scales, g, scaleTile, scalePartition(g, offset));
    }
  }

  /**
   * Collects the scales of a scale tile.
   *
   * @param scaleTile E8M0 {@code [partitions, free]}
   * @param offset 0, 4, 8 or 12
   * @param scales E8M0 {@code [partitions / 8, free]}
   */
  public static void gatherScales(Tensor scaleTile, int offset, Tensor scales) {
    checkScales(scales, scaleTile, offset);
    for (long g = 0; g < scales.rows(); g++) {
      copyRow(scaleTile, scalePartition(g, offset), scales, g);
    }
  }

  private static void copyRow(Tensor from, long row, Tensor to, long toRow) {
    MemorySegment.copy(
        from.data(), row * from.stride(0), to.data(), toRow * to.stride(0), from.columns());
  }

  private static void checkScales(Tensor scales, Tensor scaleTile, int offset) {
    MxTile.checkOffset(offset);
    if (!scales.format().equals(Formats.E8M0)
        || !scaleTile.format().equals(Formats.E8M0)
        || scales.rank() != 2
        || scaleTile.rank() != 2
        || scaleTile.rows() != scales.rows() * MxTile.GROUP_PARTITIONS
        || scaleTile.rows() % NeuronCore.QUADRANT != 0
        || scales.columns() != scaleTile.columns()) {
      throw new IllegalArgumentException(
          "scales %s and scale tile %s; E8M0 [P / 8, free] goes with E8M0 [P, free], P a multiple of 32"
              .formatted(scales, scaleTile));
    }
    consecutive(scales);
    consecutive(scaleTile);
    apart(scales, scaleTile);
  }

  // ---- checkpoints

  /**
   * {@return a view of gpt-oss's MXFP4 arrays as a tensor {@code [experts, rows, 32 * groups]}}:
   * its bytes are already this library's, the even element in the low half. {@link Tensor#slice}
   * takes an expert, {@link #pack} its rows.
   *
   * @param blocks {@code [experts, rows, groups, 16]} bytes, such as {@code
   *     model.layers.0.mlp.experts.gate_up_proj_blocks}
   * @param scales {@code [experts, rows, groups]} bytes, such as {@code ...gate_up_proj_scales}
   * @param experts the experts
   * @param rows the rows of one; in {@code gate_up_proj} gate and up alternate
   * @param groups the blocks in a row
   * @throws IllegalArgumentException if the segments have other sizes
   */
  public static Tensor gptOss(
      MemorySegment blocks, MemorySegment scales, long experts, long rows, long groups) {
    long bytes = Codes.byteSize(Formats.E2M1, 32 * groups);
    if (blocks.byteSize() != experts * rows * bytes
        || scales.byteSize() != experts * rows * groups) {
      throw new IllegalArgumentException(
          "blocks of %d and scales of %d bytes; [%d, %d, %d, 16] and [%d, %d, %d] take %d and %d"
              .formatted(
                  blocks.byteSize(),
                  scales.byteSize(),
                  experts,
                  rows,
                  groups,
                  experts,
                  rows,
                  groups,
                  experts * rows * bytes,
                  experts * rows * groups));
    }
    return Tensor.ofBlocks(
        Formats.MXFP4,
        blocks,
        Tensor.of(Formats.E8M0, scales, experts, rows, groups),
        MemorySegment.NULL,
        experts,
        rows,
        32 * groups);
  }
}
