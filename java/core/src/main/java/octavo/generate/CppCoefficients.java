package octavo.generate;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import octavo.math.Coefficients;

/** Writes the numbers of {@link Coefficients} for the C++ kernels. */
public final class CppCoefficients {

  /** Where the file lies in the project. */
  public static final Path PATH = Path.of("native/src/main/cpp/generated/octavo_coefficients.inc");

  private CppCoefficients() {}

  /**
   * Writes the file.
   *
   * @param arguments the project's root; by default the current directory
   * @throws IOException if it cannot be written
   */
  public static void main(String... arguments) throws IOException {
    Files.writeString(Path.of(arguments.length == 0 ? "" : arguments[0]).resolve(PATH), text());
  }

  /** {@return the content of the file} */
  public static String text() {
    StringBuilder text =
        new StringBuilder(
            """
            // Generated from octavo.math.Coefficients; do not edit. To write it again:
            //   $(./octavo --java-home)/bin/java -cp java/core/target/classes octavo.generate.CppCoefficients

            """);
    List<Field> fields =
        Arrays.stream(Coefficients.class.getFields())
            .sorted(Comparator.comparing(Field::getName))
            .toList();
    for (Field field : fields) {
      text.append(line(field)).append('\n');
    }
    return text.toString();
  }

  private static String line(Field field) {
    try {
      return field.getType() == float.class
          ? "static constexpr float %s = %sf;"
              .formatted(field.getName(), Float.toHexString(field.getFloat(null)))
          : "static constexpr int32_t %s = 0x%X;".formatted(field.getName(), field.getInt(null));
    } catch (IllegalAccessException e) {
      throw new AssertionError("the numbers are public", e);
    }
  }
}
