package octavo.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs JMH for one subject at a time, in fresh processes. */
final class Measurement {

  private final boolean quick;
  private final int forks;
  private final int samples;
  private final int milliseconds;
  private final Path log;

  /**
   * Chooses how long to measure.
   *
   * @param quick whether a rough figure will do
   * @param forks how many processes measure a subject
   * @param log where JMH's own words go, at the end
   */
  Measurement(boolean quick, int forks, Path log) {
    this.quick = quick;
    this.forks = forks;
    this.samples = quick ? 7 : 10;
    this.milliseconds = quick ? 60 : 120;
    this.log = log;
    // Costs a process per run; OpBench returns nothing and consumes nothing.
    System.setProperty("jmh.blackhole.autoDetect", "false");
  }

  /** A subject could not be measured. */
  static final class FailedException extends Exception {
    private static final long serialVersionUID = 1;

    private final String reason;

    FailedException(String reason, Throwable cause) {
      super(reason, cause);
      this.reason = reason;
    }

    /** {@return why, in a line} */
    String reason() {
      return reason;
    }
  }

  /**
   * {@return the figure of a subject}
   *
   * @param subject what to measure
   * @throws FailedException if it throws, or its result is wrong
   * @throws IOException if the log cannot be written
   */
  Figure of(Subject subject) throws FailedException, IOException {
    if (subject.op().equals("cold")) {
      return ColdStart.measure(subject, quick ? 3 : 7);
    }
    ByteArrayOutputStream words = new ByteArrayOutputStream();
    try (PrintStream stream = new PrintStream(words, false, StandardCharsets.UTF_8)) {
      RunResult result =
          new Runner(
                  options(subject),
                  OutputFormatFactory.createFormatInstance(stream, VerboseMode.NORMAL))
              .run()
              .iterator()
              .next();
      return figure(subject, result);
    } catch (RunnerException e) {
      throw new FailedException(reason(words.toString(StandardCharsets.UTF_8)), e);
    } finally {
      Files.write(log, words.toByteArray(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  private static String reason(String words) {
    return words
        .lines()
        .map(String::strip)
        .filter(line ->
            line.contains("Exception:") || line.contains("Error:") || line.contains("SIGSEGV"))
        .findFirst()
        .map(line -> line.replaceFirst("^(java|octavo)[A-Za-z.]*Exception: ", ""))
        .orElse("the benchmark failed");
  }

  private Options options(Subject subject) {
    return new OptionsBuilder()
        .include("^" + Pattern.quote(OpBench.class.getName() + ".run") + "$")
        .param("subject", subject.id())
        .mode(Mode.AverageTime)
        .timeUnit(TimeUnit.NANOSECONDS)
        .threads(1)
        .forks(forks)
        .jvmArgsAppend(jvmArguments().toArray(String[]::new))
        .warmupIterations(1)
        .warmupTime(TimeValue.milliseconds(milliseconds))
        .measurementIterations(samples)
        .measurementTime(TimeValue.milliseconds(milliseconds))
        .shouldFailOnError(true)
        .build();
  }

  /** {@return the flags of the processes that measure} */
  static List<String> jvmArguments() {
    return List.of(
        "--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Dbench.home=" + System.getProperty("bench.home", "."));
  }

  private static Figure figure(Subject subject, RunResult result) {
    List<IterationResult> iterations = new ArrayList<>();
    result.getBenchmarkResults().forEach(fork -> iterations.addAll(fork.getIterationResults()));
    double[] times = new double[iterations.size()];
    double[] limits = new double[iterations.size()];
    double allocated = Double.POSITIVE_INFINITY;
    for (int i = 0; i < times.length; i++) {
      IterationResult iteration = iterations.get(i);
      times[i] = iteration.getPrimaryResult().getScore();
      limits[i] = secondary(iteration, "limit");
      allocated = Math.min(allocated, secondary(iteration, "allocated"));
    }
    return Figure.of(subject, times, limits, allocated);
  }

  private static double secondary(IterationResult iteration, String name) {
    Result<?> result = iteration.getSecondaryResults().get(name);
    return result == null ? Double.NaN : result.getScore();
  }
}
