package octavo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import octavo.Engine;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.Overrides;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks on every backend that this machine has and prints each result as a share of
 * the machine's limit, measured in the same run. Arguments: {@code --quick} for about two minutes,
 * then regular expressions that select benchmarks.
 */
public final class Main {

  private Main() {}

  /**
   * Runs the benchmarks.
   *
   * @param arguments {@code [--quick] [regular expression ...]}
   * @throws RunnerException if JMH fails
   * @throws IOException if the results cannot be written
   */
  public static void main(String[] arguments) throws RunnerException, IOException {
    List<String> patterns = new ArrayList<>(Arrays.asList(arguments));
    boolean quick = patterns.remove("--quick");
    for (String pattern : patterns) {
      if (pattern.startsWith("-")) {
        System.err.println(
            "octavo bench: unknown option '" + pattern + "'; usage: bench [--quick] [pattern ...]");
        System.exit(2);
      }
    }

    Host host = Engine.create(Overrides.ofSystemProperties()).host();
    System.out.print(host.describe());
    String[] backends =
        host.backends().stream()
            .filter(BackendStatus::available)
            .map(BackendStatus::backend)
            .toArray(String[]::new);
    Path results = Path.of("target", "bench", "results.json").toAbsolutePath();
    Files.createDirectories(results.getParent());
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .threads(1)
            .forks(quick ? 1 : 3)
            .jvmArgsAppend(
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED")
            .warmupIterations(quick ? 2 : 5)
            .measurementIterations(quick ? 3 : 5)
            .warmupTime(TimeValue.milliseconds(quick ? 400 : 1000))
            .measurementTime(TimeValue.milliseconds(quick ? 400 : 1000))
            .shouldFailOnError(true)
            .param("backend", backends)
            .resultFormat(ResultFormatType.JSON)
            .result(results.toString());
    options.include(LimitBench.class.getName());
    if (patterns.isEmpty()) {
      options.include("octavo\\.bench\\..*");
    }
    patterns.forEach(options::include);
    Collection<RunResult> run = new Runner(options.build()).run();
    System.out.println();
    System.out.print(Report.of(run));
    System.out.println("\nresults: " + results);
  }
}
