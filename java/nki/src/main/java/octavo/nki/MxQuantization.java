package octavo.nki;

import octavo.format.ScaleRule;

/**
 * How {@code quantize_mx} chooses scales.
 *
 * <p>The documentation changed: up to SDK 2.30 the instruction was said to follow the OCP
 * specification's sample algorithm, since NKI 0.5.0 (SDK 2.31) its scale is twice as large, so that
 * the largest numbers of a group round instead of saturating. Which of the two a device computes
 * appears to depend on the compiler ({@code --enable-mx-alternative-emax} in nki-library's tests).
 *
 * @param rule {@link ScaleRule#TRAINIUM} (emax - 1) or {@link ScaleRule#OCP_FLOOR} (emax)
 * @param edges groups that the rule does not define
 */
public record MxQuantization(ScaleRule rule, EdgeBlocks edges) {

  /** The current documentation. */
  public static final MxQuantization NKI_0_5 =
      new MxQuantization(ScaleRule.TRAINIUM, EdgeBlocks.DOCUMENTED);

  /** The documentation up to SDK 2.30: the OCP specification's sample algorithm. */
  public static final MxQuantization OCP =
      new MxQuantization(ScaleRule.OCP_FLOOR, EdgeBlocks.DOCUMENTED);

  /**
   * Checks the rule.
   *
   * @throws IllegalArgumentException if it is none of the two
   */
  public MxQuantization {
    if (rule != ScaleRule.TRAINIUM && rule != ScaleRule.OCP_FLOOR) {
      throw new IllegalArgumentException(
          "quantize_mx with scale rule %s; documented are TRAINIUM and OCP_FLOOR".formatted(rule));
    }
  }

  /**
   * {@return the same rule with other edges}
   *
   * @param other what becomes of groups that the rule does not define
   */
  public MxQuantization withEdges(EdgeBlocks other) {
    return new MxQuantization(rule, other);
  }
}
