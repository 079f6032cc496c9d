package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * Sums of products of few rows and packed codes: the innermost loops of {@link SkinnyProduct}.
 *
 * <p>A panel holds {@code 2 * lanes()} rows of weights, a 16-bit word one row's next {@code 16 /
 * bits} codes (a 32-bit word one number), and the words of rows {@code r} and {@code r + lanes()}
 * are neighbours: {@code Packing(2 * lanes, 2, 16 / bits)}, for 32 bits {@code Packing(2 * lanes,
 * 1, 1)}. So the lanes of a vector of 32-bit words belong to consecutive rows, low halves to the
 * first, high halves to the second half of the panel.
 *
 * <p>All methods continue chains {@code c = fma(w, x, c)} over columns {@code from} to {@code to}.
 * Those of a call are in {@code sums}, panel by panel ({@code panelStep} apart) and row by row, two
 * vectors each. The methods for runs have other chains for every {@code 2^lengthShift} columns,
 * those of the next run {@code runStep} behind, and take four columns at a time: {@code to - from}
 * is a multiple of four, for the others of the columns of a word. Of the last word {@code x} has
 * the missing columns, as -0.
 *
 * <p>Where codes have eight bits or fewer, up to three bytes before a panel are read too, and
 * ignored.
 */
interface PanelDot {

  /** {@return the FP32 lanes of a vector} */
  int lanes();

  /**
   * One row of x, four panels.
   *
   * @param codes the panels
   * @param at0 where the first panel's column 0 is, in bytes
   * @param at1 where the second's is
   * @param at2 where the third's is
   * @param at3 where the fourth's is
   * @param from the first column
   * @param to the column after the last
   * @param x numbers
   * @param xAt where that of column 0 is
   * @param sums chains
   * @param sumsAt where the first panel's are
   * @param panelStep how far those of the next panel are
   */
  void one(
      MemorySegment codes,
      long at0,
      long at1,
      long at2,
      long at3,
      int from,
      int to,
      float[] x,
      int xAt,
      float[] sums,
      int sumsAt,
      int panelStep);

  /** As {@link #one}: two rows of x, {@code xStep} apart, two panels. */
  void two(
      MemorySegment codes,
      long at0,
      long at1,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt,
      int panelStep);

  /** As {@link #one}: four rows of x, {@code xStep} apart, one panel. */
  void four(
      MemorySegment codes,
      long at0,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt);

  /** As {@link #one}, in runs. */
  void oneInRuns(
      MemorySegment codes,
      long at0,
      long at1,
      long at2,
      long at3,
      int from,
      int to,
      float[] x,
      int xAt,
      float[] sums,
      int sumsAt,
      int panelStep,
      int lengthShift,
      int runStep);

  /** As {@link #two}, in runs. */
  void twoInRuns(
      MemorySegment codes,
      long at0,
      long at1,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt,
      int panelStep,
      int lengthShift,
      int runStep);

  /** As {@link #four}, in runs. */
  void fourInRuns(
      MemorySegment codes,
      long at0,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt,
      int lengthShift,
      int runStep);

  /**
   * {@return the loops for a width and a way of decoding}, a new copy
   *
   * @param width the width
   * @param decoding how codes become numbers
   */
  static PanelDot of(Width width, InPlace decoding) {
    Class<? extends PanelDot> template =
        switch (decoding.storageBits()) {
          case 4 -> PanelDot4.class;
          case 8 -> decoding.integer() ? PanelDotInt8.class : PanelDot8.class;
          case 16 -> PanelDot16.class;
          default -> PanelDot32.class;
        };
    return WidthCopies.instance(MethodHandles.lookup(), PanelDot.class, template, width, decoding);
  }
}
