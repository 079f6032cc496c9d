package octavo.nki;

import java.lang.foreign.Arena;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;

/**
 * An operand of {@code nc_matmul_mx}: numbers packed by four with a scale for every 8 partitions by
 * 4 numbers. A view of memory, like the tensors it is made of.
 *
 * <p><b>Data.</b> {@code [partitions, free, 4]} in E4M3FN, E5M2 or E2M1. In memory this is NKI's
 * {@code [partitions, free]} of 32-bit (FP4: 16-bit) elements with number 0 in the lowest bits: the
 * tensor's own layout, so that nothing is converted. (The debug printer of nkipy reads FP4 x4 as
 * four bytes in 32 bits; documentation and references agree on 16 bits, which is what this is.)
 *
 * <p><b>Scales.</b> E8M0 {@code [partitions / 32, 4, free]}: quadrant, group, free. In SBUF the
 * four groups of a quadrant of 32 partitions lie in the first four partitions of that quadrant, or
 * at offset 4, 8 or 12, so that four operands can share a scale tile: group {@code i} is at
 * partition {@code (i div 4) * 32 + i mod 4 + offset}. {@link #of} views such a tile, {@link
 * #ofCompact} one row for each group.
 *
 * <p>One instruction takes at most 128 partitions; a tile of more is a stack of them, which {@link
 * TiledMatmul} multiplies and {@link #slice} cuts.
 *
 * <p>Sources: AWS Neuron SDK, {@code nki.isa.quantize_mx}; guide to MXFP matrix multiplication,
 * section Packing Scale Values.
 */
public final class MxTile {

  /** The numbers in a packed element. */
  public static final int PACK = 4;

  /** The partitions that share a scale. */
  public static final int GROUP_PARTITIONS = 8;

  /** The groups of a quadrant. */
  static final int GROUPS = NeuronCore.QUADRANT / GROUP_PARTITIONS;

  private final Tensor data;
  private final Tensor scales;

  private MxTile(Tensor data, Tensor scales) {
    this.data = data;
    this.scales = scales;
  }

  /**
   * {@return a tile of zeros}, its scales in a scale tile of their own: {@code [partitions, free]}
   * beyond 32 partitions, else {@code [4, free]}
   *
   * @param arena owns the memory
   * @param element E4M3FN, E5M2 or E2M1
   * @param partitions a multiple of 32
   * @param free the packed elements in a partition
   * @throws IllegalArgumentException if the format or the partitions are others
   */
  public static MxTile allocate(Arena arena, ElementFormat element, long partitions, long free) {
    checkPartitions(partitions);
    DType.packedOf(element);
    long scalePartitions = partitions > NeuronCore.QUADRANT ? partitions : GROUPS;
    return of(
        Tensor.allocate(arena, element, partitions, free, PACK),
        Tensor.allocate(arena, Formats.E8M0, scalePartitions, free),
        0);
  }

  /**
   * {@return a tile over data and a scale tile as they lie in SBUF}
   *
   * @param data {@code [partitions, free, 4]} or, consecutive in memory, {@code [partitions, 4 *
   *     free]}
   * @param scaleTile E8M0 {@code [partitions, free]}, consecutive in memory; for 32 partitions
   *     {@code [4 to 32, free]}
   * @param offset the first partition of each quadrant that holds these scales: 0, 4, 8 or 12
   * @throws IllegalArgumentException if formats or shapes are others
   */
  public static MxTile of(Tensor data, Tensor scaleTile, int offset) {
    Tensor packed = packed(data);
    long partitions = packed.dimension(0);
    long free = packed.dimension(1);
    checkOffset(offset);
    boolean one = partitions == NeuronCore.QUADRANT;
    if (!scaleTile.format().equals(Formats.E8M0)
        || scaleTile.rank() != 2
        || scaleTile.columns() != free
        || (one
            ? scaleTile.rows() < offset + GROUPS || scaleTile.rows() > NeuronCore.QUADRANT
            : scaleTile.rows() != partitions)) {
      throw new IllegalArgumentException(
          "scale tile is %s; data %s with scales at offset %d needs E8M0 [%s, %d]"
              .formatted(
                  scaleTile, packed, offset, one ? offset + GROUPS + " to 32" : partitions, free));
    }
    Tensor quadrants =
        one
            ? scaleTile.reshape(1, scaleTile.rows(), free)
            : scaleTile.reshape(partitions / NeuronCore.QUADRANT, NeuronCore.QUADRANT, free);
    return new MxTile(packed, quadrants.slice(1, offset, offset + GROUPS));
  }

