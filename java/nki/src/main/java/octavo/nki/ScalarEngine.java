package octavo.nki;

import octavo.Cast;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Activations on checked tiles. */
final class ScalarEngine {

  private final VectorEngine vectorEngine;
  private float[] column = {};

  ScalarEngine(VectorEngine vectorEngine) {
    this.vectorEngine = vectorEngine;
  }

  long activation(
      Tensor dst,
      ActivationFunction function,
      Tensor data,
      Operand bias,
      Operand scale,
      float slope,
      OutOfRange outOfRange,
      @Nullable Tensor sums,
      Cast writes) {
    float[] numbers = vectorEngine.widen(data);
    int partitions = (int) data.dimension(0);
    int free = partitions == 0 ? 0 : (int) (data.size() / partitions);
    long outside = 0;
    for (int p = 0; p < partitions; p++) {
      affine(numbers, p * free, free, scale.get(p), bias.get(p));
      outside += outside(function, numbers, p * free, free);
    }
    if (outside > 0 && outOfRange == OutOfRange.REFUSE) {
      throw new ArithmeticException(
          "%d of %d inputs of %s are outside [%s, %s], where the Scalar Engine's results are invalid"
              .formatted(outside, data.size(), function.nkiName(), function.min(), function.max()));
    }
    boolean nan = outOfRange == OutOfRange.NAN;
    for (int i = 0; i < partitions * free; i++) {
      float x = numbers[i];
      numbers[i] = nan && !function.valid(x) ? Float.NaN : function.apply(x, slope);
    }
    if (sums != null) {
      column = column.length < partitions ? new float[partitions] : column;
      for (int p = 0; p < partitions; p++) {
        column[p] = vectorEngine.reduce(AluOperator.ADD, numbers, p * free, free);
      }
    }
    vectorEngine.narrow(dst, writes);
    if (sums != null) {
      float[] results = vectorEngine.results(sums);
      System.arraycopy(column, 0, results, 0, partitions);
      vectorEngine.narrow(sums, writes);
    }
    return outside;
  }

  private static void affine(float[] numbers, int at, int count, float scale, float bias) {
    for (int i = at; i < at + count; i++) {
      numbers[i] = numbers[i] * scale + bias;
    }
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
