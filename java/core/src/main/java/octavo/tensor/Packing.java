package octavo.tensor;

/**
 * The order of codes in a {@link PackedMatrix}: weights laid out once in the order in which a
 * kernel reads them, their codes unchanged.
 *
 * <p>With {@code P = panelRows}, {@code I = interleave} and {@code G = group}: rows form panels of
 * P, columns form groups of G. A panel is a run of groups, a group the {@code P * G} codes of its
 * rows and columns; the code of row {@code r} of the panel and column {@code k} is the code at
 * position
 *
 * <pre>
 *   (k / G) * P * G + ((r % (P / I)) * I + r / (P / I)) * G + k % G
 * </pre>
 *
 * <p>of its panel. So with {@code I = 1} rows follow each other; with {@code P = 64, I = 4, G = 1}
 * and one-byte codes each 32-bit word holds rows r, r + 16, r + 32 and r + 48 of one column, and
 * shifting all words of a column by 0, 8, 16 and 24 bits gives rows 0 to 15, 16 to 31 and so on
 * side by side.
 *
 * @param panelRows the rows of a panel, 1 to 4096
 * @param interleave how many rows that lie {@code panelRows / interleave} apart are neighbours;
 *     divides {@code panelRows}
 * @param group the columns that stay together in a row, 1 to 4096
 */
public record Packing(int panelRows, int interleave, int group) {

  private static final int LIMIT = 4096;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public Packing {
    if (panelRows < 1 || panelRows > LIMIT || group < 1 || group > LIMIT) {
      throw new IllegalArgumentException(
          "a packing of panels of %d rows and groups of %d columns; both are 1 to %d"
              .formatted(panelRows, group, LIMIT));
    }
    if (interleave < 1 || panelRows % interleave != 0) {
      throw new IllegalArgumentException(
          "a packing of panels of %d rows cannot interleave %d of them; it must divide the rows"
              .formatted(panelRows, interleave));
    }
  }

  /**
   * {@return where the codes of a row stand in each group of a panel, counted in groups' columns}
   *
   * @param row the row within its panel
   */
  public int position(int row) {
    int apart = panelRows / interleave;
    return row % apart * interleave + row / apart;
  }

  /**
   * {@return the codes of a panel, those of padding included}
   *
   * @param columns the columns of the matrix
   */
  public long panelCodes(long columns) {
    return Math.multiplyExact(Math.ceilDiv(columns, (long) group) * group, panelRows);
  }

  /**
   * {@return how many panels rows form, the last filled up}
   *
   * @param rows the rows of the matrix
   */
  public long panels(long rows) {
    return Math.ceilDiv(rows, (long) panelRows);
  }

  /** {@return the three numbers, such as {@code packed 64/4/1}} */
  @Override
  public String toString() {
    return "packed %d/%d/%d".formatted(panelRows, interleave, group);
  }
}
