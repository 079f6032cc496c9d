package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Six rows by two vectors, scales after each run of k: a template, copied for each width. */
final class RunTile6x2 implements Tile {
  /*
   * As ChainTile6x2, but the sums p of a run start from zero and meet their scales at its end, where
   * 12 sums of the block are loaded, updated and stored (they stay in L1 for a whole chunk of k).
   *
   * What C2 spills depends on the counter of the loops. Over rows of A it must be the index into B
   * (0.80 of an FMA loop; 0.4 with k or an index into A), and beside it counts the index into row 0
   * of A, from which the others are derived (0.73 with k). Over panels of A it must be the index into
   * A (0.83; 0.44 by that into B), over rows at a constant distance k (0.82; 0.4 to 0.5 otherwise).
   * All on a Zen 3, runs of 32, alone. Panels of A would have to be woven.
   *
   * A run costs about 30 cycles beside its multiply-adds: 12 for scales, the rest for the end of the
   * inner loop. Lost: 5 x 2 (0.80), 4 x 2 (0.74 to 0.77); one loop over k with a countdown to the
   * end of the run (5 x 2 0.82, 6 x 2 0.43); indices made anew for each run (0.81); two or four steps
   * of k at once (0.3 to 0.7), also with a store or a fence between steps to keep loads apart.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 6;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  RunTile6x2() {}

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
    int a1At = aAt + stride;
    int a2At = aAt + 2 * stride;
    int a3At = aAt + 3 * stride;
    int a4At = aAt + 4 * stride;
    int a5At = aAt + 5 * stride;
    int ak = aAt;
    int last = bAt + depth * COLUMNS;
    int sa = scalesAAt;
    int sb = scalesBAt;
    for (int bk = bAt; bk < last; ) {
      int end = Math.min(bk + length * COLUMNS, last);
      FloatVector p00 = FloatVector.zero(SPECIES);
      FloatVector p01 = FloatVector.zero(SPECIES);
      FloatVector p10 = FloatVector.zero(SPECIES);
      FloatVector p11 = FloatVector.zero(SPECIES);
      FloatVector p20 = FloatVector.zero(SPECIES);
      FloatVector p21 = FloatVector.zero(SPECIES);
      FloatVector p30 = FloatVector.zero(SPECIES);
      FloatVector p31 = FloatVector.zero(SPECIES);
      FloatVector p40 = FloatVector.zero(SPECIES);
      FloatVector p41 = FloatVector.zero(SPECIES);
      FloatVector p50 = FloatVector.zero(SPECIES);
      FloatVector p51 = FloatVector.zero(SPECIES);
      for (; bk < end; bk += COLUMNS) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
        FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, a[ak]);
        p00 = a0.lanewise(VectorOperators.FMA, b0, p00);
        p01 = a0.lanewise(VectorOperators.FMA, b1, p01);
        FloatVector a1 = FloatVector.broadcast(SPECIES, a[a1At + (ak - aAt)]);
        p10 = a1.lanewise(VectorOperators.FMA, b0, p10);
        p11 = a1.lanewise(VectorOperators.FMA, b1, p11);
        FloatVector a2 = FloatVector.broadcast(SPECIES, a[a2At + (ak - aAt)]);
        p20 = a2.lanewise(VectorOperators.FMA, b0, p20);
        p21 = a2.lanewise(VectorOperators.FMA, b1, p21);
        FloatVector a3 = FloatVector.broadcast(SPECIES, a[a3At + (ak - aAt)]);
        p30 = a3.lanewise(VectorOperators.FMA, b0, p30);
        p31 = a3.lanewise(VectorOperators.FMA, b1, p31);
        FloatVector a4 = FloatVector.broadcast(SPECIES, a[a4At + (ak - aAt)]);
        p40 = a4.lanewise(VectorOperators.FMA, b0, p40);
        p41 = a4.lanewise(VectorOperators.FMA, b1, p41);
        FloatVector a5 = FloatVector.broadcast(SPECIES, a[a5At + (ak - aAt)]);
        p50 = a5.lanewise(VectorOperators.FMA, b0, p50);
        p51 = a5.lanewise(VectorOperators.FMA, b1, p51);
        ak++;
      }
      FloatVector s0 = FloatVector.fromArray(SPECIES, scalesB, sb);
      FloatVector s1 = FloatVector.fromArray(SPECIES, scalesB, sb + LANES);
      FloatVector f0 = FloatVector.broadcast(SPECIES, scalesA[sa]);
      p00.lanewise(
              VectorOperators.FMA,
              f0.lanewise(VectorOperators.MUL, s0),
              FloatVector.fromArray(SPECIES, acc, accAt))
          .intoArray(acc, accAt);
      p01.lanewise(
              VectorOperators.FMA,
              f0.lanewise(VectorOperators.MUL, s1),
              FloatVector.fromArray(SPECIES, acc, accAt + LANES))
          .intoArray(acc, accAt + LANES);
      FloatVector f1 = FloatVector.broadcast(SPECIES, scalesA[sa + 1]);
      p10.lanewise(
              VectorOperators.FMA,
              f1.lanewise(VectorOperators.MUL, s0),
              FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS))
          .intoArray(acc, accAt + COLUMNS);
      p11.lanewise(
              VectorOperators.FMA,
              f1.lanewise(VectorOperators.MUL, s1),
              FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS + LANES))
          .intoArray(acc, accAt + COLUMNS + LANES);
      FloatVector f2 = FloatVector.broadcast(SPECIES, scalesA[sa + 2]);
      p20.lanewise(
              VectorOperators.FMA,
              f2.lanewise(VectorOperators.MUL, s0),
              FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS))
          .intoArray(acc, accAt + 2 * COLUMNS);
      p21.lanewise(
              VectorOperators.FMA,
              f2.lanewise(VectorOperators.MUL, s1),
              FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS + LANES))
          .intoArray(acc, accAt + 2 * COLUMNS + LANES);
      FloatVector f3 = FloatVector.broadcast(SPECIES, scalesA[sa + 3]);
      p30.lanewise(
              VectorOperators.FMA,
              f3.lanewise(VectorOperators.MUL, s0),
              FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS))
          .intoArray(acc, accAt + 3 * COLUMNS);
      p31.lanewise(
              VectorOperators.FMA,
              f3.lanewise(VectorOperators.MUL, s1),
              FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS + LANES))
          .intoArray(acc, accAt + 3 * COLUMNS + LANES);
      FloatVector f4 = FloatVector.broadcast(SPECIES, scalesA[sa + 4]);
      p40.lanewise(
              VectorOperators.FMA,
              f4.lanewise(VectorOperators.MUL, s0),
              FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS))
          .intoArray(acc, accAt + 4 * COLUMNS);
      p41.lanewise(
              VectorOperators.FMA,
              f4.lanewise(VectorOperators.MUL, s1),
              FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS + LANES))
          .intoArray(acc, accAt + 4 * COLUMNS + LANES);
      FloatVector f5 = FloatVector.broadcast(SPECIES, scalesA[sa + 5]);
      p50.lanewise(
              VectorOperators.FMA,
              f5.lanewise(VectorOperators.MUL, s0),
              FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS))
          .intoArray(acc, accAt + 5 * COLUMNS);
      p51.lanewise(
              VectorOperators.FMA,
              f5.lanewise(VectorOperators.MUL, s1),
              FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS + LANES))
          .intoArray(acc, accAt + 5 * COLUMNS + LANES);
      sa += ROWS;
      sb += COLUMNS;
    }
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
