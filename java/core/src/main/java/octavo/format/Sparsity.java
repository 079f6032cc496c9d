package octavo.format;

import java.util.List;

/**
 * Structured sparsity: of every {@link #group} consecutive elements along K at most {@link #kept}
 * differ from zero, so that the others need neither be stored nor multiplied.
 *
 * <p>The constants are the patterns of AWS Trainium 2 and 3, written kept:group. Source: AWS Neuron
 * SDK, the architecture pages of NeuronCore-v3 and -v4. A position within a group fits four bits.
 *
 * @param kept how many elements of a group are stored, at least 1
 * @param group how many there are, more than {@code kept} and at most 16
 */
public record Sparsity(int kept, int group) {

  /** 4 of 16. */
  public static final Sparsity S4_16 = new Sparsity(4, 16);

  /** 4 of 12. */
  public static final Sparsity S4_12 = new Sparsity(4, 12);

  /** 4 of 8. */
  public static final Sparsity S4_8 = new Sparsity(4, 8);

  /** 2 of 8. */
  public static final Sparsity S2_8 = new Sparsity(2, 8);

  /** 2 of 4. */
  public static final Sparsity S2_4 = new Sparsity(2, 4);

  /** 1 of 4. */
  public static final Sparsity S1_4 = new Sparsity(1, 4);

  /** 1 of 2. */
  public static final Sparsity S1_2 = new Sparsity(1, 2);

  private static final List<Sparsity> TRAINIUM =
      List.of(S4_16, S4_12, S4_8, S2_8, S2_4, S1_4, S1_2);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they are out of their ranges
   */
  public Sparsity {
    if (kept < 1 || kept >= group || group > 16) {
      throw new IllegalArgumentException(
          "sparsity %d:%d; a group has at most 16 elements, and 1 to group - 1 are kept"
              .formatted(kept, group));
    }
  }

  /** {@return the patterns of Trainium, in the order of its documentation} */
  public static List<Sparsity> trainium() {
    return TRAINIUM;
  }

  /** {@return the numbers, such as {@code 4:16}} */
  @Override
  public String toString() {
    return kept + ":" + group;
  }
}
