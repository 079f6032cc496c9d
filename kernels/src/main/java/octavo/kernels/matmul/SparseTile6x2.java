package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** Six vectors of rows of A by two rows of B; a template for {@code WidthCopies}. */
final class SparseTile6x2 implements SparseTile {
  /*
   * As SparseTile4x2, with a broadcast, an address and its checks for six multiply-adds in place of
   * four: fewer instructions, as long as a panel of six vectors is not mostly padding.
   */

  private static final VectorSpecies<Float> SPECIES =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = SPECIES.length();
  private static final int ROWS = 6 * LANES;

  SparseTile6x2() {}

  @Override
  public int rows() {
    return ROWS;
  }

  @Override
  public void chains(
      int kept,
      float[] a,
      int aAt,
      float[] values,
      int[] offsets,
      int first,
      int second,
      float[] acc,
      int accAt) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, acc, accAt);
    FloatVector c01 = FloatVector.fromArray(SPECIES, acc, accAt + LANES);
    FloatVector c02 = FloatVector.fromArray(SPECIES, acc, accAt + 2 * LANES);
    FloatVector c03 = FloatVector.fromArray(SPECIES, acc, accAt + 3 * LANES);
    FloatVector c04 = FloatVector.fromArray(SPECIES, acc, accAt + 4 * LANES);
    FloatVector c05 = FloatVector.fromArray(SPECIES, acc, accAt + 5 * LANES);
    FloatVector c10 = FloatVector.fromArray(SPECIES, acc, accAt + ROWS);
    FloatVector c11 = FloatVector.fromArray(SPECIES, acc, accAt + ROWS + LANES);
    FloatVector c12 = FloatVector.fromArray(SPECIES, acc, accAt + ROWS + 2 * LANES);
    FloatVector c13 = FloatVector.fromArray(SPECIES, acc, accAt + ROWS + 3 * LANES);
    FloatVector c14 = FloatVector.fromArray(SPECIES, acc, accAt + ROWS + 4 * LANES);
    FloatVector c15 = FloatVector.fromArray(SPECIES, acc, accAt + ROWS + 5 * LANES);
    for (int s = 0; s < kept; s++) {
      FloatVector v0 = FloatVector.broadcast(SPECIES, values[first + s]);
      int o0 = aAt + offsets[first + s];
      c00 = FloatVector.fromArray(SPECIES, a, o0).fma(v0, c00);
      c01 = FloatVector.fromArray(SPECIES, a, o0 + LANES).fma(v0, c01);
      c02 = FloatVector.fromArray(SPECIES, a, o0 + 2 * LANES).fma(v0, c02);
      c03 = FloatVector.fromArray(SPECIES, a, o0 + 3 * LANES).fma(v0, c03);
      c04 = FloatVector.fromArray(SPECIES, a, o0 + 4 * LANES).fma(v0, c04);
      c05 = FloatVector.fromArray(SPECIES, a, o0 + 5 * LANES).fma(v0, c05);
      FloatVector v1 = FloatVector.broadcast(SPECIES, values[second + s]);
      int o1 = aAt + offsets[second + s];
      c10 = FloatVector.fromArray(SPECIES, a, o1).fma(v1, c10);
      c11 = FloatVector.fromArray(SPECIES, a, o1 + LANES).fma(v1, c11);
      c12 = FloatVector.fromArray(SPECIES, a, o1 + 2 * LANES).fma(v1, c12);
      c13 = FloatVector.fromArray(SPECIES, a, o1 + 3 * LANES).fma(v1, c13);
      c14 = FloatVector.fromArray(SPECIES, a, o1 + 4 * LANES).fma(v1, c14);
      c15 = FloatVector.fromArray(SPECIES, a, o1 + 5 * LANES).fma(v1, c15);
    }
    c00.intoArray(acc, accAt);
    c01.intoArray(acc, accAt + LANES);
    c02.intoArray(acc, accAt + 2 * LANES);
    c03.intoArray(acc, accAt + 3 * LANES);
    c04.intoArray(acc, accAt + 4 * LANES);
    c05.intoArray(acc, accAt + 5 * LANES);
    c10.intoArray(acc, accAt + ROWS);
    c11.intoArray(acc, accAt + ROWS + LANES);
    c12.intoArray(acc, accAt + ROWS + 2 * LANES);
    c13.intoArray(acc, accAt + ROWS + 3 * LANES);
    c14.intoArray(acc, accAt + ROWS + 4 * LANES);
    c15.intoArray(acc, accAt + ROWS + 5 * LANES);
  }
}
