package octavo.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import octavo.cli.DemoReport.Backend;
import octavo.cli.DemoReport.FormatResult;
import octavo.cli.DemoReport.Run;

/** A report of the demonstration for a person. */
final class DemoText {

  private DemoText() {}

  /**
   * {@return a report as text}
   *
   * @param report the report
   */
  static String of(DemoReport report) {
    DemoReport.Model model = report.model();
    DemoReport.Input input = report.activations();
    List<String> ran = report.backends().stream().filter(Backend::ran).map(Backend::name).toList();
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            """
            model        %s
            weights      %d matrices, %,d of the model's %,d parameters
            activations  %d rows in FP32: %s (seed %d)
            """,
            model.file(),
            model.matrices(),
            model.parameters(),
            model.parametersOfModel(),
            input.rows(),
            input.distribution(),
            input.seed()));
    for (String skipped : DemoReport.Skipped.summary(model.skipped())) {
      text.append("left out     ").append(skipped).append('\n');
    }
    text.append('\n').append(table(report, ran)).append('\n');
    text.append(
        """
        Bits per weight include scales. SQNR: of the weights. Output error: of the products, relative
        to those by FP32 weights (Frobenius norm). Times: one pass over all matrices on one thread,
        median after warm-up; reference: a single pass.
        """);
    text.append('\n');
    for (Backend backend : report.backends()) {
      text.append(String.format(Locale.ROOT, "%-9s  %s\n", backend.name(), backend.detail()));
    }
    for (FormatResult result : report.formats()) {
      for (Run run : result.runs()) {
        if (run.milliseconds() == null) {
          text.append(
              String.format(
                  Locale.ROOT,
                  "%-9s  not for %s: %s\n",
                  run.backend(),
                  result.format(),
                  String.valueOf(run.note())));
        }
      }
    }
    text.append('\n').append(verdict(report)).append("\n\n");
    text.append("Why the kernel is what it is, for one product:\n\n").append(report.explain());
    text.append(String.format(Locale.ROOT, "\n%.1f seconds in all\n", report.seconds()));
    return text.toString();
  }

  private static String table(DemoReport report, List<String> ran) {
    var header =
        new ArrayList<>(List.of("weights", "bits/weight", "smaller", "SQNR", "output error"));
    ran.forEach(backend -> header.add(backend + " ms"));
    header.add("bits");
    var table = new TextTable(header);
    for (FormatResult result : report.formats()) {
      var row = new ArrayList<String>();
      row.add(result.format());
      row.add(String.format(Locale.ROOT, "%.3f", result.bitsPerWeight()));
      row.add(String.format(Locale.ROOT, "%.2fx", result.compression()));
      Double sqnr = result.weightSqnrDb();
      row.add(sqnr == null ? "exact" : String.format(Locale.ROOT, "%.1f dB", sqnr));
      row.add(
          sqnr == null ? "-" : String.format(Locale.ROOT, "%.3f %%", result.outputError() * 100));
      for (String backend : ran) {
        row.add(
            result.runs().stream()
                .filter(run -> run.backend().equals(backend))
                .map(DemoText::time)
                .findFirst()
                .orElse("-"));
      }
      row.add(result.bits().toString());
      table.row(row);
    }
    return table.render();
  }

  private static String time(Run run) {
    Double milliseconds = run.milliseconds();
    return milliseconds == null ? "-" : String.format(Locale.ROOT, "%.1f", milliseconds);
  }

  private static String verdict(DemoReport report) {
    return switch (report.bits()) {
      case IDENTICAL ->
          "Bits: identical in every format on %s.".formatted(String.join(", ", compared(report)));
      case NOT_COMPARED -> {
        long compared =
            report.formats().stream()
                .filter(result -> result.bits() == DemoReport.Agreement.IDENTICAL)
                .count();
        yield "Bits: identical in %d of %d formats; the others ran on fewer than two backends."
            .formatted(compared, report.formats().size());
      }
      case DIFFERENT -> "Bits: DIFFERENT. " + String.join("\n", report.differences());
    };
  }

  /** {@return the backends that ran every format} */
  private static List<String> compared(DemoReport report) {
    return report.backends().stream()
        .map(DemoReport.Backend::name)
        .filter(name ->
            report.formats().stream()
                .allMatch(format ->
                    format.runs().stream()
                        .anyMatch(run -> run.backend().equals(name) && run.sha256() != null)))
        .toList();
  }
}
