package octavo.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import octavo.format.BlockFormat;
import org.jspecify.annotations.Nullable;

/** Makes the views of tensors; {@link Tensor} says what they are. */
final class Views {

  private Views() {}

  static Tensor slice(Tensor of, int d, long from, long to) {
    Objects.checkIndex(d, of.shape.length);
    Objects.checkFromToIndex(from, to, of.shape[d]);
    long[] sliced = of.shape.clone();
    sliced[d] = to - from;
    long start = from * of.strides[d];
    if (of.element.storageBits() == 4 && start % 2 != 0) {
      throw new IllegalArgumentException(
          "slice [%d, %d) of dimension %d starts within a byte of two %s codes; start at an even index"
              .formatted(from, to, d, of.element));
    }
    long startByte =
        of.element.storageBits() == 4 ? start / 2 : start * (of.element.storageBits() / 8);
    long bytes = Codes.byteSize(of.element, Shape.extent(sliced, of.strides));
    MemorySegment part = bytes == 0 ? of.data.asSlice(0, 0) : of.data.asSlice(startByte, bytes);
    return new Tensor(
        of.format, sliced, of.strides, part, sliceScales(of, d, from, to), of.tensorScale);
  }

  private static @Nullable Tensor sliceScales(Tensor of, int d, long from, long to) {
    if (!(of.format instanceof BlockFormat block) || block.blockRows() == BlockFormat.WHOLE) {
      return of.scales;
    }
    int last = of.shape.length - 1;
    long unit = d == last ? block.blockColumns() : d == last - 1 ? block.blockRows() : 1;
    if (unit == BlockFormat.WHOLE) {
      return of.scales();
    }
    if (from % unit != 0 || (to % unit != 0 && to != of.shape[d])) {
      throw new IllegalArgumentException(
          "slice [%d, %d) of dimension %d cuts a block of %s; use multiples of %d"
              .formatted(from, to, d, of.format, unit));
    }
    return of.scales().slice(d, from / unit, Math.ceilDiv(to, unit));
  }

  static Tensor transpose(Tensor of) {
    if (of.rank() != 2 || of.format instanceof BlockFormat || of.element.storageBits() < 8) {
      throw new IllegalArgumentException(
          "cannot transpose %s: it takes a matrix of whole-byte codes without scales"
              .formatted(of));
    }
    return new Tensor(
        of.format,
        new long[] {of.shape[1], of.shape[0]},
        new long[] {of.strides[1], of.strides[0]},
        of.data,
        null,
        null);
  }

  static Tensor reshape(Tensor of, long... dimensions) {
    long[] checked = Shape.checked(dimensions);
    if (Shape.size(checked) != of.size()) {
      throw new IllegalArgumentException(
          "cannot reshape %s to %s: %d elements against %d"
              .formatted(of, Arrays.toString(dimensions), of.size(), Shape.size(checked)));
    }
    long[] packed = Shape.strides(checked, Shape.rowUnit(of.element));
    boolean sameColumns = checked[checked.length - 1] == of.columns();
    boolean evenRows =
        of.columns() % Shape.rowUnit(of.element) == 0
            && checked[checked.length - 1] % Shape.rowUnit(of.element) == 0;
    if (!consecutive(of) || !(sameColumns || evenRows)) {
      throw new IllegalArgumentException(
          "cannot reshape %s to %s: its elements are not consecutive in memory; copy it first"
              .formatted(of, Arrays.toString(dimensions)));
    }
    if (of.format instanceof BlockFormat block && of.scales != null) {
      Shape.checkBlocks(block, checked);
      boolean oneScale = block.blockRows() == BlockFormat.WHOLE;
      if (!oneScale && (!sameColumns || block.blockRows() > 1)) {
        throw new IllegalArgumentException(
            "cannot reshape %s to %s: that would regroup its blocks"
                .formatted(of, Arrays.toString(dimensions)));
      }
      return new Tensor(
          of.format,
          checked,
          packed,
          of.data,
          of.scales.reshape(Shape.scaleShape(block, checked)),
          of.tensorScale);
    }
    return new Tensor(of.format, checked, packed, of.data, null, null);
  }

  private static boolean consecutive(Tensor of) {
    long[] packed = Shape.strides(of.shape, Shape.rowUnit(of.element));
    for (int d = 0; d < of.shape.length; d++) {
      if (of.strides[d] != packed[d] && of.shape[d] > 1) {
        return false;
      }
    }
    return true;
  }

  static Tensor matrix(Tensor of, long index) {
    Tensor view = of;
    long rest = index;
    for (int d = of.rank() - 3; d >= 0; d--) {
      view = view.slice(d, rest % of.shape[d], rest % of.shape[d] + 1);
      rest /= of.shape[d];
    }
    return view.matrix();
  }

  static Tensor matrix(Tensor of) {
    // Dimensions of one element lie anywhere; the others must continue each other.
    long unit = Shape.rowUnit(of.element);
    long rowStride =
        of.rank() == 1 ? Math.ceilDiv(of.columns(), unit) * unit : of.strides[of.rank() - 2];
    long next = -1;
    for (int d = of.rank() - 2; d >= 0; d--) {
      if (of.shape[d] == 1) {
        continue;
      }
      if (next == -1) {
        rowStride = of.strides[d];
      } else if (of.strides[d] != next && of.size() > 0) {
        throw new IllegalArgumentException(
            "%s is no matrix: its rows do not lie at equal distances; take slices of it"
                .formatted(of));
      }
      next = of.strides[d] * of.shape[d];
    }
    Tensor matrixScales = of.scales;
    if (of.format instanceof BlockFormat block && block.blockRows() != BlockFormat.WHOLE) {
      if (block.blockRows() > 1
          && of.rank() > 2
          && of.rows() > of.shape[of.rank() - 2]
          && of.shape[of.rank() - 2] % block.blockRows() != 0) {
        throw new IllegalArgumentException(
            "%s is no matrix: its blocks of %d rows would cross its outer dimensions; take slices of it"
                .formatted(of, block.blockRows()));
      }
      matrixScales = of.scales().matrix();
    }
    return new Tensor(
        of.format,
        new long[] {of.rows(), of.columns()},
        new long[] {rowStride, of.strides[of.rank() - 1]},
        of.data,
        matrixScales,
        of.tensorScale);
  }
}
