package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Eight rows by two vectors, one chain per result: a template, copied for each width. */
final class ChainTile8x2 implements Tile {
  /*
   * For 32 vector registers (AVX-512): 16 sums, 2 vectors of B, one broadcast of A at a time.
   *
   * Each k takes 10 loads for 16 multiply-adds; two of each fit a cycle, so that loads do not bound
   * it. Over panels of A, in L1 on a Xeon with a peak of about 190 GFLOP/s: 175-187 with 16 sums,
   * 165-190 with 24 (12 x 2), 140 with 8. More rows would cost more where M is small, as a tile is
   * always computed whole. Lost: 8 x 3 (142-154), 6 x 4 (173), 4 x 4 (118). Over rows of A, as here,
   * it has not been measured with AVX-512. For the rest see ChainTile6x2.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 8;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  ChainTile8x2() {}

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
    FloatVector c60 = FloatVector.fromArray(SPECIES, acc, accAt + 6 * COLUMNS);
    FloatVector c61 = FloatVector.fromArray(SPECIES, acc, accAt + 6 * COLUMNS + LANES);
    FloatVector c70 = FloatVector.fromArray(SPECIES, acc, accAt + 7 * COLUMNS);
    FloatVector c71 = FloatVector.fromArray(SPECIES, acc, accAt + 7 * COLUMNS + LANES);
    int a1At = aAt + stride;
    int a2At = aAt + 2 * stride;
    int a3At = aAt + 3 * stride;
    int a4At = aAt + 4 * stride;
    int a5At = aAt + 5 * stride;
    int a6At = aAt + 6 * stride;
    int a7At = aAt + 7 * stride;
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
      FloatVector a6 = FloatVector.broadcast(SPECIES, a[a6At + k]);
      c60 = a6.lanewise(VectorOperators.FMA, b0, c60);
      c61 = a6.lanewise(VectorOperators.FMA, b1, c61);
      FloatVector a7 = FloatVector.broadcast(SPECIES, a[a7At + k]);
      c70 = a7.lanewise(VectorOperators.FMA, b0, c70);
      c71 = a7.lanewise(VectorOperators.FMA, b1, c71);
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
    c60.intoArray(acc, accAt + 6 * COLUMNS);
    c61.intoArray(acc, accAt + 6 * COLUMNS + LANES);
    c70.intoArray(acc, accAt + 7 * COLUMNS);
    c71.intoArray(acc, accAt + 7 * COLUMNS + LANES);
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
