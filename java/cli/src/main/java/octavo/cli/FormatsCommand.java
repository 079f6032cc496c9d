package octavo.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.IntegerFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code octavo formats}: every format with its properties. */
@Command(
    name = "formats",
    description = "List the number formats.",
    mixinStandardHelpOptions = true)
final class FormatsCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  FormatsCommand() {}

  @Override
  public Integer call() {
    var out = spec.commandLine().getOut();
    out.println("Element formats: a code for each number");
    out.println();
    out.print(elements());
    out.println();
    out.println("Block formats: codes that share scales");
    out.println();
    out.print(blocks());
    out.flush();
    return ExitCode.OK;
  }

  private static String elements() {
    var table =
        new TextTable(
            List.of(
                "format",
                "bits",
                "stored",
                "exponent",
                "mantissa",
                "bias",
                "largest",
                "least normal",
                "least positive",
                "Inf",
                "NaN"));
    for (ElementFormat format : Formats.elements()) {
      table.row(
          switch (format) {
            case FloatFormat f ->
                List.of(
                    f.name(),
                    Integer.toString(f.bits()),
                    Integer.toString(f.storageBits()),
                    Integer.toString(f.exponentBits()),
                    Integer.toString(f.mantissaBits()),
                    Integer.toString(f.bias()),
                    number(f.maxFinite()),
                    number(f.minNormal()),
                    number(f.minPositive()),
                    f.infinities() ? "yes" : "-",
                    f.hasNan() ? "yes" : "-");
            case IntegerFormat i ->
                List.of(
                    i.name(),
                    Integer.toString(i.bits()),
                    Integer.toString(i.storageBits()),
                    "-",
                    "-",
                    "-",
                    number(i.maxFinite()),
                    "-",
                    number(i.decode(1)),
                    "-",
                    "-");
          });
    }
    return table.render();
  }

  private static String blocks() {
    var table =
        new TextTable(
            List.of("format", "elements", "block", "scales", "tensor scale", "bits per number"));
    for (BlockFormat format : Formats.blocks()) {
      table.row(
          List.of(
              format.name(),
              format.element().name(),
              block(format),
              format.scale().name(),
              format.tensorScale() ? "FP32" : "-",
              bitsPerNumber(format)));
    }
    return table.render();
  }

  private static String block(BlockFormat format) {
    if (format.blockRows() == BlockFormat.WHOLE) {
      return "tensor";
    }
    return format.blockColumns() == BlockFormat.WHOLE
        ? "row"
        : format.blockRows() + " x " + format.blockColumns();
  }

  private static String bitsPerNumber(BlockFormat format) {
    int stored = format.element().storageBits();
    if (!format.scalesWithinRow()) {
      return stored + " + scales";
    }
    double shared =
        (double) format.scale().storageBits() / (format.blockRows() * format.blockColumns());
    return "%s".formatted((float) (stored + shared));
  }

  private static String number(float value) {
    float magnitude = Math.abs(value);
    return magnitude >= 1e-3f && magnitude < 1e6f && value == Math.rint(value * 1024.0) / 1024.0
        ? Float.toString(value).replaceFirst("\\.0$", "")
        : String.format(Locale.ROOT, "%.3g", value);
  }
}
