package octavo.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.IntegerFormat;

/**
 * The element formats as an X-macro list for C++: a file to be included where {@code OCT_FORMAT}
 * and {@code OCT_INTEGER_FORMAT} are defined.
 */
public final class CppFormats {

  /** Where the file is, seen from the project's root. */
  public static final String PATH = "native/src/main/cpp/generated/octavo_formats.inc";

  /** What writes it, run in the project's root after the core is compiled. */
  public static final String COMMAND =
      "$(./octavo --java-home)/bin/java -cp java/core/target/classes octavo.generate.CppFormats";

  private CppFormats() {}

  /**
   * Writes the file.
   *
   * @param arguments the project's root; by default the current directory
   * @throws IOException if it cannot be written
   */
  public static void main(String... arguments) throws IOException {
    Path file = Path.of(arguments.length == 0 ? "" : arguments[0]).resolve(PATH);
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, text());
  }

  /** {@return the content of the file} */
  public static String text() {
    StringBuilder text =
        new StringBuilder(
            """
            // Generated from octavo.format.Formats; do not edit. To write it again:
            //   %s
            //
            // OCT_FORMAT(id, name, bits, exponent_bits, mantissa_bits, bias, is_signed, has_infinity,
            //            nan_kind, has_negative_zero, has_subnormals)
            // OCT_INTEGER_FORMAT(id, name, bits, fraction_bits, is_symmetric)
            // nan_kind: NONE, IEEE, ALL_ONES or NEGATIVE_ZERO.

            """
                .formatted(COMMAND));
    List<ElementFormat> elements = Formats.elements();
    for (int id = 0; id < elements.size(); id++) {
      text.append(line(id, elements.get(id))).append('\n');
    }
    return text.toString();
  }

  private static String line(int id, ElementFormat format) {
    return switch (format) {
      case FloatFormat f ->
          "OCT_FORMAT(%d, %s, %d, %d, %d, %d, %d, %d, %s, %d, %d)"
              .formatted(
                  id,
                  f.name(),
                  f.bits(),
                  f.exponentBits(),
                  f.mantissaBits(),
                  f.bias(),
                  bit(f.signed()),
                  bit(f.infinities()),
                  f.nanCodes(),
                  bit(f.negativeZero()),
                  bit(f.subnormals()));
      case IntegerFormat f ->
          "OCT_INTEGER_FORMAT(%d, %s, %d, %d, %d)"
              .formatted(id, f.name(), f.bits(), f.fractionBits(), bit(f.symmetric()));
    };
  }

  private static int bit(boolean value) {
    return value ? 1 : 0;
  }
}
