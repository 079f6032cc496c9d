package octavo.cli;

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

  @Override
  default void close() {}

  /** {@return whether standard output and error may be assumed to be a person's terminal} */
  static boolean terminal() {
    return System.console() != null && System.console().isTerminal();
  }

  /**
   * {@return a bar on standard error}
   *
   * @param task what is done
   */
  static Progress bar(String task) {
    // A consumer of our own choice: the default one probes the terminal with native code.
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(0)
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
      public void close() {
        bar.close();
      }
    };
  }
}
