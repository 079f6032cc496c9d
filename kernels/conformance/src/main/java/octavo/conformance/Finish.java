package octavo.conformance;

import java.util.ArrayList;
import java.util.List;
import octavo.op.Activation;

/**
 * What happens to the sums of a product before they are written.
 *
 * @param scale a factor
 * @param bias whether there is a bias
 * @param activation a function
 * @param residual what is added at last
 */
record Finish(float scale, boolean bias, Activation activation, Residual residual) {

  /** What is added to results. */
  enum Residual {
    /** Nothing. */
    NONE,
    /** An FP32 tensor. */
    FP32,
    /** A BF16 tensor. */
    BF16,
    /** An FP16 tensor. */
    FP16,
    /** What the output holds. */
    OUTPUT
  }

  /** Sums are written as they are. */
  static final Finish NOTHING = new Finish(1, false, Activation.NONE, Residual.NONE);

  /** Sums and a bias. */
  static final Finish BIAS = new Finish(1, true, Activation.NONE, Residual.NONE);

  /** Every activation with every residual, with and without a scale and a bias. */
  static final List<Finish> ALL = all();

  private static List<Finish> all() {
    List<Finish> all = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      for (Residual residual : Residual.values()) {
        for (boolean bias : new boolean[] {false, true}) {
          for (float scale : new float[] {1, -0.37f}) {
            all.add(new Finish(scale, bias, activation, residual));
          }
        }
      }
    }
    return List.copyOf(all);
  }

  /** {@return what is done, as case ids spell it} */
  @Override
  public String toString() {
    return (scale == 1 ? "" : "*" + scale)
        + (bias ? "+bias" : "")
        + (activation == Activation.NONE ? "" : "+" + activation)
        + (residual == Residual.NONE ? "" : "+residual-" + residual);
  }
}
