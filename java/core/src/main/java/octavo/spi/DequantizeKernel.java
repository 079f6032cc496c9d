package octavo.spi;

import octavo.tensor.Tensor;

/** A kernel for {@link Op#DEQUANTIZE}. */
public non-sealed interface DequantizeKernel extends Kernel<DequantizeRequest> {

  @Override
  default Op op() {
    return Op.DEQUANTIZE;
  }

  /**
   * Writes {@code fl32(element * fl32(scale * tensorScale))}, rounded to nearest even in the format
   * of {@code out}, overflow to infinity.
   *
   * @param in a matrix in a block format
   * @param out a matrix of the same shape, FP32, BF16 or FP16, not overlapping {@code in}
   * @param workers who computes parts of the output
   */
  void run(Tensor in, Tensor out, Workers workers);
}
