package octavo.examples;

import java.lang.foreign.Arena;
import octavo.Ops;
import octavo.Quantization;
import octavo.format.Formats;
import octavo.tensor.Tensor;

/** The sample in the README. */
public final class QuickStart {

  private QuickStart() {}

  /**
   * Multiplies by weights in MXFP4.
   *
   * @param arguments ignored
   */
  public static void main(String[] arguments) {
    float[] activations = new float[2 * 64]; // 2 rows of K = 64
    float[] weights = new float[8 * 64]; // 8 rows of K = 64: one for each output
    java.util.Arrays.fill(activations, 0.5f);
    java.util.Arrays.fill(weights, 1.5f);

    // sample:begin
    try (Arena arena = Arena.ofConfined()) {
      Tensor x = Tensor.of(activations, 2, 64); // an FP32 view of a float[]
      Tensor w = Ops.quantize(Tensor.of(weights, 8, 64), Formats.MXFP4, Quantization.OCP, arena);
      Tensor y = Ops.matmul(x, w, arena); // y = x * transpose(w), FP32 [2, 8]

      System.out.println(y + ", the first number is " + y.get(0, 0));
      System.out.println("weights: " + w.byteSize() + " bytes of " + weights.length * 4);
      System.out.println(Ops.explainMatmul(x, w, y).explain()); // which kernel ran, and why
    }
    // sample:end
  }
}
