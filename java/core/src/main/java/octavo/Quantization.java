package octavo;

import octavo.format.Rounding;
import octavo.format.ScaleRule;

/**
 * How blocks are quantized: the rule for power-of-two scales and the rounding of elements, which
 * always saturate.
 *
 * @param scaleRule the rule for E8M0 scales; formats with other scales have one rule only
 * @param rounding how elements are rounded
 * @param seed the seed of {@link Rounding#STOCHASTIC}; ignored by the other modes
 */
public record Quantization(ScaleRule scaleRule, Rounding rounding, long seed) {

  /** The sample algorithm of the OCP Microscaling specification, nearest even. */
  public static final Quantization OCP =
      new Quantization(ScaleRule.OCP_FLOOR, Rounding.NEAREST_EVEN, 0);

  /** The rule documented for NeuronCore-v4's {@code quantize_mx}, nearest even. */
  public static final Quantization TRAINIUM =
      new Quantization(ScaleRule.TRAINIUM, Rounding.NEAREST_EVEN, 0);
}