  /**
   * {@return a tile over data and one row of scales for each group of partitions}, as files have
   * them
   *
   * @param data {@code [partitions, free, 4]} or, consecutive in memory, {@code [partitions, 4 *
   *     free]}
   * @param scales E8M0 {@code [partitions / 8, free]}, consecutive in memory
   * @throws IllegalArgumentException if formats or shapes are others
   */
  public static MxTile ofCompact(Tensor data, Tensor scales) {
    Tensor packed = packed(data);
    long groups = packed.dimension(0) / GROUP_PARTITIONS;
    long free = packed.dimension(1);
    if (!scales.format().equals(Formats.E8M0) || !Checks.isMatrix(scales, groups, free)) {
      throw new IllegalArgumentException(
          "scales are %s; data %s needs E8M0 [%d, %d]".formatted(scales, packed, groups, free));
    }
    return new MxTile(packed, scales.reshape(groups / GROUPS, GROUPS, free));
  }

  private static Tensor packed(Tensor data) {
    DType.packedOf(data.element());
    boolean three = data.rank() == 3 && data.dimension(2) == PACK;
    boolean two = data.rank() == 2 && data.columns() % PACK == 0;
    if (!three && !two) {
      throw new IllegalArgumentException(
          "MX data is %s; it must be [partitions, free, 4] or [partitions, 4 * free]"
              .formatted(data));
    }
    checkPartitions(data.dimension(0));
    Tensor packed = three ? data : data.reshape(data.dimension(0), data.columns() / PACK, PACK);
    if (packed.stride(2) != 1 || (packed.stride(1) != PACK && packed.dimension(1) > 1)) {
      throw new IllegalArgumentException(
          "MX data %s: the packed elements of a partition must be consecutive in memory"
              .formatted(packed));
    }
    return packed;
  }

  static void checkPartitions(long partitions) {
    if (partitions <= 0 || partitions % NeuronCore.QUADRANT != 0) {
      throw new IllegalArgumentException(
          "%d partitions; MX operands have a multiple of 32: pad K to a multiple of 128"
              .formatted(partitions));
    }
  }

  static void checkOffset(int offset) {
    if (offset < 0 || offset > 12 || offset % GROUPS != 0) {
      throw new IllegalArgumentException(
          "scales at offset %d of a quadrant; it may be 0, 4, 8 or 12".formatted(offset));
    }
  }

  /** {@return the numbers, {@code [partitions, free, 4]}} */
  public Tensor data() {
    return data;
  }

  /** {@return the scales, E8M0 {@code [partitions / 32, 4, free]}} */
  public Tensor scales() {
    return scales;
  }

  /** {@return the packed type} */
  public DType type() {
    return DType.packedOf(data.element());
  }

  /** {@return the partitions} */
  public long partitions() {
    return data.dimension(0);
  }

  /** {@return the packed elements in a partition} */
  public long free() {
    return data.dimension(1);
  }

  /** {@return the length of the contraction: four for each partition} */
  public long contraction() {
    return PACK * partitions();
  }

  /**
   * {@return a part of this tile, sharing its memory}
   *
   * @param fromPartition a multiple of 32
   * @param toPartition behind the last partition, a multiple of 32
   * @param fromFree the first packed element of each partition
   * @param toFree behind the last one
   * @throws IndexOutOfBoundsException if the range is not within the tile
   * @throws IllegalArgumentException if it would cut a quadrant
   */
  public MxTile slice(long fromPartition, long toPartition, long fromFree, long toFree) {
    if (fromPartition % NeuronCore.QUADRANT != 0 || toPartition % NeuronCore.QUADRANT != 0) {
      throw new IllegalArgumentException(
          "partitions [%d, %d) cut a quadrant of 32".formatted(fromPartition, toPartition));
    }
    return new MxTile(
        data.slice(0, fromPartition, toPartition).slice(1, fromFree, toFree),
        scales
            .slice(0, fromPartition / NeuronCore.QUADRANT, toPartition / NeuronCore.QUADRANT)
            .slice(2, fromFree, toFree));
  }

  /**
   * {@return the number at a place, scaled}
   *
   * @param partition its partition
   * @param free its packed element
   * @param element its place there, 0 to 3
   * @throws IndexOutOfBoundsException if there is no such place
   */
  public float get(long partition, long free, int element) {
    return data.get(partition, free, element) * scale(partition, free);
  }

  /**
   * {@return the scale that applies at a place}
   *
   * @param partition a partition
   * @param free a packed element in it
   * @throws IndexOutOfBoundsException if there is no such place
   */
  public float scale(long partition, long free) {
    return scales.get(
        partition / NeuronCore.QUADRANT, partition % NeuronCore.QUADRANT / GROUP_PARTITIONS, free);
  }

  /** {@return packed type and shape} */
  @Override
  public String toString() {
    return "%s [%d, %d]".formatted(type(), partitions(), free());
  }
}
