package octavo.nki.examples;

import java.util.Map;
import octavo.Cast;
import octavo.format.Formats;
import octavo.nki.AluOperator;
import octavo.nki.NeuronCore;
import octavo.nki.Nisa;
import octavo.nki.Operand;
import octavo.nki.StochasticRounding;
import octavo.tensor.Tensor;

/**
 * What stochastic rounding is for, as the Neuron SDK's page on rounding modes demonstrates it: add
 * 0.5 to 1024 in FP16, 2048 times.
 *
 * <p>Above 1024 FP16 has whole numbers only. To nearest even 1024.5 is 1024, for ever;
 * stochastically half of the steps add 1, and the sum is near the true 2048 (the SDK's run printed
 * 2056).
 */
public final class Fp16Sum {

  private Fp16Sum() {}

  /**
   * Prints both sums.
   *
   * @param arguments a seed, 0 without one
   */
  public static void main(String[] arguments) {
    String seed = arguments.length > 0 ? arguments[0] : "0";
    Cast stochastic =
        StochasticRounding.ofEnvironment(
            Map.of(StochasticRounding.ENABLE, "1", StochasticRounding.SEED, seed));
    System.out.println("to nearest even: " + sum(Cast.IEEE));
    System.out.println("stochastically:  " + sum(stochastic));
  }

  /** {@return 1024 + 2048 x 0.5, each step rounded to FP16} */
  static float sum(Cast writes) {
    Nisa nisa = Nisa.on(NeuronCore.V3, writes);
    Tensor sum = Tensor.allocateHeap(Formats.FP16, 1, 1);
    nisa.tensorScalar(sum, sum, AluOperator.ADD, Operand.of(1024));
    for (int i = 0; i < 2048; i++) {
      nisa.tensorScalar(sum, sum, AluOperator.ADD, Operand.of(0.5f));
    }
    return sum.get(0, 0);
  }
}
