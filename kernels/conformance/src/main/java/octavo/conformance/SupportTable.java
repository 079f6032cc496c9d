package octavo.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The committed lines of {@link Support} for the backends of one module. */
final class SupportTable {

  private static final int SHOWN = 20;

  private final Path file;
  private final String command;

  /**
   * Makes the table.
   *
   * @param file where it is committed
   * @param testName the simple name of the test class that writes and compares it
   */
  SupportTable(Path file, String testName) {
    this.file = file;
    this.command =
        "./mvnw test -Dtest=%s -Dsurefire.failIfNoSpecifiedTests=false -Dconformance.support=write"
            .formatted(testName);
  }

  /** Writes the lines of the backends. */
  void write(Registry registry, List<String> backends) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("# " + command);
    lines.add("backend,operation,first,how,second");
    backends.forEach(backend -> lines.addAll(Support.lines(registry, backend)));
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(file, lines);
  }

  /**
   * Compares the committed lines with those of the backends.
   *
   * @throws AssertionError if they differ, with the difference and the command that writes them
   */
  void compare(Registry registry, List<String> backends) throws IOException {
    Set<String> committed = new LinkedHashSet<>();
    if (Files.exists(file)) {
      Files.readAllLines(file).stream()
          .filter(line -> backends.stream().anyMatch(backend -> line.startsWith(backend + ",")))
          .forEach(committed::add);
    }
    Set<String> actual = new LinkedHashSet<>();
    backends.forEach(backend -> actual.addAll(Support.lines(registry, backend)));
    if (!committed.equals(actual) || !Files.exists(file)) {
      throw new AssertionError(
          "what the kernels support is not what %s says\n%s%sif that is meant: %s\n"
              .formatted(
                  file,
                  without("  committed  ", committed, actual),
                  without("  now        ", actual, committed),
                  command));
    }
  }

  private static String without(String label, Set<String> lines, Set<String> others) {
    List<String> left = lines.stream().filter(line -> !others.contains(line)).toList();
    StringBuilder text = new StringBuilder();
    left.stream().limit(SHOWN).forEach(line -> text.append(label).append(line).append('\n'));
    if (left.size() > SHOWN) {
      text.append("%sand %d more lines\n".formatted(label, left.size() - SHOWN));
    }
    return text.toString();
  }
}
