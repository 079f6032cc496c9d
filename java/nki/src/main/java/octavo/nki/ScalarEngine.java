package octavo.nki;

import octavo.Cast;
import octavo.tensor.Tensor;

/** Activations on checked tiles. */
final class ScalarEngine {

  private final VectorEngine vectorEngine;
  private final ReduceRegisters registers;

  ScalarEngine(VectorEngine vectorEngine) {
    this.vectorEngine = vectorEngine;
    this.registers = new ReduceRegisters(vectorEngine);
  }

  /** {@code function((data op0 imm0) op1 imm1)}. */
  long activate(
      Tensor dst,
      ActivationFunction function,
      Tensor data,
      Operand imm0,
      Operand imm1,
      AluOperator op0,
      AluOperator op1,
      Operand reluParam,
      boolean reverse0,
      boolean reverse1,
      OutOfRange outOfRange,
      Reduction reduction,
      Cast writes) {
    float[] numbers = vectorEngine.widen(data);
    int partitions = (int) data.dimension(0);
    int free = partitions == 0 ? 0 : (int) (data.size() / partitions);
    long outside = 0;
    for (int p = 0; p < partitions; p++) {
      vectorEngine.apply(op0, numbers, p * free, free, imm0.get(p), reverse0);
      vectorEngine.apply(op1, numbers, p * free, free, imm1.get(p), reverse1);
      outside += outside(function, numbers, p * free, free);
    }
    if (outside > 0 && outOfRange == OutOfRange.REFUSE) {
      throw new ArithmeticException(
          "%d of %d inputs of %s are outside [%s, %s], where the Scalar Engine's results are invalid"
              .formatted(outside, data.size(), function.nkiName(), function.min(), function.max()));
    }
    boolean nan = outOfRange == OutOfRange.NAN;
    for (int p = 0; p < partitions; p++) {
      float slope = reluParam.get(p);
      for (int i = p * free; i < (p + 1) * free; i++) {
        float x = numbers[i];
        numbers[i] = nan && !function.valid(x) ? Float.NaN : function.apply(x, slope);
      }
    }
    registers.reduce(reduction, numbers, partitions, free);
    vectorEngine.narrow(dst, writes);
    registers.read(reduction, false, writes);
    return outside;
  }

  private static long outside(ActivationFunction function, float[] numbers, int at, int count) {
    if (function.min() == Float.NEGATIVE_INFINITY) {
      return 0;
    }
    long outside = 0;
    for (int i = at; i < at + count; i++) {
      outside += function.valid(numbers[i]) ? 0 : 1;
    }
    return outside;
  }
}
