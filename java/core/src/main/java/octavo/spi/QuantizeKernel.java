package octavo.spi;

import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.tensor.Tensor;

/** A kernel for {@link Op#QUANTIZE}. */
public non-sealed interface QuantizeKernel extends Kernel<QuantizeRequest> {

  @Override
  default Op op() {
    return Op.QUANTIZE;
  }

  /**
   * Writes codes, scales and, where the format has one, the tensor scale of {@code out}, as {@link
   * octavo.format.BlockScaling} defines them.
   *
   * @param in a matrix of FP32, BF16 or FP16
   * @param out a matrix of the same shape in a block format, not overlapping {@code in}
   * @param scaleRule how E8M0 scales are chosen
   * @param rounding how elements are rounded
   * @param seed the seed of stochastic rounding, ignored otherwise; element {@code (i, k)} has the
   *     index {@code i * columns + k}
   * @param workers who computes parts of the output
   */
  void run(
      Tensor in, Tensor out, ScaleRule scaleRule, Rounding rounding, long seed, Workers workers);
}
