package octavo.spi;

import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.tensor.Tensor;

/** A kernel for {@link Op#CONVERT}. */
public non-sealed interface ConvertKernel extends Kernel<ConvertRequest> {

  @Override
  default Op op() {
    return Op.CONVERT;
  }

  /**
   * Writes the codes of {@code in}'s numbers to {@code out}.
   *
   * @param in a matrix in an element format
   * @param out a matrix of the same shape, not overlapping {@code in}
   * @param rounding how to round
   * @param overflow what to do beyond the largest finite value
   * @param seed the seed of stochastic rounding, ignored otherwise; element {@code (i, k)} has the
   *     index {@code i * columns + k}
   * @param workers who computes parts of the output
   */
  void run(Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers);
}
