package octavo.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;

/** Results as rates, each as a share of the limit that applies to it. */
final class Report {

  private static final String PACKAGE = "octavo.bench.";

  private record Row(
      String benchmark,
      String parameters,
      double microseconds,
      double rate,
      String unit,
      double share) {}

  private Report() {}

  /** {@return a table of the results}; shares refer to the limits among them */
  static String of(Collection<RunResult> results) {
    Map<String, Double> limits =
        results.stream()
            .filter(result -> name(result).startsWith("LimitBench."))
            .collect(Collectors.toMap(Report::name, Report::rate));
    List<Row> rows = new ArrayList<>();
    for (RunResult result : results) {
      boolean arithmetic = isArithmetic(name(result));
      double limit =
          limits.getOrDefault(arithmetic ? "LimitBench.fma" : "LimitBench.copy", Double.NaN);
      rows.add(
          new Row(
              name(result),
              parameters(result.getParams()),
              nanoseconds(result) / 1e3,
              rate(result),
              arithmetic ? "GFLOP/s" : "GB/s",
              rate(result) / limit));
    }
    return AsciiTable.getTable(
            AsciiTable.NO_BORDERS,
            rows,
            List.of(
                column("benchmark", HorizontalAlign.LEFT).with(Row::benchmark),
                column("parameters", HorizontalAlign.LEFT).with(Row::parameters),
                column("us/op", HorizontalAlign.RIGHT).with(row -> number(row.microseconds())),
                column("rate", HorizontalAlign.RIGHT).with(row -> number(row.rate())),
                column("unit", HorizontalAlign.LEFT).with(Row::unit),
                column("of limit", HorizontalAlign.RIGHT)
                    .with(row -> String.format(Locale.ROOT, "%.1f %%", 100 * row.share()))))
        + "\nGB/s count bytes read and written; limits are LimitBench.fma and LimitBench.copy of this run.\n";
  }

  private static Column column(String header, HorizontalAlign align) {
    return new Column().header(header).headerAlign(align).dataAlign(align).maxWidth(80);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : "%.1f", value);
  }

  private static boolean isArithmetic(String name) {
    return name.startsWith("Matmul") || name.equals("LimitBench.fma");
  }

  private static String name(RunResult result) {
    return result.getParams().getBenchmark().replace(PACKAGE, "");
  }

  private static double nanoseconds(RunResult result) {
    return result.getPrimaryResult().getScore();
  }

  // JMH keeps the parameters in no particular order.
  private static String parameters(BenchmarkParams params) {
    return params.getParamsKeys().stream()
        .sorted()
        .map(params::getParam)
        .collect(Collectors.joining(" "));
  }

  /** {@return billions of operations, or of bytes read and written, per second}. */
  private static double rate(RunResult result) {
    BenchmarkParams params = result.getParams();
    String name = name(result);
    double work;
    if (name.equals("LimitBench.fma")) {
      work = LimitBench.FMA_OPERATIONS;
    } else if (name.equals("LimitBench.copy")) {
      work = 2.0 * LimitBench.COPY_BYTES;
    } else if (name.startsWith("Matmul")) {
      work = MatmulWork.operations(params.getParam("shape"));
    } else {
      Format format = Formats.byName(params.getParam("format"));
      long elements = name.startsWith("Convert") ? ConvertBench.ELEMENTS : QuantizeBench.ELEMENTS;
      work = elements * (Float.BYTES + bytesPerElement(format));
    }
    return work / nanoseconds(result);
  }

  private static double bytesPerElement(Format format) {
    double code = format.element().storageBits() / 8.0;
    return format instanceof BlockFormat block && block.scalesWithinRow()
        ? code + block.scale().bits() / 8.0 / (block.blockRows() * block.blockColumns())
        : code;
  }
}
