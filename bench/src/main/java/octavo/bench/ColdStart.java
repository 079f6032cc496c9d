package octavo.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import octavo.bench.peer.Peers;

/**
 * The time of the first product in a fresh process, from when the operands are there until its
 * result is, making the engine included. Run as a program it measures one and prints nanoseconds.
 */
final class ColdStart {

  private static final String MARK = "first product took ";

  private ColdStart() {}

  /**
   * Measures in this process.
   *
   * @param arguments the subject
   */
  public static void main(String[] arguments) {
    Subject subject = Subject.of(arguments[0]);
    Contender contender = subject.octavo() ? OctavoWork.cold(subject) : Peers.contender(subject);
    long start = System.nanoTime();
    contender.run();
    long time = System.nanoTime() - start;
    contender.check();
    System.out.println(MARK + time);
  }

  private static int exit(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  /** {@return the figure of some processes} */
  static Figure measure(Subject subject, int processes)
      throws Measurement.FailedException, IOException {
    double[] times = new double[processes];
    double[] limits = new double[processes];
    Arrays.fill(limits, Double.NaN);
    for (int i = 0; i < processes; i++) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(Measurement.jvmArguments());
      command.addAll(
          List.of(
              "-cp",
              System.getProperty("java.class.path"),
              ColdStart.class.getName(),
              subject.id()));
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      times[i] =
          words
              .lines()
              .filter(line -> line.startsWith(MARK))
              .mapToDouble(line -> Double.parseDouble(line.substring(MARK.length())))
              .findFirst()
              .orElse(Double.NaN);
      if (Double.isNaN(times[i])) {
        throw new Measurement.FailedException(
            words.lines().filter(line -> line.contains("xception")).findFirst().orElse(words),
            new IllegalStateException("exit " + exit(process)));
      }
    }
    return Figure.of(subject, times, limits, Double.NaN);
  }
}
