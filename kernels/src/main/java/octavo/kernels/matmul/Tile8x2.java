package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Eight rows by two vectors: a template, copied for each width. */
final class Tile8x2 implements Tile {
  /*
   * For 32 vector registers (AVX-512): 16 sums, 2 vectors of B, one broadcast of A at a time.
   * Outputs lie in lanes, so that every lane runs the written chain over k in order, from the first
   * product to the last: nothing is reassociated, and width and tile change no bit. Where K is cut
   * into chunks the sums go through memory between them, which rounds nothing.
   *
   * Each k takes 10 loads for 16 multiply-adds; two of each fit a cycle, so that loads do not bound
   * it. Eight independent sums would just cover the latency (4 cycles, 2 units): 140 GFLOP/s at 512
   * bits, against 175-187 with 16 and 165-190 with 24 (12 x 2), in L1 on a Xeon with a peak of
   * about 190. More rows would cost more where M is small, as a panel is always computed whole.
   * Lost: 8 x 3 (142-154), 6 x 4 (173), 4 x 4 (118). Native segments instead of arrays changed
   * little here.
   *
   * In runs() the tile of p starts anew for every run and meets its scales in registers. Keeping p
   * in memory and scaling it in a method of its own lost 15 % (runs of 32); one call per run was as
   * fast as the nested loop at 512 bits and 10 % slower with AVX2. Two steps of k per iteration, by
   * hand, gain 0 to 10 % here and lose 5 to 7 % in Tile4x2: not worth the odd step at the end.
   *
   * Reading beyond a matrix is the packer's care: panels are whole, padded with zeros, and what
   * padded lanes compute stays in them.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 8;
  private static final int COLUMNS = 2 * LANES;

  /** Made once per copy. */
  Tile8x2() {}

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
    FloatVector c40 = FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS);
    FloatVector c41 = FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS + LANES);
    FloatVector c50 = FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS);
    FloatVector c51 = FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS + LANES);
    FloatVector c60 = FloatVector.fromArray(SPECIES, acc, accAt + 6 * COLUMNS);
    FloatVector c61 = FloatVector.fromArray(SPECIES, acc, accAt + 6 * COLUMNS + LANES);
    FloatVector c70 = FloatVector.fromArray(SPECIES, acc, accAt + 7 * COLUMNS);
    FloatVector c71 = FloatVector.fromArray(SPECIES, acc, accAt + 7 * COLUMNS + LANES);
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
      FloatVector a4 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 4]);
      c40 = a4.fma(b0, c40);
      c41 = a4.fma(b1, c41);
      FloatVector a5 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 5]);
      c50 = a5.fma(b0, c50);
      c51 = a5.fma(b1, c51);
      FloatVector a6 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 6]);
      c60 = a6.fma(b0, c60);
      c61 = a6.fma(b1, c61);
      FloatVector a7 = FloatVector.broadcast(SPECIES, a[aAt + k * ROWS + 7]);
      c70 = a7.fma(b0, c70);
      c71 = a7.fma(b1, c71);
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
      FloatVector p40 = FloatVector.zero(SPECIES);
      FloatVector p41 = FloatVector.zero(SPECIES);
      FloatVector p50 = FloatVector.zero(SPECIES);
      FloatVector p51 = FloatVector.zero(SPECIES);
      FloatVector p60 = FloatVector.zero(SPECIES);
      FloatVector p61 = FloatVector.zero(SPECIES);
      FloatVector p70 = FloatVector.zero(SPECIES);
      FloatVector p71 = FloatVector.zero(SPECIES);
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
        FloatVector a4 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 4]);
        p40 = a4.fma(b0, p40);
        p41 = a4.fma(b1, p41);
        FloatVector a5 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 5]);
        p50 = a5.fma(b0, p50);
        p51 = a5.fma(b1, p51);
        FloatVector a6 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 6]);
        p60 = a6.fma(b0, p60);
        p61 = a6.fma(b1, p61);
        FloatVector a7 = FloatVector.broadcast(SPECIES, a[aRun + k * ROWS + 7]);
        p70 = a7.fma(b0, p70);
        p71 = a7.fma(b1, p71);
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
      FloatVector f4 = FloatVector.broadcast(SPECIES, scalesA[sa + 4]);
      p40.fma(f4.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS))
          .intoArray(acc, accAt + 4 * COLUMNS);
      p41.fma(f4.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + 4 * COLUMNS + LANES))
          .intoArray(acc, accAt + 4 * COLUMNS + LANES);
      FloatVector f5 = FloatVector.broadcast(SPECIES, scalesA[sa + 5]);
      p50.fma(f5.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS))
          .intoArray(acc, accAt + 5 * COLUMNS);
      p51.fma(f5.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + 5 * COLUMNS + LANES))
          .intoArray(acc, accAt + 5 * COLUMNS + LANES);
      FloatVector f6 = FloatVector.broadcast(SPECIES, scalesA[sa + 6]);
      p60.fma(f6.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + 6 * COLUMNS))
          .intoArray(acc, accAt + 6 * COLUMNS);
      p61.fma(f6.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + 6 * COLUMNS + LANES))
          .intoArray(acc, accAt + 6 * COLUMNS + LANES);
      FloatVector f7 = FloatVector.broadcast(SPECIES, scalesA[sa + 7]);
      p70.fma(f7.mul(s0), FloatVector.fromArray(SPECIES, acc, accAt + 7 * COLUMNS))
          .intoArray(acc, accAt + 7 * COLUMNS);
      p71.fma(f7.mul(s1), FloatVector.fromArray(SPECIES, acc, accAt + 7 * COLUMNS + LANES))
          .intoArray(acc, accAt + 7 * COLUMNS + LANES);
    }
  }
}
