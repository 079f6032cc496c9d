package octavo.nki;

/** A way for the Tensor Engine to trade layout for rate: {@code nki.isa.matmul_perf_mode}. */
public enum PerformanceMode {
  /** One row of the contraction to each row of processing elements. */
  NONE,

  /**
   * Two FP8 rows to each row of processing elements: operands {@code [partitions, 2, free]}, the
   * contraction index being {@code pair * partitions + partition}. NeuronCore-v3 and later.
   */
  DOUBLE_ROW
}
