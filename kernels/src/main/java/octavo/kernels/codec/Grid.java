package octavo.kernels.codec;

import octavo.spi.Workers;
import octavo.tensor.Tensor;

/**
 * How a matrix is cut into the parts of a call: bands of rows, and pieces of them where these are
 * few.
 */
public final class Grid {

  /** Some tens of microseconds' worth. */
  private static final long LEAST_ELEMENTS = 1 << 16;

  private static final int PARTS_PER_THREAD = 8;

  private long rows;
  private long columns;
  private long rowsPerPart;
  private long columnsPerPart;
  private int across;
  private int parts;

  /** Makes a grid that {@link #cut} still has to cut. */
  public Grid() {}

  /**
   * Cuts a matrix.
   *
   * @param height its rows
   * @param width its columns
   * @param bandRows rows that stay together
   * @param pieceColumns columns that stay together; {@link Long#MAX_VALUE}: all
   * @param workers who computes the parts
   */
  public void cut(long height, long width, long bandRows, long pieceColumns, Workers workers) {
    rows = height;
    columns = width;
    long bands = Math.ceilDiv(height, bandRows);
    long most = workers.parallelism() == 1 ? 1 : (long) workers.parallelism() * PARTS_PER_THREAD;
    long wanted = Math.clamp(Math.max(height, 1) * width / LEAST_ELEMENTS, 1, most);
    long bandsPerPart = Math.max(1, bands / wanted);
    rowsPerPart = bandsPerPart * bandRows;
    long down = Math.ceilDiv(height, rowsPerPart);
    columnsPerPart = Math.max(width, 1);
    if (down < wanted && pieceColumns < width) {
      long pieces = Math.ceilDiv(width, pieceColumns);
      columnsPerPart = Math.ceilDiv(pieces, Math.ceilDiv(wanted, Math.max(down, 1))) * pieceColumns;
    }
    across = (int) Math.ceilDiv(Math.max(width, 1), columnsPerPart);
    parts = (int) (down * across);
  }

  /**
   * {@return whether the rows of a matrix are one long row}
   *
   * @param matrix the matrix
   */
  public static boolean consecutive(Tensor matrix) {
    return matrix.stride(0) == matrix.columns() || matrix.rows() == 1;
  }

  /** {@return the columns of the matrix} */
  public long columns() {
    return columns;
  }

  /** {@return the number of parts} */
  public int parts() {
    return parts;
  }

  /**
   * {@return a part's first row}
   *
   * @param part the part
   */
  public long firstRow(int part) {
    return part / across * rowsPerPart;
  }

  /**
   * {@return the row behind a part's last}
   *
   * @param part the part
   */
  public long endRow(int part) {
    return Math.min(rows, firstRow(part) + rowsPerPart);
  }

  /**
   * {@return a part's first column}
   *
   * @param part the part
   */
  public long firstColumn(int part) {
    return part % across * columnsPerPart;
  }

  /**
   * {@return the column behind a part's last}
   *
   * @param part the part
   */
  public long endColumn(int part) {
    return Math.min(columns, firstColumn(part) + columnsPerPart);
  }
}
