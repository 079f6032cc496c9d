package octavo.conformance;

import java.util.List;

/**
 * Combines declared lists without their full product: each list is walked in steps of its own, so
 * that over a run every entry comes, and comes beside many others.
 */
final class Rotation {

  private int step;

  /** Goes to the next combination. */
  void advance() {
    step++;
  }

  /** {@return this combination's entry of a list, walked in steps of {@code stride}} */
  <T> T pick(List<T> list, int stride) {
    return list.get(Math.floorMod(step * stride + step / list.size(), list.size()));
  }
}
