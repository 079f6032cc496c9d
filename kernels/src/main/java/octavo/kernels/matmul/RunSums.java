package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/** Scales of packed weights, and the sums of runs with them: see {@link SkinnyProduct}. */
interface RunSums {

  /**
   * Decodes E8M0 codes.
   *
   * @param codes the memory
   * @param at where the first is
   * @param count how many, a multiple of twice the lanes
   * @param to where the numbers go
   * @param toAt where the first goes
   */
  void powers(MemorySegment codes, long at, int count, float[] to, int toAt);

  /** Decodes E4M3FN codes, as {@link #powers}. */
  void floats(MemorySegment codes, long at, int count, float[] to, int toAt);

  /**
   * Continues {@code acc = fma(p * factor, scaleA * scaleB, acc)} over runs, for four panels of two
   * vectors each.
   *
   * @param runs how many
   * @param p the sums of runs
   * @param at where those of the first panel and run are, and its {@code acc}
   * @param panelStep how far those of the next panel are, in both
   * @param runStep how far those of the next run are
   * @param factor a power of two
   * @param scalesA the scales of runs, one for all panels
   * @param scalesAAt where the first is
   * @param scalesB the scales of runs, two vectors each
   * @param scalesBStep how far those of the next panel are
   * @param acc results
   */
  void add(
      int runs,
      float[] p,
      int at,
      int panelStep,
      int runStep,
      float factor,
      float[] scalesA,
      int scalesAAt,
      float[] scalesB,
      int scalesBStep,
      float[] acc);

  /**
   * {@return the loops for a width}, a new copy
   *
   * @param width the width
   */
  static RunSums of(Width width) {
    return WidthCopies.instance(MethodHandles.lookup(), RunSums.class, RunSumsLanes.class, width);
  }
}
