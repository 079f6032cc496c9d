package octavo.natives;

import octavo.spi.Workers;

/**
 * A matrix cut into parts for several threads: pieces of rows times pieces of columns, each worth
 * some tens of microseconds. Pieces begin at multiples of a unit. Mutable, so that calls allocate
 * nothing.
 */
final class Grid {

  /** How many parts there are for each thread, so that one that is slow holds up nobody. */
  private static final int PARTS_PER_THREAD = 4;

  private long rows;
  private long columns;
  private long rowPiece;
  private long columnPiece;
  private int down;
  private int across;

  /**
   * Cuts a matrix.
   *
   * @param work how much there is to do, in units of the least that is worth a part
   * @param rowUnit what rows may be cut at
   * @param columnUnit what columns may be cut at; 0: nowhere
   * @param byColumns whether columns are cut first, else rows
   */
  void cut(
      long rowCount,
      long columnCount,
      double work,
      long rowUnit,
      long columnUnit,
      boolean byColumns,
      Workers workers) {
    rows = rowCount;
    columns = columnCount;
    int threads = workers.parallelism();
    long parts =
        threads <= 1 ? 1 : Math.max(1, (long) Math.min(work, (double) PARTS_PER_THREAD * threads));
    long rowUnits = Math.max(1, Math.ceilDiv(rows, rowUnit));
    long columnUnits = columnUnit == 0 ? 1 : Math.max(1, Math.ceilDiv(columns, columnUnit));
    long acrossWanted = Math.min(byColumns ? parts : Math.ceilDiv(parts, rowUnits), columnUnits);
    long downWanted = Math.min(Math.ceilDiv(parts, acrossWanted), rowUnits);
    rowPiece = Math.ceilDiv(rowUnits, downWanted) * rowUnit;
    columnPiece =
        columnUnit == 0
            ? Math.max(columns, 1)
            : Math.ceilDiv(columnUnits, acrossWanted) * columnUnit;
    down = (int) Math.max(1, Math.ceilDiv(rows, rowPiece));
    across = (int) Math.max(1, Math.ceilDiv(columns, columnPiece));
  }

  int parts() {
    return down * across;
  }

  long rowBegin(int part) {
    return part / across * rowPiece;
  }

  long rowEnd(int part) {
    return Math.min(rows, rowBegin(part) + rowPiece);
  }

  long columnBegin(int part) {
    return part % across * columnPiece;
  }

  long columnEnd(int part) {
    return Math.min(columns, columnBegin(part) + columnPiece);
  }
}
