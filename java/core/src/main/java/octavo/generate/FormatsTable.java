package octavo.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.IntegerFormat;
import octavo.format.NanCodes;

/** The tables of formats in the README. */
public final class FormatsTable {

  /** Where they stand. */
  public static final MarkedSection SECTION = new MarkedSection("formats");

  /** What writes them, run in the project's root after the core is compiled. */
  public static final String COMMAND =
      "$(./octavo --java-home)/bin/java -cp java/core/target/classes octavo.generate.FormatsTable";

  private FormatsTable() {}

  /**
   * Rewrites the tables in {@code README.md}.
   *
   * @param arguments the project's root; by default the current directory
   * @throws IOException if the file cannot be read or written
   */
  public static void main(String... arguments) throws IOException {
    Path readme = Path.of(arguments.length == 0 ? "" : arguments[0]).resolve("README.md");
    Files.writeString(readme, SECTION.replace(Files.readString(readme), text()));
  }

  /** {@return both tables in Markdown} */
  public static String text() {
    List<List<String>> elements = new ArrayList<>();
    elements.add(
        List.of(
            "element format",
            "bits",
            "s/e/m",
            "bias",
            "max",
            "min normal",
            "min subnormal",
            "Inf",
            "NaN"));
    Formats.elements().forEach(format -> elements.add(row(format)));
    List<List<String>> blocks = new ArrayList<>();
    blocks.add(List.of("block format", "element", "block", "scale", "bits per element"));
    Formats.blocks().forEach(format -> blocks.add(row(format)));
    return markdown(elements) + "\n" + markdown(blocks);
  }

  private static List<String> row(ElementFormat format) {
    return switch (format) {
      case FloatFormat f ->
          List.of(
              f.name(),
              Integer.toString(f.bits()),
              "%d/%d/%d".formatted(f.signed() ? 1 : 0, f.exponentBits(), f.mantissaBits()),
              Integer.toString(f.bias()),
              number(f.maxFinite()),
              number(f.minNormal()),
              f.subnormals() ? number(f.minPositive()) : "none",
              f.infinities() ? code(f, f.infinityCode(false)) : "none",
              nan(f));
      case IntegerFormat f ->
          List.of(
              f.name(),
              Integer.toString(f.bits()),
              f.fractionBits() == 0 ? "integer" : "integer / 2^" + f.fractionBits(),
              "",
              number(f.maxFinite()),
              "",
              "",
              "none",
              "none");
    };
  }

  private static String nan(FloatFormat f) {
    return switch (f.nanCodes()) {
      case NONE -> "none";
      case IEEE -> "above Inf";
      case ALL_ONES, NEGATIVE_ZERO -> code(f, f.nanCode(false));
    };
  }

  private static String code(FloatFormat f, int code) {
    String digits = "%0" + Math.ceilDiv(f.bits(), 4) + "X";
    boolean oneSign = !f.signed() || f.nanCodes() == NanCodes.NEGATIVE_ZERO;
    return "0x" + digits.formatted(code) + (oneSign ? "" : " (±)");
  }

  private static List<String> row(BlockFormat format) {
    return List.of(
        format.name(),
        format.element().name(),
        shape(format),
        format.scale().name() + (format.tensorScale() ? ", FP32 for the tensor" : ""),
        bitsPerElement(format));
  }

  private static String shape(BlockFormat format) {
    if (format.blockRows() == BlockFormat.WHOLE) {
      return "tensor";
    }
    return format.blockColumns() == BlockFormat.WHOLE
        ? "row"
        : format.blockRows() + " x " + format.blockColumns();
  }

  /** Memory per element, its share of the block's scale included. */
  private static String bitsPerElement(BlockFormat format) {
    int element = format.element().storageBits();
    if (!format.scalesWithinRow()) {
      return Integer.toString(element);
    }
    double shared =
        (double) format.scale().storageBits() / format.blockRows() / format.blockColumns();
    String text = String.format(Locale.ROOT, "%.3f", element + shared);
    return text.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  /** A power of two, a short decimal, or a multiple of a power of two. */
  private static String number(float value) {
    int exponent = Math.getExponent((double) value);
    double significand = value / Math.scalb(1.0, exponent);
    if (significand == 1 && exponent < -4) {
      return "2^" + exponent;
    }
    if (Math.abs(exponent) < 17 && value == Math.rint(value * 64) / 64) {
      return value == Math.rint(value) ? Long.toString((long) value) : Float.toString(value);
    }
    if (significand == 1) {
      return "2^" + exponent;
    }
    int below = 52 - Long.numberOfTrailingZeros(Double.doubleToRawLongBits(significand));
    return significand == 2 - Math.scalb(1.0, -below)
        ? "(2 - 2^-%d) * 2^%d".formatted(below, exponent)
        : Float.toString(value);
  }

  private static String markdown(List<List<String>> rows) {
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      text.append("| ").append(String.join(" | ", rows.get(r))).append(" |\n");
      if (r == 0) {
        text.append("|").append("---|".repeat(rows.get(0).size())).append('\n');
      }
    }
    return text.toString();
  }
}
