package octavo.format;

import java.util.List;

/**
 * Elements that share scales: one scale for every block of {@code blockRows x blockColumns}
 * elements of a matrix whose rows run along the contraction dimension K.
 *
 * <p>The number at row {@code i}, column {@code k} is {@code fl32(element * fl32(scale *
 * tensorScale))}, the scale being that of the block {@code (i / blockRows, k / blockColumns)} and
 * the tensor's scale 1 in formats without one.
 *
 * <p>A dimension of {@link #WHOLE} spans the whole tensor: {@code WHOLE x WHOLE} is one scale per
 * tensor, {@code 1 x WHOLE} one per row (a channel of weights, a token of activations).
 *
 * <p>Sources: OCP Microscaling Formats (MX) Specification 1.0, table 1 (MXFP8, MXFP6, MXFP4,
 * MXINT8); NVIDIA's NVFP4 as stored by ModelOpt and torchao; the FP8 checkpoints of DeepSeek-V3
 * (128 x 128 weights, 1 x 128 activations).
 *
 * @param name the specification's name
 * @param element the format of the elements
 * @param blockRows rows of a block, or {@link #WHOLE}
 * @param blockColumns columns of a block, or {@link #WHOLE}
 * @param scale the format of the scales: E8M0, E4M3FN (never negative) or FP32
 * @param tensorScale whether one more FP32 factor applies to the whole tensor
 */
public record BlockFormat(
    String name,
    ElementFormat element,
    int blockRows,
    int blockColumns,
    FloatFormat scale,
    boolean tensorScale)
    implements Format {

  /** Stands for a block dimension that spans the whole tensor. */
  public static final int WHOLE = 0;

  /**
   * Checks that the fields describe a format.
   *
   * @throws IllegalArgumentException if a block is none of rows x columns, 1 x WHOLE and WHOLE x
   *     WHOLE, or the format of the scales is none of E8M0, E4M3FN and FP32
   */
  public BlockFormat {
    if (blockRows < 0
        || blockColumns < 0
        || (blockRows != 1 && (blockRows == WHOLE) != (blockColumns == WHOLE))) {
      throw new IllegalArgumentException(
          "block format %s: a block of %d x %d; both dimensions positive, 1 x WHOLE or WHOLE x WHOLE"
              .formatted(name, blockRows, blockColumns));
    }
    if (!List.of(Formats.E8M0, Formats.E4M3FN, Formats.FP32).contains(scale)) {
      throw new IllegalArgumentException(
          "block format %s: scales in %s; they are in E8M0, E4M3FN or FP32".formatted(name, scale));
    }
  }

  /**
   * {@return whether scales change along a row, so that a dot product needs them inside its sum; if
   * not, they are factors of the result}
   */
  public boolean scalesWithinRow() {
    return blockColumns != WHOLE;
  }

  /**
   * {@return whether the last block of a row may be shorter than the others} The FP8 block scales
   * of DeepSeek allow it; MX and NVFP4 blocks are always whole.
   */
  public boolean partialBlocks() {
    return scale.bits() == 32;
  }

  /**
   * {@return the number of scales down a column}
   *
   * @param rows the rows of the matrix
   */
  public long scaleRows(long rows) {
    return blockRows == WHOLE ? 1 : Math.ceilDiv(rows, (long) blockRows);
  }

  /**
   * {@return the number of scales along a row}
   *
   * @param columns the columns of the matrix
   */
  public long scaleColumns(long columns) {
    return blockColumns == WHOLE ? 1 : Math.ceilDiv(columns, (long) blockColumns);
  }

  /** {@return the name} */
  @Override
  public String toString() {
    return name;
  }
}
