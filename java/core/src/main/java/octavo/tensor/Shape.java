package octavo.tensor;

import java.util.Arrays;

/** Arithmetic on dimensions, with overflow caught. */
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
    if (Arrays.stream(shape).anyMatch(dimension -> dimension == 0)) {
      return 0;
    }
    try {
      return Arrays.stream(shape).reduce(1, Math::multiplyExact);
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
}
