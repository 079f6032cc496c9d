package octavo.nki.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ExamplesTest {

  private static List<String> printed(Runnable program) {
    var captured = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      program.run();
    } finally {
      System.setOut(before);
    }
    return captured.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void tile() {
    String line = printed(() -> NkiTile.main(new String[0])).getFirst();

    assertTrue(line.startsWith("BF16 [128, 64], the largest error "), line);
    // Sums have a deviation of sqrt(512) / 16 = 1.4. E4M3FN is off by at most 1/16 of a token,
    // evenly
    // to both sides: 1.4 / 16 / 2 at the most in one deviation, of which 8192 sums see less than
    // six.
    double error = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
    assertTrue(error > 0 && error < 0.27, line);
  }

  @Test
  void sumInFp16() {
    List<String> lines = printed(() -> Fp16Sum.main(new String[] {"1"}));

    assertEquals("to nearest even: 1024.0", lines.get(0));
    // 2048 steps of 0 or 1: a deviation of 22.6.
    float sum = Float.parseFloat(lines.get(1).substring("stochastically:  ".length()));
    assertEquals(2048, sum, 6 * 22.7);
  }

  /** The repository. */
  private static Path root() {
    return Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
        .takeWhile(folder -> folder != null)
        .filter(folder -> Files.isRegularFile(folder.resolve("octavo")))
        .findFirst()
        .orElseThrow();
  }

  /** The second command; the first compiles what this test runs on. */
  @Test
  void theReadmeSaysHowToRunTheTile() throws IOException, InterruptedException {
    String readme = Files.readString(root().resolve("README.md"));
    int from = readme.indexOf("$(./octavo --java-home)/bin/java ");
    int to = readme.indexOf("```", from);
    assertTrue(from > 0 && to > from, "README.md has no command that begins so");
    ProcessBuilder command = new ProcessBuilder("sh", "-c", readme.substring(from, to));
    command.directory(root().toFile());
    command.environment().put("OCTAVO_JAVA_HOME", System.getProperty("java.home"));
    command.redirectErrorStream(true);
    Process process = command.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("BF16 [128, 64], the largest error "), output);
  }

  @Test
  void theReadmeShowsTheTestedSource() throws IOException {
    Path root = root();
    String source =
        Files.readString(root.resolve("java/nki/src/test/java/octavo/nki/examples/NkiTile.java"));
    String begin = "// sample:begin\n";
    int start = source.indexOf(begin) + begin.length();
    int end = source.lastIndexOf('\n', source.indexOf("// sample:end"));
    String sample = source.substring(start, end).stripIndent() + "\n";

    String readme = Files.readString(root.resolve("README.md"));
    int from = readme.indexOf("<!-- nki:begin -->\n") + "<!-- nki:begin -->\n".length();
    int to = readme.indexOf("<!-- nki:end -->");
    assertTrue(to > from, "README.md has no sample between nki:begin and nki:end");
    assertEquals(
        "```java\n" + sample + "```\n",
        readme.substring(from, to),
        "the sample in README.md must be the marked lines of NkiTile.java");
  }
}
