package octavo.nki;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A place for an intermediate tensor, kept between calls: the format and shape of one of the last
 * two give the same tensor again, other ones reuse its memory if it suffices. Holds whatever it
 * held.
 */
final class Scratch {

  private final boolean heap;
  private float[] array = {};
  private MemorySegment data = MemorySegment.NULL;
  private MemorySegment scales = MemorySegment.NULL;
  private @Nullable Tensor last;
  private @Nullable Tensor before;

  private Scratch(boolean heap) {
    this.heap = heap;
  }

  /** {@return one in a Java array, for FP32 that loops read as floats} */
  static Scratch onHeap() {
    return new Scratch(true);
  }

  /** {@return one outside the heap, which every kernel may touch} */
  static Scratch offHeap() {
    return new Scratch(false);
  }

  /** {@return the array behind the last tensor, of at least its size} */
  float[] floats() {
    return array;
  }

  /** {@return a matrix} */
  Tensor matrix(Format format, long rows, long columns) {
    Tensor tensor = last;
    if (tensor != null && is(tensor, format, rows, columns)) {
      return tensor;
    }
    // Two in turn are kept: an instruction's results, and those of its reduction.
    Tensor other = before;
    before = tensor;
    tensor =
        other != null && is(other, format, rows, columns) ? other : make(format, rows, columns);
    last = tensor;
    return tensor;
  }

  private static boolean is(Tensor tensor, Format format, long rows, long columns) {
    return tensor.format().equals(format) && tensor.rows() == rows && tensor.columns() == columns;
  }

  private Tensor make(Format format, long rows, long columns) {
    ElementFormat element = format.element();
    long bytes = rows * Codes.byteSize(element, columns);
    if (heap) {
      if (array.length * 4L < bytes) {
        array = new float[Math.toIntExact(Math.ceilDiv(bytes, 4L))];
        data = MemorySegment.ofArray(array);
        before = null;
      }
    } else if (data.byteSize() < bytes) {
      data = Arena.ofAuto().allocate(bytes, 64);
      before = null;
    }
    if (!(format instanceof BlockFormat block)) {
      return Tensor.of(element, data.asSlice(0, bytes), rows, columns);
    }
    long scaleColumns = block.scaleColumns(columns);
    if (scales.byteSize() < rows * scaleColumns) {
      scales = Arena.ofAuto().allocate(Math.max(1, rows * scaleColumns), 64);
      before = null;
    }
    return Tensor.ofBlocks(
        block,
        data.asSlice(0, bytes),
        Tensor.of(block.scale(), scales.asSlice(0, rows * scaleColumns), rows, scaleColumns),
        MemorySegment.NULL,
        rows,
        columns);
  }
}
