package octavo.nki;

import java.util.Arrays;
import octavo.Cast;
import octavo.tensor.Tensor;

/** One engine's reduction registers: an FP32 number for each partition. */
final class ReduceRegisters {

  private final VectorEngine vectorEngine;
  private final float[] values = new float[NeuronCore.PARTITIONS];

  ReduceRegisters(VectorEngine vectorEngine) {
    this.vectorEngine = vectorEngine;
  }

  /** Sets the registers to what a command begins with. */
  void begin(ReduceCmd command, AluOperator op, Operand init) {
    switch (command) {
      case RESET, RESET_REDUCE -> Arrays.fill(values, VectorEngine.identity(op));
      case LOAD_REDUCE -> {
        for (int p = 0; p < values.length; p++) {
          values[p] = init.isVector() && p >= init.partitions() ? 0 : init.get(p);
        }
      }
      case IDLE, REDUCE -> {}
    }
  }

  float get(int partition) {
    return values[partition];
  }

  void set(int partition, float value) {
    values[partition] = value;
  }

  /** Reduces an instruction's FP32 results, {@code [partitions, free]}. */
  void reduce(Reduction reduction, float[] numbers, int partitions, int free) {
    begin(reduction.command(), reduction.op(), reduction.init());
    if (!reduction.command().reduces()) {
      return;
    }
    for (int p = 0; p < partitions; p++) {
      float result = vectorEngine.reduce(reduction.op(), numbers, p * free, free);
      values[p] = reduction.op().apply(values[p], result);
    }
  }

  /** Writes the registers, if asked to. */
  void read(Reduction reduction, boolean negate, Cast writes) {
    Tensor result = reduction.result();
    if (result == null) {
      return;
    }
    float[] results = vectorEngine.results(result);
    for (int p = 0; p < result.dimension(0); p++) {
      results[p] = negate ? -1.0f * values[p] : values[p];
    }
    vectorEngine.narrow(result, writes);
  }
}
