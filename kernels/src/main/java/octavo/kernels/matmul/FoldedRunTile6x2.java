package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/**
 * Six rows by two vectors, sums of runs of k whose scales are in the elements: a template, copied
 * for each width.
 */
final class FoldedRunTile6x2 implements Tile {
  /*
   * RunTile6x2 for elements that are multiplied by their scales already (ScaleFolding says when that
   * changes no bit): at the end of a run its sums are added, and that is all. No loads of scales, no
   * products of them: 0.89 of an FMA loop with runs of 32, alone, against 0.80.
   *
   * Counter and indices must be as there. 0.84 with k for the index into A; over panels of A 0.93,
   * which would have to be woven.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 6;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  FoldedRunTile6x2() {}

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
      p00.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt))
          .intoArray(acc, accAt);
      p01.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + LANES))
          .intoArray(acc, accAt + LANES);
      p10.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS))
          .intoArray(acc, accAt + COLUMNS);
      p11.lanewise(
              VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS + LANES))
          .intoArray(acc, accAt + COLUMNS + LANES);
      p20.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS))
          .intoArray(acc, accAt + 2 * COLUMNS);
      p21.lanewise(
              VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS + LANES))
          .intoArray(acc, accAt + 2 * COLUMNS + LANES);
      p30.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS))
          .intoArray(acc, accAt + 3 * COLUMNS);
      p31.lanewise(
              VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS + LANES))
          .intoArray(acc, accAt + 3 * COLUMNS + LANES);
      p40.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS))
          .intoArray(acc, accAt + 4 * COLUMNS);
      p41.lanewise(
              VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS + LANES))
          .intoArray(acc, accAt + 4 * COLUMNS + LANES);
      p50.lanewise(VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS))
          .intoArray(acc, accAt + 5 * COLUMNS);
      p51.lanewise(
              VectorOperators.ADD, FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS + LANES))
          .intoArray(acc, accAt + 5 * COLUMNS + LANES);
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
