package octavo.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Results in one Markdown table: a line for each thing that Octavo does, in Java and in C++, beside
 * the fastest peer with weights or codes of that width and the machine's limit. Products are in
 * GFLOP/s here, also those that memory bounds, so that weights of different sizes compare.
 */
final class Summary {

  private record Line(String op, String shape, String formats, int threads) {}

  private Summary() {}

  /** {@return the table} */
  static String markdown(Results results) {
    Map<Line, List<Figure>> lines = new LinkedHashMap<>();
    for (Figure figure : results.figures()) {
      Subject subject = figure.of();
      if (subject.octavo()) {
        lines
            .computeIfAbsent(
                new Line(subject.op(), subject.shape(), subject.formats(), subject.threads()),
                line -> new ArrayList<>())
            .add(figure);
      }
    }
    StringBuilder text =
        new StringBuilder(
            """
            | | formats | Octavo, Java | Octavo, C++ | best peer of that width | limit | |
            |---|---|---:|---:|---|---:|---|
            """);
    lines.forEach((line, figures) -> text.append(row(results, figures)));
    return text.toString();
  }

  private static String row(Results results, List<Figure> figures) {
    Figure any = figures.getFirst();
    Subject subject = any.of();
    Optional<Figure> peer = results.bestPeer(any);
    double[] limits =
        figures.stream()
            .mapToDouble(figure -> inUnit(figure.of(), figure.limit()))
            .filter(limit -> !Double.isNaN(limit))
            .toArray();
    return "| %s | %s | %s | %s | %s | %s | %s |\n"
        .formatted(
            title(subject),
            Tables.formats(subject),
            cell(figures, subject.layout() ? "nki" : "vector"),
            cell(figures, "ffm"),
            peer.map(figure ->
                    number(subject, figure)
                        + " "
                        + figure.of().contender()
                        + " "
                        + Tables.formats(figure.of()))
                .orElse(""),
            limits.length == 0 ? "" : Tables.number(Figure.quantile(limits, 0.5)),
            subject.product() && !subject.unit().equals("ms") ? "GFLOP/s" : subject.unit());
  }

  private static String title(Subject subject) {
    String op =
        switch (subject.op()) {
          case "gemv" -> "from DRAM";
          case "cold" -> "first product of a process";
          case "matmul", "small" -> "";
          default -> subject.op();
        };
    return (op.isEmpty() ? "" : op + ", ")
        + subject.shapeText()
        + (subject.threads() == 1 ? "" : ", %d threads".formatted(subject.threads()));
  }

  private static String cell(List<Figure> figures, String backend) {
    return figures.stream()
        .filter(figure -> figure.of().library().equals(backend))
        .findFirst()
        .map(figure ->
            number(figure.of(), figure)
                + (Double.isNaN(figure.share())
                    ? ""
                    : String.format(Locale.ROOT, " (%.0f %%)", 100 * figure.share())))
        .orElse("");
  }

  private static String number(Subject subject, Figure figure) {
    boolean product = subject.product() && !subject.unit().equals("ms");
    return Tables.number(
        product ? subject.operations() / figure.medianTime() : subject.rate(figure.medianTime()));
  }

  private static double inUnit(Subject subject, double limit) {
    return subject.limit() == Limit.READ
        ? limit * subject.operations() / subject.weightBytes()
        : limit;
  }
}
