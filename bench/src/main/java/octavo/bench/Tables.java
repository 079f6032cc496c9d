package octavo.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Results as tables: for a terminal, and in Markdown. */
final class Tables {

  private static final List<String> HEADS =
      List.of(
          "formats",
          "by",
          "rate",
          "best",
          "limit",
          "share",
          "x OpenBLAS",
          "x best peer of that width",
          "B/run");

  private Tables() {}

  /** {@return titles, each with its table} */
  private static Map<String, List<List<String>>> tables(Results results) {
    Map<String, List<List<String>>> tables = new LinkedHashMap<>();
    for (Figure figure : results.figures()) {
      tables.computeIfAbsent(title(figure), title -> new ArrayList<>()).add(row(results, figure));
    }
    return tables;
  }

  /** {@return the title of what a figure belongs to} */
  static String title(Figure figure) {
    Subject subject = figure.of();
    String op =
        switch (subject.op()) {
          case "gemv" -> subject.size(0) == 1 ? "GEMV from DRAM" : "skinny matmul from DRAM";
          case "small" -> "small matmul";
          case "call" -> "one call";
          case "cold" -> "first product in a fresh process";
          default -> subject.op();
        };
    return "%s, %s%s%s"
        .formatted(
            op,
            subject.shapeText(),
            subject.threads() == 1 ? "" : ", " + subject.threads() + " threads",
            " (" + figure.unit() + (figure.unit().equals("GB/s") ? bytes(subject) : "") + ")");
  }

  private static String bytes(Subject subject) {
    return subject.product() ? " of weights" : " read and written";
  }

  private static List<String> row(Results results, Figure figure) {
    Subject subject = figure.of();
    boolean octavo = subject.octavo();
    return List.of(
        formats(subject),
        contender(subject),
        number(figure.rate()),
        number(figure.best()),
        Double.isNaN(figure.limit()) ? "" : number(figure.limit()),
        Double.isNaN(figure.share())
            ? ""
            : String.format(
                Locale.ROOT, "%.0f %% (%.0f)", 100 * figure.share(), 100 * figure.bestShare()),
        octavo
            ? results
                .openBlas(figure)
                .map(peer -> ratio(peer.medianTime() / figure.medianTime()))
                .orElse("")
            : "",
        octavo
            ? results
                .bestPeer(figure)
                .map(peer ->
                    ratio(peer.medianTime() / figure.medianTime())
                        + " "
                        + peer.of().contender()
                        + " "
                        + peer.of().target())
                .orElse("")
            : "",
        Double.isNaN(figure.allocated()) || !octavo
            ? ""
            : String.format(Locale.ROOT, "%.0f", figure.allocated()));
  }

  /** {@return the formats for a person} */
  static String formats(Subject subject) {
    return subject
        .formats()
        .replace("~stochastic", " stochastic")
        .replace("*", " x ")
        .replace(">", " to ");
  }

  /** {@return who did it, for a person} */
  static String contender(Subject subject) {
    return subject.octavo()
        ? "Octavo "
            + subject
                .contender()
                .replace("+packed", ", packed weights")
                .replace("+nki", ", NKI tiles")
                .replaceFirst("\\+(\\d+:\\d+)", ", $1 sparse weights")
        : subject.contender();
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  /** {@return a number of three digits or more} */
  static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value);
  }

  /** {@return tables for a terminal} */
  static String text(Results results) {
    StringBuilder text = new StringBuilder();
    text.append("\nlimits of the machine\n");
    for (MachineLimits.Measured limit : results.limits()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-34s %7.1f %s (best %.1f)\n",
              limit.name(),
              limit.median(),
              limit.unit(),
              limit.best()));
    }
    tables(results)
        .forEach((title, rows) -> {
          text.append('\n').append(title).append('\n');
          List<Column> columns = new ArrayList<>();
          for (int i = 0; i < HEADS.size(); i++) {
            HorizontalAlign align = i < 2 || i == 7 ? HorizontalAlign.LEFT : HorizontalAlign.RIGHT;
            columns.add(
                new Column().header(HEADS.get(i)).headerAlign(align).dataAlign(align).maxWidth(60));
          }
          text.append(
                  AsciiTable.getTable(
                      AsciiTable.NO_BORDERS,
                      columns.toArray(Column[]::new),
                      rows.stream()
                          .map(row -> row.toArray(String[]::new))
                          .toArray(String[][]::new)))
              .append('\n');
        });
    for (Results.PeerState peer : results.peers()) {
      text.append("\npeer %s %s: %s".formatted(peer.name(), peer.version(), peer.state()));
    }
    for (Results.Missing missing : results.missing()) {
      text.append("\nno figure of %s: %s".formatted(missing.subject(), missing.reason()));
    }
    return text.append('\n').append(EXPLANATION).toString();
  }

  private static final String EXPLANATION =
      """

      Rates are medians of the samples, "best" the best sample. The limit is measured in the same process before
      every sample; "share" is median rate over median limit, and in brackets best rate over highest limit.
      "x" columns are times over times of the same product or conversion: above 1, Octavo is faster.
      """;

  /** {@return a document in Markdown} */
  static String markdown(Results results) {
    StringBuilder text = new StringBuilder();
    text.append("```\n").append(results.machine().text()).append("```\n");
    text.append('\n').append(Summary.markdown(results));
    text.append("\n| limit of the machine | median | best | |\n|---|---:|---:|---|\n");
    for (MachineLimits.Measured limit : results.limits()) {
      text.append(
          "| %s | %s | %s | %s |\n"
              .formatted(limit.name(), number(limit.median()), number(limit.best()), limit.unit()));
    }
    tables(results)
        .forEach((title, rows) -> {
          text.append("\n**").append(title).append("**\n\n");
          text.append("| ").append(String.join(" | ", HEADS)).append(" |\n");
          text.append("|---|---|---:|---:|---:|---:|---:|---|---:|\n");
          for (List<String> row : rows) {
            text.append("| ").append(String.join(" | ", row)).append(" |\n");
          }
        });
    text.append('\n');
    for (Results.PeerState peer : results.peers()) {
      text.append("- %s %s: %s\n".formatted(peer.name(), peer.version(), peer.state()));
    }
    for (Results.Missing missing : results.missing()) {
      text.append("- no figure of `%s`: %s\n".formatted(missing.subject(), missing.reason()));
    }
    return text.append(EXPLANATION).toString();
  }
}
