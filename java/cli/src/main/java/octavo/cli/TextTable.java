package octavo.cli;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.ArrayList;
import java.util.List;

/** A table of text: first column to the left, others to the right. */
final class TextTable {

  private final List<String> header;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * Starts a table.
   *
   * @param header the columns' headings
   */
  TextTable(List<String> header) {
    this.header = List.copyOf(header);
  }

  /**
   * Adds a row.
   *
   * @param cells as many as there are headings
   */
  void row(List<String> cells) {
    if (cells.size() != header.size()) {
      throw new IllegalArgumentException(
          "a row of %d cells; the table has %d columns".formatted(cells.size(), header.size()));
    }
    rows.add(List.copyOf(cells));
  }

  /** {@return the table, a line for each row, without borders at the sides} */
  String render() {
    Column[] columns = new Column[header.size()];
    for (int c = 0; c < columns.length; c++) {
      HorizontalAlign align = c == 0 ? HorizontalAlign.LEFT : HorizontalAlign.RIGHT;
      columns[c] = new Column().header(header.get(c)).headerAlign(align).dataAlign(align);
    }
    String[][] cells =
        rows.stream().map(row -> row.toArray(String[]::new)).toArray(String[][]::new);
    String text =
        AsciiTable.builder()
            .lineSeparator("\n")
            .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS_NO_OUTSIDE_BORDER)
            .data(columns, cells)
            .asString();
    return text.lines().map(String::stripTrailing).reduce("", (a, b) -> a + b + "\n");
  }
}
