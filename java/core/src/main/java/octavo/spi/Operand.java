package octavo.spi;

import octavo.format.Format;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;

/**
 * What a kernel's decision may depend on in one tensor of a call.
 *
 * @param format the format
 * @param rows the rows of the tensor seen as a matrix
 * @param columns the columns
 * @param unitColumnStride whether neighbouring columns are neighbours in memory, and their scales
 * @param storage what keeps codes and scales alive
 */
public record Operand(
    Format format, long rows, long columns, boolean unitColumnStride, Storage storage) {

  /**
   * {@return the description of a tensor}
   *
   * @param tensor the tensor
   */
  public static Operand of(Tensor tensor) {
    return new Operand(
        tensor.format(),
        tensor.rows(),
        tensor.columns(),
        tensor.unitColumnStride(),
        tensor.storage());
  }

  /**
   * {@return the description of a packed matrix}
   *
   * @param matrix the matrix
   */
  public static Operand of(PackedMatrix matrix) {
    return new Operand(matrix.format(), matrix.rows(), matrix.columns(), true, matrix.storage());
  }

  /**
   * {@return whether this is the description of a packed matrix, but for its packing}
   *
   * @param matrix the matrix
   */
  public boolean describes(PackedMatrix matrix) {
    return columns == matrix.columns()
        && rows == matrix.rows()
        && storage == matrix.storage()
        && format.equals(matrix.format());
  }

  /**
   * {@return whether this is the description of a tensor}, found out without allocating
   *
   * @param tensor the tensor
   */
  public boolean describes(Tensor tensor) {
    return columns == tensor.columns()
        && rows == tensor.rows()
        && storage == tensor.storage()
        && unitColumnStride == tensor.unitColumnStride()
        && format.equals(tensor.format());
  }

  /** {@return format and shape, such as {@code MXFP4 [4096 x 4096]}} */
  @Override
  public String toString() {
    return "%s [%d x %d]%s%s"
        .formatted(
            format,
            rows,
            columns,
            unitColumnStride ? "" : " strided",
            storage == Storage.HEAP ? " heap" : "");
  }
}
