package octavo.conformance;

import java.lang.foreign.MemorySegment;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * Where a matrix lies in a region of memory: codes, scales and tensor scale in this order, with
 * guard bytes before, between and behind them.
 *
 * @param format the format
 * @param rows the rows
 * @param columns the columns
 * @param layout the layout of codes and scales
 */
record Placement(Format format, long rows, long columns, Layout layout) {

  private static final long GUARD = 64;

  /** {@return the size of the region} */
  long bytes() {
    return tensorScaleStart() + Float.BYTES + GUARD;
  }

  /** {@return the matrix in a region of {@link #bytes()}} */
  Tensor view(MemorySegment region) {
    long[] shape = layout == Layout.TRANSPOSED ? new long[] {columns, rows} : wide();
    MemorySegment data = region.asSlice(dataStart(), dataBytes());
    Tensor all;
    if (format instanceof BlockFormat block) {
      Tensor scales =
          Tensor.of(block.scale(), region.asSlice(scalesStart(), scalesBytes()), scaleShape(block));
      MemorySegment factor =
          block.tensorScale()
              ? region.asSlice(tensorScaleStart(), Float.BYTES)
              : MemorySegment.NULL;
      all = Tensor.ofBlocks(block, data, scales, factor, shape);
    } else {
      all = Tensor.of((ElementFormat) format, data, shape);
    }
    return switch (layout) {
      case PACKED, OFFSET -> all;
      case TRANSPOSED -> all.transpose();
      case STRIDED ->
          all.slice(0, leadRows(), leadRows() + rows)
              .slice(1, leadColumns(), leadColumns() + columns);
    };
  }

  // ---- the larger matrix of a strided one

  private long[] wide() {
    return layout == Layout.STRIDED
        ? new long[] {leadRows() + rows, leadColumns() + columns + trailColumns()}
        : new long[] {rows, columns};
  }

  private long leadRows() {
    return format instanceof BlockFormat block && block.blockRows() > 1 ? 0 : 1;
  }

  private long leadColumns() {
    if (format instanceof BlockFormat block && block.scalesWithinRow()) {
      return block.blockColumns();
    }
    return format.element().storageBits() == 4 ? 2 : 3;
  }

  private long trailColumns() {
    if (format instanceof BlockFormat block && block.scalesWithinRow()) {
      return columns % block.blockColumns() == 0 ? block.blockColumns() : 0;
    }
    return 5;
  }

  // ---- positions

  private long unaligned() {
    return layout == Layout.OFFSET ? 1 : 0;
  }

  private long dataStart() {
    return GUARD + unaligned();
  }

  private long dataBytes() {
    long[] shape = layout == Layout.TRANSPOSED ? new long[] {columns, rows} : wide();
    if (shape[0] == 0 || shape[1] == 0) {
      return 0;
    }
    long unit = format.element().storageBits() == 4 ? 2 : 1;
    long stride = Math.ceilDiv(shape[1], unit) * unit;
    return Codes.byteSize(format.element(), (shape[0] - 1) * stride + shape[1]);
  }

  private long scalesStart() {
    return aligned(dataStart() + dataBytes()) + GUARD + unaligned();
  }

  private long scalesBytes() {
    if (!(format instanceof BlockFormat block)) {
      return 0;
    }
    long count = 1;
    for (long dimension : scaleShape(block)) {
      count *= dimension;
    }
    return Codes.byteSize(block.scale(), count);
  }

  private long[] scaleShape(BlockFormat block) {
    long[] shape = wide();
    return block.blockRows() == BlockFormat.WHOLE
        ? new long[] {1}
        : new long[] {block.scaleRows(shape[0]), block.scaleColumns(shape[1])};
  }

  private long tensorScaleStart() {
    return aligned(scalesStart() + scalesBytes()) + GUARD + unaligned();
  }

  private static long aligned(long position) {
    return Math.ceilDiv(position, GUARD) * GUARD;
  }

  /** {@return format, shape and layout} */
  @Override
  public String toString() {
    return "%s [%d x %d] %s".formatted(format, rows, columns, layout);
  }
}
