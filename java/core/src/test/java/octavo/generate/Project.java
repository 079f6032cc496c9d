package octavo.generate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The project's files, for tests that compare them with what generates them. */
final class Project {

  private Project() {}

  /** {@return the folder that holds all modules: the nearest one above with a launcher} */
  static Path root() {
    Path start = Path.of("").toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isDirectory(folder.resolve("java/core"))
          && Files.isDirectory(folder.resolve("native"))) {
        return folder;
      }
    }
    throw new AssertionError("no folder above " + start + " holds java/core and native");
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
