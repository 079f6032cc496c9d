package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import octavo.Cast;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class StochasticRoundingTest {

  @Test
  void switches() {
    assertEquals(Cast.IEEE, StochasticRounding.ofEnvironment(Map.of()));
    assertEquals(
        Cast.IEEE, StochasticRounding.ofEnvironment(Map.of(StochasticRounding.ENABLE, "0")));
    assertEquals(
        new Cast(Rounding.STOCHASTIC, Overflow.IEEE, 0),
        StochasticRounding.ofEnvironment(Map.of(StochasticRounding.ENABLE, "1")));
    assertEquals(
        new Cast(Rounding.STOCHASTIC, Overflow.IEEE, 42),
        StochasticRounding.ofEnvironment(
            Map.of(StochasticRounding.ENABLE, "true", StochasticRounding.SEED, "42")));
    assertThrows(
        IllegalArgumentException.class,
        () -> StochasticRounding.ofEnvironment(Map.of(StochasticRounding.ENABLE, "yes")));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            StochasticRounding.ofEnvironment(
                Map.of(StochasticRounding.ENABLE, "1", StochasticRounding.SEED, "x")));
  }

  /** {@return 1024 after adding 0.5 2048 times in FP16, in 1024 places} */
  private static Tensor sum(Cast writes) {
    Nisa nisa = Nisa.on(NeuronCore.V4, writes);
    Tensor sum = Tensor.allocateHeap(Formats.FP16, 8, 128);
    nisa.tensorScalar(sum, sum, AluOperator.ADD, Operand.of(1024));
    for (int i = 0; i < 2048; i++) {
      nisa.tensorScalar(sum, sum, AluOperator.ADD, Operand.of(0.5f));
    }
    return sum;
  }

  /** The documentation's demonstration: nearest even stays at 1024, the true sum is 2048. */
  @Test
  void sumInFp16() {
    for (float value : sum(Cast.IEEE).toArray()) {
      assertEquals(1024, value);
    }

    // Below 2048 the unit is 1: each step adds 0 or 1 with probability 1/2. The variance of 2048
    // steps
    // is 512 (a little less where 2048 is crossed), so the mean of 4096 sums has a standard
    // deviation
    // of 0.36; 2.5 is seven of them.
    float[] stochastic =
        sum(StochasticRounding.ofEnvironment(Map.of(StochasticRounding.ENABLE, "1"))).toArray();
    double mean = 0;
    double square = 0;
    for (float value : stochastic) {
      mean += value / (double) stochastic.length;
      square += (double) (value - 2048) * (value - 2048) / stochastic.length;
    }
    assertEquals(2048, mean, 5);
    assertEquals(512, square, 130);
  }

  @Test
  void instructionsHaveRandomBitsOfTheirOwn() {
    Nisa nisa =
        Nisa.on(
            NeuronCore.V4,
            StochasticRounding.ofEnvironment(Map.of(StochasticRounding.ENABLE, "1")));
    Tensor third = Tensor.allocateHeap(Formats.FP32, 1, 256);
    nisa.tensorScalar(third, third, AluOperator.ADD, Operand.of(1 / 3f));
    Tensor one = Tensor.allocateHeap(Formats.BF16, 1, 256);
    Tensor other = Tensor.allocateHeap(Formats.BF16, 1, 256);
    nisa.tensorCopy(one, third);
    nisa.tensorCopy(other, third);
    assertNotEquals(-1, one.data().mismatch(other.data()));
  }

  @Test
  void refusedSelectionsUseNoRandomBits() {
    Cast writes = StochasticRounding.ofEnvironment(Map.of(StochasticRounding.ENABLE, "1"));
    Tensor third = Tensor.allocateHeap(Formats.FP32, 1, 256);
    Nisa.on(NeuronCore.V4).memset(third, 1 / 3f);
    Tensor plain = Tensor.allocateHeap(Formats.BF16, 1, 256);
    Nisa.on(NeuronCore.V4, writes).tensorCopy(plain, third);
    Tensor after = Tensor.allocateHeap(Formats.BF16, 1, 256);
    Nisa nisa = Nisa.on(NeuronCore.V4, writes);
    NeuronCoreTest.assertRefused(
        "add is no comparison",
        () -> nisa.affineSelect(after, AccessPattern.of(1, 256), 0, 1, third, 0, AluOperator.ADD));
    nisa.tensorCopy(after, third);
    assertEquals(-1, plain.data().mismatch(after.data()));
  }
}
