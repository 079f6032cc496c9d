package octavo.nki;

import java.util.ArrayList;
import java.util.List;

/**
 * Up to four nested loops over the free dimension, outermost first: the {@code [[step, num], ...]}
 * of {@code nki.isa.iota} and {@code affine_select}.
 *
 * @param dimensions the loops
 */
public record AccessPattern(List<Dimension> dimensions) {

  /**
   * One loop.
   *
   * @param step what an iteration adds
   * @param count the iterations
   */
  public record Dimension(int step, int count) {

    /**
     * Checks the count.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Dimension {
      if (count < 0) {
        throw Checks.refusal("a loop of %d iterations", count);
      }
    }
  }

  /**
   * Checks the number of loops.
   *
   * @throws IllegalArgumentException if it is not 1 to 4
   */
  public AccessPattern {
    dimensions = List.copyOf(dimensions);
    if (dimensions.isEmpty() || dimensions.size() > 4) {
      throw Checks.refusal("a pattern of %d loops; it may have 1 to 4", dimensions.size());
    }
  }

  /**
   * {@return a pattern}
   *
   * @param stepsAndCounts step and iterations of the outermost loop, then of the next
   * @throws IllegalArgumentException if they are not pairs, or not 1 to 4
   */
  public static AccessPattern of(int... stepsAndCounts) {
    if (stepsAndCounts.length % 2 != 0) {
      throw Checks.refusal(
          "%d numbers; a pattern is pairs of step and count", stepsAndCounts.length);
    }
    List<Dimension> dimensions = new ArrayList<>();
    for (int i = 0; i < stepsAndCounts.length; i += 2) {
      dimensions.add(new Dimension(stepsAndCounts[i], stepsAndCounts[i + 1]));
    }
    return new AccessPattern(dimensions);
  }

  /** {@return the iterations of all loops together} */
  public long size() {
    long size = 1;
    for (int d = 0; d < dimensions.size(); d++) {
      size = Math.multiplyExact(size, (long) dimensions.get(d).count());
    }
    return size;
  }

  /** {@return the value of an iteration, modulo 2^32} */
  int value(long iteration) {
    int value = 0;
    long rest = iteration;
    for (int d = dimensions.size() - 1; d >= 0; d--) {
      Dimension dimension = dimensions.get(d);
      value += (int) (rest % dimension.count()) * dimension.step();
      rest /= dimension.count();
    }
    return value;
  }
}
