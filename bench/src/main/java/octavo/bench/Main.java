package octavo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import octavo.Engine;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.Overrides;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs every benchmark on every backend that has kernels for it on this machine, and prints each
 * result as a share of the machine's limit, measured in the same run. Arguments: {@code --quick}
 * for about two minutes, then regular expressions that select benchmarks.
 */
public final class Main {

  private static final String USAGE = "usage: octavo bench [--quick] [regular expression ...]";

  /** A benchmark and the stem of the kernels that it times; limits time no kernel. */
  private record Subject(String method, String stem) {}

  private static final List<Subject> LIMITS =
      List.of(new Subject("LimitBench.fma", ""), new Subject("LimitBench.copy", ""));

  private static final List<Subject> SUBJECTS =
      List.of(
          new Subject("ConvertBench.convert", "convert"),
          new Subject("QuantizeBench.quantize", "quantize"),
          new Subject("QuantizeBench.dequantize", "dequantize"),
          new Subject("MatmulPlainBench.matmul", "matmul.plain"),
          new Subject("MatmulBlockBench.matmul", "matmul.block"));

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
        System.err.println("octavo bench: unknown option '" + pattern + "'; " + USAGE);
        System.exit(2);
      }
    }
    List<Subject> chosen =
        SUBJECTS.stream()
            .filter(subject ->
                patterns.isEmpty()
                    || patterns.stream()
                        .anyMatch(
                            pattern -> Pattern.compile(pattern).matcher(subject.method()).find()))
            .toList();
    if (chosen.isEmpty()) {
      System.err.println(
          "octavo bench: no benchmark matches " + patterns + "; there are " + SUBJECTS);
      System.exit(2);
    }

    Engine engine = Engine.create(Overrides.ofSystemProperties());
    System.out.print(engine.host().describe());
    List<RunResult> results = new ArrayList<>();
    for (Subject limit : LIMITS) {
      results.addAll(new Runner(options(limit, quick).build()).run());
    }
    for (Subject subject : chosen) {
      String[] backends = backends(engine, subject.stem());
      results.addAll(new Runner(options(subject, quick).param("backend", backends).build()).run());
    }
    Path json =
        Path.of(System.getProperty("bench.home", "."), "target", "bench", "results.json")
            .toAbsolutePath()
            .normalize();
    Files.createDirectories(json.getParent());
    ResultFormatFactory.getInstance(ResultFormatType.JSON, json.toString()).writeOut(results);
    System.out.println();
    System.out.print(Report.of(results));
    System.out.println("\nresults: " + json);
  }

  private static String[] backends(Engine engine, String stem) {
    return engine.kernels().stream()
        .map(Kernel::id)
        .filter(id -> id.stem().equals(stem))
        .map(KernelId::backend)
        .distinct()
        .toArray(String[]::new);
  }

  private static ChainedOptionsBuilder options(Subject subject, boolean quick) {
    return new OptionsBuilder()
        .include(Pattern.quote(Main.class.getPackageName() + "." + subject.method()) + "$")
        .mode(Mode.AverageTime)
        .timeUnit(TimeUnit.NANOSECONDS)
        .threads(1)
        .forks(quick ? 1 : 3)
        .jvmArgsAppend("--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED")
        .warmupIterations(quick ? 2 : 5)
        .measurementIterations(quick ? 3 : 5)
        .warmupTime(TimeValue.milliseconds(quick ? 700 : 1000))
        .measurementTime(TimeValue.milliseconds(quick ? 300 : 1000))
        .shouldFailOnError(true);
  }
}
