package octavo.bench;

/** Somebody who does one {@link Subject}, set up and ready. Used by one thread. */
public interface Contender {

  /** Does it once: what is timed. */
  void run();

  /**
   * Compares what the last {@link #run} gave with what it should be, so that nothing wrong is ever
   * timed.
   *
   * @throws IllegalStateException if it differs
   */
  void check();
}
