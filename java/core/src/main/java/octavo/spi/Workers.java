package octavo.spi;

/**
 * Who computes the parts of a call: the calling thread, alone or with others.
 *
 * <p>A kernel cuts its output into parts that write different elements and read nothing that
 * another part writes. Which thread computes a part, and in what order, is nobody's business:
 * results must not depend on it. Parts are handed out as threads become free, so they may take
 * different times; each should be worth some tens of microseconds, or waking a thread costs more
 * than it brings.
 *
 * <p>Safe for use by any number of threads, also from within a part.
 */
public interface Workers {

  /** The calling thread alone. */
  Workers CALLER =
      new Workers() {
        @Override
        public int parallelism() {
          return 1;
        }

        @Override
        public void run(int parts, Part part) {
          for (int i = 0; i < parts; i++) {
            part.run(i);
          }
        }

        @Override
        public String toString() {
          return "the calling thread";
        }
      };

  /** One piece of a call's work. */
  @FunctionalInterface
  interface Part {

    /**
     * Computes a part.
     *
     * @param index which, from 0
     */
    void run(int index);
  }

  /** {@return how many threads compute parts at the same time at most, the caller included} */
  int parallelism();

  /**
   * Runs every part once and returns when all are done. What the parts wrote is visible to the
   * caller then. Allocates nothing.
   *
   * <p>If a part throws, parts that have not begun are left out and the first exception is thrown
   * on.
   *
   * @param parts how many parts
   * @param part runs one of them; called by several threads at once
   */
  void run(int parts, Part part);
}
