package octavo.natives;

import java.lang.foreign.MemorySegment;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.spi.Verdict.Rejected;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Formats and tensors in the terms of {@code octavo.h}. */
final class NativeFormats {

  private static final ElementFormat[] ELEMENTS = Formats.elements().toArray(new ElementFormat[0]);

  private NativeFormats() {}

  /** {@return the format's number}; -1 if it is none of {@link Formats#elements()} */
  static int id(ElementFormat format) {
    for (int id = 0; id < ELEMENTS.length; id++) {
      if (ELEMENTS[id].equals(format)) {
        return id;
      }
    }
    return -1;
  }

  /** {@return why kernels do not know a format of elements}, or {@code null} */
  static @Nullable Rejected objection(ElementFormat format) {
    return id(format) >= 0
        ? null
        : new Rejected(
            "the native library knows only the formats it was generated with, not %s"
                .formatted(format));
  }

  /** {@return the distance between rows in bytes} */
  static long rowStrideBytes(Tensor matrix) {
    return matrix.stride(0) * matrix.element().storageBits() / 8;
  }

  /** {@return the number of the scales' format}, or {@link Binding#NO_SCALES} */
  static int scaleFormat(Tensor matrix) {
    return scaleFormat(matrix.format());
  }

  /** {@return the number of a format's scales}, or {@link Binding#NO_SCALES} */
  static int scaleFormat(Format format) {
    return format instanceof BlockFormat block ? id(block.scale()) : Binding.NO_SCALES;
  }

  /** {@return the scales}, or nothing */
  static MemorySegment scales(Tensor matrix) {
    return matrix.format() instanceof BlockFormat ? matrix.scales().data() : MemorySegment.NULL;
  }

  /** {@return the distance between rows of scales, in scales}; 0 if all rows have the same */
  static long scaleRowStride(Tensor matrix) {
    return matrix.format() instanceof BlockFormat block && block.blockRows() != BlockFormat.WHOLE
        ? matrix.scales().stride(0)
        : 0;
  }

  /** {@return the number of rows that share scales}; any if all do */
  static long blockRows(Tensor matrix) {
    return blockRows(matrix.format());
  }

  /** {@return the number of rows that share scales}; any if all do */
  static long blockRows(Format format) {
    return format instanceof BlockFormat block ? Math.max(block.blockRows(), 1) : 1;
  }

  /** {@return the number of columns that share a scale}; 0 if all do */
  static long blockColumns(Tensor matrix) {
    return blockColumns(matrix.format());
  }

  /** {@return the number of columns that share a scale}; 0 if all do */
  static long blockColumns(Format format) {
    return format instanceof BlockFormat block ? block.blockColumns() : 0;
  }
}
