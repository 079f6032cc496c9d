package octavo.tensor;

import java.util.Arrays;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;

/** Arithmetic on dimensions, with overflow caught, and what formats demand of them. */
final class Shape {

  private static final int MAX_RANK = 8;

  private Shape() {}

  /** {@return a copy of checked dimensions} */
  static long[] checked(long[] shape) {
    if (shape.length == 0 || shape.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "a tensor has 1 to " + MAX_RANK + " dimensions, not " + shape.length);
    }
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(shape) + " has a negative dimension");
      }
    }
    size(shape);
    return shape.clone();
  }

  /** {@return the number of elements} */
  static long size(long[] shape) {
    // With an empty dimension the others may be as large as they like.
    for (long dimension : shape) {
      if (dimension == 0) {
        return 0;
      }
    }
    try {
      long size = 1;
      for (long dimension : shape) {
        size = Math.multiplyExact(size, dimension);
      }
      return size;
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " has more than 2^63 elements", e);
    }
  }

  /** {@return row-major strides in elements; rows are padded to a multiple of {@code rowUnit}} */
  static long[] strides(long[] shape, int rowUnit) {
    long[] strides = new long[shape.length];
    long stride = 1;
    if (size(shape) == 0) {
      // Nothing lies at any distance, so that it does not matter if one is beyond long.
      for (int d = shape.length - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *=
            d == shape.length - 1 ? Math.ceilDiv(shape[d], (long) rowUnit) * rowUnit : shape[d];
      }
      return strides;
    }
    try {
      for (int d = shape.length - 1; d >= 0; d--) {
        strides[d] = stride;
        stride = Math.multiplyExact(stride, shape[d]);
        if (d == shape.length - 1) {
          stride = Math.multiplyExact(Math.ceilDiv(stride, (long) rowUnit), (long) rowUnit);
        }
      }
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "shape " + Arrays.toString(shape) + " has more than 2^63 elements", e);
    }
    return strides;
  }

  /** {@return the elements from the first to behind the last, gaps included} */
  static long extent(long[] shape, long[] strides) {
    long last = 0;
    for (int d = 0; d < shape.length; d++) {
      if (shape[d] == 0) {
        return 0;
      }
      last += (shape[d] - 1) * strides[d];
    }
    return last + 1;
  }

  /** {@return the bytes from the first code to behind the last, gaps included} */
  static long byteSize(ElementFormat format, long[] shape, long[] strides) {
    long extent = Shape.extent(shape, strides);
    try {
      return Codes.byteSize(format, extent);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "%s %s has %d codes of %d bits: more than 2^63 bytes"
              .formatted(format, Arrays.toString(shape), extent, format.storageBits()),
          e);
    }
  }

  /** Refuses a last dimension that is no whole number of blocks, where the format demands it. */
  static void checkBlocks(BlockFormat format, long[] shape) {
    long columns = shape[shape.length - 1];
    if (format.scalesWithinRow()
        && !format.partialBlocks()
        && columns % format.blockColumns() != 0) {
      throw new IllegalArgumentException(
          "%s has blocks of %d; a last dimension of %d leaves %d over: pad it to %d"
              .formatted(
                  format,
                  format.blockColumns(),
                  columns,
                  columns % format.blockColumns(),
                  Math.ceilDiv(columns, (long) format.blockColumns()) * format.blockColumns()));
    }
  }

  /** {@return the dimensions of the scales of a tensor} */
  static long[] scaleShape(BlockFormat format, long[] shape) {
    if (format.blockRows() == BlockFormat.WHOLE) {
      return new long[] {1};
    }
    long[] scales = shape.clone();
    int last = shape.length - 1;
    scales[last] = format.scaleColumns(shape[last]);
    if (last > 0) {
      scales[last - 1] = format.scaleRows(shape[last - 1]);
    }
    return scales;
  }

  /** {@return the codes that a row is padded to a multiple of, so that rows start on bytes} */
  static int rowUnit(ElementFormat format) {
    return Math.max(1, 8 / format.storageBits());
  }
}
