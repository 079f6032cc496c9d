package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import octavo.Engine;
import octavo.spi.Overrides;
import org.junit.jupiter.api.Test;

/** The README says what the code says. */
class ReadmeTest {

  private static final Pattern SYSTEM_PROPERTY = Pattern.compile("\\| `(octavo\\.[a-z.]+)` \\|");

  /** {@return the top folder: the nearest one above the working folder that holds the launcher} */
  private static Path root() {
    return Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
        .takeWhile(folder -> folder != null)
        .filter(folder -> Files.isRegularFile(folder.resolve("octavo")))
        .findFirst()
        .orElseThrow();
  }

  private static String readme() throws IOException {
    return Files.readString(root().resolve("README.md"));
  }

  @Test
  void kernelMatrixIsThatOfTheKernels() throws IOException {
    String shown = MatrixCommand.REGION.of(readme());

    assertEquals(
        new KernelMatrix(Engine.create(Overrides.NONE)).render(shown),
        shown,
        "README.md is stale; regenerate it: ./octavo matrix --write README.md");
  }

  @Test
  void sampleIsTheTestedSource() throws IOException {
    String source =
        Files.readString(root().resolve("java/cli/src/test/java/octavo/examples/QuickStart.java"));
    String begin = "// sample:begin\n";
    int start = source.indexOf(begin) + begin.length();
    int end = source.lastIndexOf('\n', source.indexOf("// sample:end"));
    String sample = source.substring(start, end).stripIndent() + "\n";

    assertEquals(
        "```java\n" + sample + "```\n",
        new MarkedRegion("sample").of(readme()),
        "the sample in README.md must be the marked lines of QuickStart.java");
  }

  @Test
  void everySystemPropertyInTheTableIsKnown() throws IOException {
    Matcher names = SYSTEM_PROPERTY.matcher(readme());
    int count = 0;
    while (names.find()) {
      Overrides.parse(java.util.Map.of(names.group(1), valid(names.group(1))));
      count++;
    }
    assertTrue(count > 0);
    // The error for an unknown name lists all known ones; the table must have each.
    try {
      Overrides.parse(java.util.Map.of("octavo.unknown", ""));
    } catch (IllegalArgumentException e) {
      Matcher known = Pattern.compile("octavo\\.[a-z.]+[a-z]").matcher(e.getMessage());
      while (known.find()) {
        String name = known.group();
        if (!name.equals("octavo.unknown")) {
          assertTrue(readme().contains("| `" + name + "` |"), "the README lacks " + name);
        }
      }
    }
  }

  private static String valid(String property) {
    return switch (property) {
      case "octavo.backend", "octavo.disable", "octavo.require" -> "reference";
      case "octavo.isa.max" -> "avx2";
      case "octavo.vector.bits" -> "256";
      case "octavo.threads" -> "2";
      case "octavo.warmup" -> "none";
      case "octavo.explain" -> "plans";
      default -> "somewhere";
    };
  }

  @Test
  void everyFolderInTheLayoutExists() throws IOException {
    String layout = readme().substring(readme().indexOf("## Layout"));
    List<String> folders =
        layout
            .lines()
            .map(line -> line.split(" ", -1)[0])
            .filter(word -> word.matches("[a-z]+/([a-z]+/)*"))
            .toList();

    assertTrue(folders.contains("java/core/"), folders::toString);
    for (String folder : folders) {
      assertTrue(Files.isDirectory(root().resolve(folder)), folder);
    }
  }
}
