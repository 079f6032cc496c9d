package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Six rows by two vectors, one chain per result: a template, copied for each width. */
final class ChainTile6x2 implements Tile {
  /*
   * For 16 vector registers (AVX2, SSE): 12 sums, 2 vectors of B, 2 broadcasts of A: all there are.
   *
   * C2 starts loads and broadcasts before the first multiply-add, as many as it likes, and it never
   * puts a sum back into a register that it once spilled: then its chain goes through memory, and
   * the loop takes two to three times as long. What keeps it from that here is that rows of A lie
   * apart, each with an index of its own: every broadcast needs an address first, and broadcasts
   * come two at a time. 6 x 2 over panels of A, or with a constant distance of rows, spills: 0.42 to
   * 0.46. The loop must stay too large for C2 to unroll; unrolled by hand, twice or four times, every
   * shape spills (0.3 to 0.6).
   *
   * Measured on a Zen 3, share of an FMA loop in registers (98 GFLOP/s), in L1 and within a product:
   * 6 x 2 over rows 0.99 and 0.93 to 0.95. Over panels of A: 5 x 2 1.00 and 0.96, if counted by the
   * index into A (0.35 by k); 4 x 2 0.97 and 0.94; 3 x 3 0.96 and 0.85; 12 x 1 0.90 and 0.77; 2 x 6
   * 0.91 and 0.70; 4 x 3 and 3 x 4 0.40 to 0.44. But panels of A must be woven, which costs a fifth
   * of the time of 4096 x 128 x 4096; rows are only decoded, or not even that. Over native or heap
   * memory segments instead of arrays: 6 x 2 0.89 alone, and every shape 0.1 to 0.3 once segments of
   * two kinds had been used in the process.
   *
   * Calls are lanewise() of vectors only: fma() and mul() are final methods whose profile all users
   * of the Vector API share, see EncoderLanes.
   *
   * Every lane runs the written chain over k in order. Between chunks of k the sums go through
   * memory, which rounds nothing. Padded rows compute in lanes of their own.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 6;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  ChainTile6x2() {}

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
      int stride,
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
    FloatVector c50 = FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS);
    FloatVector c51 = FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS + LANES);
    int a1At = aAt + stride;
    int a2At = aAt + 2 * stride;
    int a3At = aAt + 3 * stride;
    int a4At = aAt + 4 * stride;
    int a5At = aAt + 5 * stride;
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k * COLUMNS);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + k * COLUMNS + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt + k]);
      c00 = a0.lanewise(VectorOperators.FMA, b0, c00);
      c01 = a0.lanewise(VectorOperators.FMA, b1, c01);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[a1At + k]);
      c10 = a1.lanewise(VectorOperators.FMA, b0, c10);
      c11 = a1.lanewise(VectorOperators.FMA, b1, c11);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[a2At + k]);
      c20 = a2.lanewise(VectorOperators.FMA, b0, c20);
      c21 = a2.lanewise(VectorOperators.FMA, b1, c21);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[a3At + k]);
      c30 = a3.lanewise(VectorOperators.FMA, b0, c30);
      c31 = a3.lanewise(VectorOperators.FMA, b1, c31);
      FloatVector a4 = FloatVector.broadcast(SPECIES, a[a4At + k]);
      c40 = a4.lanewise(VectorOperators.FMA, b0, c40);
      c41 = a4.lanewise(VectorOperators.FMA, b1, c41);
      FloatVector a5 = FloatVector.broadcast(SPECIES, a[a5At + k]);
      c50 = a5.lanewise(VectorOperators.FMA, b0, c50);
      c51 = a5.lanewise(VectorOperators.FMA, b1, c51);
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
    c50.intoArray(acc, accAt + 5 * COLUMNS);
    c51.intoArray(acc, accAt + 5 * COLUMNS + LANES);
  }

  @Override
  public void row(float[] sums, int sumsAt, int apart, int count, float[] line) {
    int at = sumsAt;
    for (int c = 0; c < count; c += COLUMNS) {
      FloatVector.fromArray(SPECIES, sums, at).intoArray(line, c);
      FloatVector.fromArray(SPECIES, sums, at + LANES).intoArray(line, c + LANES);
      at += apart;
    }
  }
}
