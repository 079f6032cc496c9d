package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Five rows by two vectors, one chain per result: a template, copied for each width. */
final class ChainTile5x2 implements Tile {
  /*
   * For 16 vector registers (AVX2, SSE): 10 sums, 2 vectors of B, and up to four broadcasts of A,
   * which just fit. That is the point: C2 starts several broadcasts before the first multiply-add,
   * whatever the order of the source, and it never puts a sum back into a register that it once
   * spilled. A spilled sum turns its chain into one of stores and loads, and the loop takes two to
   * three times as long.
   *
   * Measured in L1 on a Zen 3, share of an FMA loop in registers (98 GFLOP/s): 5 x 2 1.00, and 0.96
   * within a product, panels of A from L2; 4 x 2 0.97 and 0.94; 12 x 1 0.90; 3 x 3 0.96 but 0.85
   * within a product; 2 x 6 0.91, 0.7; 8 x 1 0.81. Spilling: 6 x 2 0.44, 4 x 3 0.41, 3 x 4 0.44.
   * 6 x 2 with rows of A apart instead of in panels, each with an index of its own, is free of
   * spills (0.99) but takes one more instruction per broadcast and many short streams from L2:
   * 0.89 to 0.95 within a product. All shapes over native or heap memory segments: 0.1 to 0.3 as
   * soon as segments of two kinds had been used in the process.
   *
   * The form of the loop matters as much as the shape. The index of A counts, that of B follows:
   * two additions per step. With one counter k and k * ROWS, k * COLUMNS, C2 spills 5 x 2 (0.35).
   * Unrolled by hand, twice or four times, every shape spills (0.3 to 0.5). The loop is too large
   * for C2 to unroll it, which is as well.
   *
   * Every lane runs the written chain over k in order. Between chunks of k the sums go through
   * memory, which rounds nothing. Padded rows compute in lanes of their own.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 5;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  ChainTile5x2() {}

  @Override
  public int rows() {
    return ROWS;
  }

  @Override
  public int columns() {
    return COLUMNS;
  }

  @Override
  public void multiply(
      int length,
      int depth,
      float[] a,
      int aAt,
      float[] scalesA,
      int scalesAAt,
      float[] b,
      int bAt,
      float[] scalesB,
      int scalesBAt,
      float[] acc,
      int accAt) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, acc, accAt);
    FloatVector c01 = FloatVector.fromArray(SPECIES, acc, accAt + LANES);
    FloatVector c10 = FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS);
    FloatVector c11 = FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS + LANES);
    FloatVector c20 = FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS);
    FloatVector c21 = FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS + LANES);
    FloatVector c30 = FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS);
    FloatVector c31 = FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS + LANES);
    FloatVector c40 = FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS);
    FloatVector c41 = FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS + LANES);
    int bk = bAt;
    int end = aAt + depth * ROWS;
    for (int ak = aAt; ak < end; ak += ROWS) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[ak]);
      c00 = a0.lanewise(VectorOperators.FMA, b0, c00);
      c01 = a0.lanewise(VectorOperators.FMA, b1, c01);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[ak + 1]);
      c10 = a1.lanewise(VectorOperators.FMA, b0, c10);
      c11 = a1.lanewise(VectorOperators.FMA, b1, c11);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[ak + 2]);
      c20 = a2.lanewise(VectorOperators.FMA, b0, c20);
      c21 = a2.lanewise(VectorOperators.FMA, b1, c21);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[ak + 3]);
      c30 = a3.lanewise(VectorOperators.FMA, b0, c30);
      c31 = a3.lanewise(VectorOperators.FMA, b1, c31);
      FloatVector a4 = FloatVector.broadcast(SPECIES, a[ak + 4]);
      c40 = a4.lanewise(VectorOperators.FMA, b0, c40);
      c41 = a4.lanewise(VectorOperators.FMA, b1, c41);
      bk += COLUMNS;
    }
    c00.intoArray(acc, accAt);
    c01.intoArray(acc, accAt + LANES);
    c10.intoArray(acc, accAt + COLUMNS);
    c11.intoArray(acc, accAt + COLUMNS + LANES);
    c20.intoArray(acc, accAt + 2 * COLUMNS);
    c21.intoArray(acc, accAt + 2 * COLUMNS + LANES);
    c30.intoArray(acc, accAt + 3 * COLUMNS);
    c31.intoArray(acc, accAt + 3 * COLUMNS + LANES);
    c40.intoArray(acc, accAt + 4 * COLUMNS);
    c41.intoArray(acc, accAt + 4 * COLUMNS + LANES);
  }
}
