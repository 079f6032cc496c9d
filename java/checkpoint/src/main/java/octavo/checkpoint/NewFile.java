package octavo.checkpoint;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;

/** Names for files that are not whole yet. */
final class NewFile {

  private static final SecureRandom RANDOM = new SecureRandom();

  private NewFile() {}

  /**
   * {@return a path in the same folder that nobody else uses}: what is written there can be moved
   * to the file's place in one step
   */
  static Path beside(Path file) {
    byte[] bytes = new byte[6];
    RANDOM.nextBytes(bytes);
    String name = "." + file.getFileName() + "." + HexFormat.of().formatHex(bytes) + ".part";
    return file.resolveSibling(name);
  }
}
