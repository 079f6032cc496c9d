package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.List;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * Sums of products of few rows and packed codes: the innermost loops of {@link SkinnyProduct}.
 *
 * <p>A panel holds {@code 2 * lanes} rows of weights, a 16-bit word one row's next {@code 16 /
 * bits} codes (a 32-bit word one number), and the words of rows {@code r} and {@code r + lanes} are
 * neighbours: {@code Packing(2 * lanes, 2, 16 / bits)}, for 32 bits {@code Packing(2 * lanes, 1,
 * 1)}. So the lanes of a vector of 32-bit words belong to consecutive rows, low halves to the
 * first, high halves to the second half of the panel.
 */
interface PanelDot {

  /**
   * So many bytes before a panel are read too, and ignored, where codes have eight bits or fewer.
   */
  int LEAD = 3;

  /** The columns that loops in runs take at a time. */
  int STEP = 4;

  /** {@return how many rows of x a call takes} */
  int rows();

  /** {@return how many panels a call takes} */
  int panels();

  /**
   * Continues chains {@code c = fma(w, x, c)} over some columns. Loops in runs have other chains
   * for every {@code 2^lengthShift} columns and take {@link #STEP} columns at a time; the others
   * take words, and have no use for the last two arguments.
   *
   * @param codes the panels
   * @param at0 where the first panel's column 0 is, in bytes, less those of {@link #LEAD} if codes
   *     have eight bits or fewer
   * @param at1 where the second's is, if there is one
   * @param at2 where the third's is
   * @param at3 where the fourth's is
   * @param from the first column of a word
   * @param to the column after the last of a word
   * @param x numbers
   * @param xAt where that of the first row and column 0 is
   * @param xStep how far the next row is
   * @param sums the chains, panel by panel, row by row, two vectors each
   * @param sumsAt where those of the first panel and of the run of column 0 are
   * @param panelStep how far those of the next panel are
   * @param lengthShift the logarithm of the length of a run
   * @param runStep how far those of the next run are
   */
  void multiply(
      MemorySegment codes,
      long at0,
      long at1,
      long at2,
      long at3,
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

  /**
   * {@return the loops for a width and a way of decoding}, those of more rows first; new classes
   *
   * @param width the width
   * @param decoding how codes become numbers
   * @param runs whether they are loops in runs
   */
  static List<PanelDot> of(Width width, InPlace decoding, boolean runs) {
    return List.of(
        of(width, decoding, 4, 1, runs),
        of(width, decoding, 2, 2, runs),
        of(width, decoding, 1, decoding.storageBits() == 4 ? 2 : 4, runs));
  }

  private static PanelDot of(Width width, InPlace decoding, int rows, int panels, boolean runs) {
    byte[] code = PanelDotCode.of(decoding, width.lanes(), rows, panels, runs);
    return WidthCopies.instance(MethodHandles.lookup(), PanelDot.class, code, width);
  }
}
