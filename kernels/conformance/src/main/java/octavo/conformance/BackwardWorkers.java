package octavo.conformance;

import octavo.spi.Workers;

/**
 * Promises three threads and runs the parts on the caller, the last one first: a kernel whose parts
 * depend on each other gives other bits, also in memory that only one thread may use.
 */
final class BackwardWorkers implements Workers {

  static final Workers INSTANCE = new BackwardWorkers();

  private BackwardWorkers() {}

  @Override
  public int parallelism() {
    return 3;
  }

  @Override
  public void run(int parts, Part part) {
    for (int i = parts - 1; i >= 0; i--) {
      part.run(i);
    }
  }
}
