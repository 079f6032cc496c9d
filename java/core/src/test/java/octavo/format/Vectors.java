package octavo.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Test vectors in text resources beside the tests: words, one case a line, comments after {@code
 * #}.
 */
final class Vectors {

  private Vectors() {}

  /** {@return the words of every line that is no comment} */
  static List<List<String>> read(String resource) {
    try (InputStream in = Vectors.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new AssertionError("no resource " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#") && !line.isBlank())
          .map(line -> List.of(line.strip().split("\\s+")))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the FP32 number with these bits} */
  static float fp32(String hex) {
    return Float.intBitsToFloat(hex(hex));
  }

  static int hex(String digits) {
    return Integer.parseUnsignedInt(digits, 16);
  }
}
