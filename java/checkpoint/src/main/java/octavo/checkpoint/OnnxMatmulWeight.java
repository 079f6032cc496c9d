package octavo.checkpoint;

import octavo.tensor.Tensor;

/**
 * An initializer used as the right-hand matrix of a MatMul or Gemm node: the weight of a linear
 * layer. A matrix that several nodes use makes one of these for each.
 *
 * @param node the node's name; may be empty in old models, in which {@code output} tells them apart
 * @param opType {@code MatMul} or {@code Gemm}
 * @param output the name of the node's result
 * @param weight the matrix as the file has it
 * @param rowsAreOutputs whether a row of the stored matrix holds the weights of one output, [out,
 *     in]; if not, the matrix is stored [in, out], as is usual, and rows of outputs are made by
 *     transposing it
 * @param alpha the factor that Gemm applies to the product; 1 for MatMul
 */
public record OnnxMatmulWeight(
    String node,
    String opType,
    String output,
    OnnxInitializer weight,
    boolean rowsAreOutputs,
    float alpha) {

  /**
   * {@return the weight as matmul takes it, [outputs, inputs]}: a view, transposed if the file has
   * it the other way round
   *
   * @throws UnsupportedOperationException as for {@link OnnxInitializer#tensor}
   */
  public Tensor tensor() {
    Tensor stored = weight.tensor();
    return rowsAreOutputs ? stored : stored.transpose();
  }

  /** {@return the length of the products' sums: the inputs of the layer, K} */
  public long inputs() {
    return weight.shape()[rowsAreOutputs ? 1 : 0];
  }

  /** {@return the number of outputs of the layer, N} */
  public long outputs() {
    return weight.shape()[rowsAreOutputs ? 0 : 1];
  }
}
