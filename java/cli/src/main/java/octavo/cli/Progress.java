package octavo.cli;

import java.io.Console;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows a person how far a command is. */
interface Progress extends AutoCloseable {

  /** Shows nothing. */
  Progress NONE = new Progress() {};

  /**
   * Says that there will be more steps.
   *
   * @param steps how many
   */
  default void expect(long steps) {}

  /**
   * Says that a step is done.
   *
   * @param what the kind of step, in a word or two
   */
  default void step(String what) {}

  /**
   * Says that many steps are done, from any thread.
   *
   * @param steps how many
   */
  default void advance(long steps) {}

  @Override
  default void close() {}

  /**
   * {@return whether this process is at a person's terminal}
   *
   * <p>There is no question for standard error alone; this one is whether input and output are.
   */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 has no console again where there is no terminal.
  static boolean terminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /**
   * {@return a bar on standard error}
   *
   * @param task what is done
   */
  static Progress bar(String task) {
    return bar(task, "", 1);
  }

  /**
   * {@return a bar on standard error that counts bytes and shows MiB}
   *
   * @param task what is done
   */
  static Progress bytes(String task) {
    return bar(task, " MiB", 1L << 20);
  }

  private static Progress bar(String task, String unit, long unitSize) {
    // A consumer of our own choice: the default one probes the terminal with native code.
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(0)
            .setUnit(unit, unitSize)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(200)
            .setConsumer(new ConsoleProgressBarConsumer(System.err, 78))
            .hideEta()
            .build();
    return new Progress() {
      @Override
      public void expect(long steps) {
        bar.maxHint(bar.getMax() + steps);
      }

      @Override
      public void step(String what) {
        bar.setExtraMessage(" " + what);
        bar.step();
      }

      @Override
      public void advance(long steps) {
        bar.stepBy(steps);
      }

      @Override
      public void close() {
        bar.close();
      }
    };
  }
}
