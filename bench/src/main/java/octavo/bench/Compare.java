package octavo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The command {@code octavo bench compare}: the same benchmarks on Octavo's jars of two builds, a
 * process of the one and a process of the other in turn, so that what else the machine does hits
 * both.
 */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Times two builds in turn, A B A B, and prints how much faster B is.",
      "A build is a checkout in which './octavo bench --list' has run, or a folder of Octavo's jars."
    })
final class Compare implements Callable<Integer> {

  @Option(
      names = "--rounds",
      defaultValue = "3",
      description = "Processes of each build per subject (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(names = "--full", description = "All subjects and longer times, not those of --quick.")
  private boolean full;

  @Parameters(index = "0", paramLabel = "BUILD_A", description = "The build to compare with.")
  private Path first = Path.of("");

  @Parameters(index = "1", paramLabel = "BUILD_B", description = "The build to compare.")
  private Path second = Path.of("");

  @Parameters(index = "2..*", arity = "0..*", paramLabel = "REGEX", description = "As of bench.")
  private List<String> expressions = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    List<String> classPaths = List.of(classPath(first), classPath(second));
    List<Subject> subjects =
        Main.chosen(Suite.subjects(!full), expressions).stream().filter(Subject::octavo).toList();
    Path home = Path.of(System.getProperty("bench.home", ".")).toAbsolutePath();
    Path log =
        Files.createDirectories(home.resolve("target").resolve("bench")).resolve("compare.log");
    Files.deleteIfExists(log);
    Measurement measurement = new Measurement(!full, 1, log);
    System.out.println("A  " + first + "  " + Machine.commitIn(first));
    System.out.println("B  " + second + "  " + Machine.commitIn(second));
    System.out.printf(
        "%n%-64s %10s %10s  %-8s %6s  %s%n", "subject", "A", "B", "", "B / A", "each round");
    String own = System.getProperty("java.class.path");
    int failures = 0;
    for (Subject subject : subjects) {
      double[][] rates = new double[2][rounds];
      try {
        for (int round = 0; round < rounds; round++) {
          for (int build = 0; build < 2; build++) {
            // JMH hands this on to the process that measures.
            System.setProperty("java.class.path", classPaths.get(build));
            rates[build][round] = speed(measurement.of(subject));
          }
        }
      } catch (Measurement.FailedException e) {
        System.out.printf("%-64s failed: %s%n", subject.id(), e.reason());
        failures++;
        continue;
      } finally {
        System.setProperty("java.class.path", own);
      }
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        ratios[round] = rates[1][round] / rates[0][round];
      }
      System.out.printf(
          Locale.ROOT,
          "%-64s %10.2f %10.2f  %-8s %6.3f  %s%n",
          subject.id(),
          subject.rate(1 / Figure.quantile(rates[0], 0.5)),
          subject.rate(1 / Figure.quantile(rates[1], 0.5)),
          subject.unit(),
          Figure.quantile(ratios, 0.5),
          Arrays.stream(ratios)
              .sorted()
              .mapToObj(ratio -> String.format(Locale.ROOT, "%.3f", ratio))
              .reduce((a, b) -> a + " " + b)
              .orElse(""));
    }
    System.out.println("\nB / A above 1: B is faster. Columns A and B are medians of the rounds.");
    return failures == 0 ? 0 : 1;
  }

  private static double speed(Figure figure) {
    return 1 / figure.medianTime();
  }

  /** {@return a class path with Octavo's jars of a build before this program and its libraries} */
  private static String classPath(Path build) throws IOException {
    List<Path> folders = List.of(build.resolve("bench").resolve("target").resolve("lib"), build);
    for (Path folder : folders) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      List<String> jars;
      try (Stream<Path> files = Files.list(folder)) {
        jars =
            files
                .filter(file -> file.getFileName().toString().matches("octavo-.*\\.jar"))
                .map(file -> file.toAbsolutePath().normalize().toString())
                .sorted()
                .toList();
      }
      if (!jars.isEmpty()) {
        return String.join(java.io.File.pathSeparator, jars)
            + java.io.File.pathSeparator
            + System.getProperty("java.class.path");
      }
    }
    throw new IllegalArgumentException(
        "%s is no build: neither it nor its bench/target/lib has jars octavo-*.jar; run './octavo bench --list' there"
            .formatted(build));
  }
}
