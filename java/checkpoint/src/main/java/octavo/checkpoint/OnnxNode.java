package octavo.checkpoint;

import java.util.List;

/**
 * What is kept of a graph's node: enough to see which initializers are weights.
 *
 * @param name the node's name; may be empty
 * @param opType the operator
 * @param inputs the names of the first inputs, up to {@link #KEPT_INPUTS}
 * @param output the name of the first output; empty if there is none
 * @param transB the attribute of Gemm
 * @param alpha the attribute of Gemm
 * @param perm the attribute of Transpose; empty if absent, which reverses the dimensions
 */
record OnnxNode(
    String name,
    String opType,
    List<String> inputs,
    String output,
    boolean transB,
    float alpha,
    List<Long> perm) {

  static final int KEPT_INPUTS = 2;

  private static final List<Long> UNCHANGED = List.of(0L, 1L);

  boolean isMatmul() {
    return opType.equals("MatMul") || opType.equals("Gemm");
  }

  /** {@return whether the output is the first input, a matrix, as it is or transposed} */
  boolean passesMatrix() {
    return opType.equals("Identity") || opType.equals("Transpose");
  }

  boolean transposesMatrix() {
    return opType.equals("Transpose") && !perm.equals(UNCHANGED);
  }

  /** {@return the name of an input; empty if there is none} */
  String input(int index) {
    return index < inputs.size() ? inputs.get(index) : "";
  }
}
