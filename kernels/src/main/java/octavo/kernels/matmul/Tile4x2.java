package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Four rows by two vectors: a template, copied for each width. */
final class Tile4x2 implements Tile {
  /*
   * For 16 vector registers (AVX2), and for 128 bits: 8 sums, which just cover the latency of the
   * multiply-add (4 cycles, 2 units), 2 vectors of B, one broadcast of A at a time. Why the order
   * of sums is the written one: see Tile8x2, whose twin this is.
   *
   * C2 spills larger tiles over arrays: 4 x 2 reaches 92-95 GFLOP/s at 256 bits, 6 x 2 66-70, 4 x 3
   * 60-66, 5 x 2 57, 8 x 1 84 (in L1, AVX2 on a Xeon, peak 96). Over native segments it is the
   * other way round: 6 x 2 96, 4 x 2 60-66; but 10 and less at 128 bits, and scratch memory is
   * simpler as arrays. A Zen 3 gave 99 for 4 x 2 and 44 for 6 x 2 over arrays.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 4;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  Tile4x2() {}

  @Override
  public int rows() {
    return ROWS;
  }

  @Override
  public int columns() {
    return COLUMNS;
  }

  @Override
  public void chain(int depth, float[] a, int aAt, float[] b, int bAt, float[] acc, int accAt) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, acc, accAt);
    FloatVector c01 = FloatVector.fromArray(SPECIES, acc, accAt + LANES);
    FloatVector c10 = FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS);
    FloatVector c11 = FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS + LANES);
    FloatVector c20 = FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS);
    FloatVector c21 = FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS + LANES);
    FloatVector c30 = FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS);
    FloatVector c31 = FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k * COLUMNS);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + k * COLUMNS + LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    c00.intoArray(acc, accAt);
    c01.intoArray(acc, accAt + LANES);
    c10.intoArray(acc, accAt + COLUMNS);
    c11.intoArray(acc, accAt + COLUMNS + LANES);
    c20.intoArray(acc, accAt + 2 * COLUMNS);
    c21.intoArray(acc, accAt + 2 * COLUMNS + LANES);
    c30.intoArray(acc, accAt + 3 * COLUMNS);
    c31.intoArray(acc, accAt + 3 * COLUMNS + LANES);
  }

  @Override
  public void runs(
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
    for (int from = 0, run = 0; from < depth; from += length, run++) {
      int to = Math.min(length, depth - from);
      int aRun = aAt + from * ROWS;
      int bRun = bAt + from * COLUMNS;
      FloatVector p00 = FloatVector.zero(SPECIES);
      FloatVector p01 = FloatVector.zero(SPECIES);
      FloatVector p10 = FloatVector.zero(SPECIES);
      FloatVector p11 = FloatVector.zero(SPECIES);
      FloatVector p20 = FloatVector.zero(SPECIES);
      FloatVector p21 = FloatVector.zero(SPECIES);
      FloatVector p30 = FloatVector.zero(SPECIES);
      FloatVector p31 = FloatVector.zero(SPECIES);
      for (int k = 0; k < to; k++) {
        FloatVector b0 = FloatVector.fromArray(SPECIES, b, bRun + k * COLUMNS);
        FloatVector b1 = FloatVector.fromArray(SPECIES, b, bRun + k * COLUMNS + LANES);
        FloatVector a0 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS]);
        p00 = a0.fma(b0, p00);
        p01 = a0.fma(b1, p01);
        FloatVector a1 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 1]);
        p10 = a1.fma(b0, p10);
        p11 = a1.fma(b1, p11);
        FloatVector a2 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 2]);
        p20 = a2.fma(b0, p20);
        p21 = a2.fma(b1, p21);
        FloatVector a3 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 3]);
        p30 = a3.fma(b0, p30);
        p31 = a3.fma(b1, p31);
      }
      int sa = scalesAAt + run * ROWS;
      int sb = scalesBAt + run * COLUMNS;
      FloatVector s0 = FloatVector.fromArray(SPECIES, scalesB, sb);
      FloatVector s1 = FloatVector.fromArray(SPECIES, scalesB, sb + LANES);
      FloatVector f0 = FloatVector.broadcast(SPECIES, scalesA[sa]);
      p00.fma(f0.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt)).intoArray(acc, accAt);
      p01.fma(f0.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + LANES))
          .intoArray(acc, accAt + LANES);
      FloatVector f1 = FloatVector.broadcast(SPECIES, scalesA[sa + 1]);
      p10.fma(f1.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS))
          .intoArray(acc, accAt + COLUMNS);
      p11.fma(f1.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + COLUMNS + LANES))
          .intoArray(acc, accAt + COLUMNS + LANES);
      FloatVector f2 = FloatVector.broadcast(SPECIES, scalesA[sa + 2]);
      p20.fma(f2.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS))
          .intoArray(acc, accAt + 2 * COLUMNS);
      p21.fma(f2.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + 2 * COLUMNS + LANES))
          .intoArray(acc, accAt + 2 * COLUMNS + LANES);
      FloatVector f3 = FloatVector.broadcast(SPECIES, scalesA[sa + 3]);
      p30.fma(f3.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS))
          .intoArray(acc, accAt + 3 * COLUMNS);
      p31.fma(f3.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + 3 * COLUMNS + LANES))
          .intoArray(acc, accAt + 3 * COLUMNS + LANES);
    }
  }
}
