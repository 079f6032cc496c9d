package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/** The innermost computation of a sparse product: two rows of B on a panel of rows of A. */
interface SparseTile {

  /** How many times the rows of the low tile the tall one may compute and still be faster. */
  double TALL_MAY_PAD = 1.1;

  /** {@return the rows of A in a panel} */
  int rows();

  /**
   * Continues the chains of a panel's rows with the kept elements of two rows of B.
   *
   * @param kept how many elements of each row
   * @param a panels of A, as {@link PanelPacker} packs them
   * @param aAt where the panel begins
   * @param values the kept elements
   * @param offsets for each of them where its column begins in the panel
   * @param first where the first row's elements begin
   * @param second where the second row's begin
   * @param acc sums: those of the panel's rows for the first row of B, then for the second
   * @param accAt where they begin
   */
  void chains(
      int kept,
      float[] a,
      int aAt,
      float[] values,
      int[] offsets,
      int first,
      int second,
      float[] acc,
      int accAt);

  /**
   * {@return the tile for a width and a number of rows}, made at first use: the one that pads less
   *
   * @param width the width
   * @param rows the rows of A
   */
  static SparseTile of(Width width, long rows) {
    SparseTile tall = tall(width);
    SparseTile low = low(width);
    return padded(rows, tall.rows()) <= padded(rows, low.rows()) * TALL_MAY_PAD ? tall : low;
  }

  private static double padded(long rows, int panel) {
    return Math.ceilDiv(rows, (long) panel) * (double) panel;
  }

  private static SparseTile tall(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.TALL;
      case BITS_256 -> Bits256.TALL;
      case BITS_512 -> Bits512.TALL;
    };
  }

  private static SparseTile low(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.LOW;
      case BITS_256 -> Bits256.LOW;
      case BITS_512 -> Bits512.LOW;
    };
  }

  /** Holds the tiles of 128 bits. */
  final class Bits128 {
    private static final SparseTile TALL = copy(SparseTile6x2.class, Width.BITS_128);
    private static final SparseTile LOW = copy(SparseTile4x2.class, Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the tiles of 256 bits. */
  final class Bits256 {
    private static final SparseTile TALL = copy(SparseTile6x2.class, Width.BITS_256);
    private static final SparseTile LOW = copy(SparseTile4x2.class, Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the tiles of 512 bits. */
  final class Bits512 {
    private static final SparseTile TALL = copy(SparseTile6x2.class, Width.BITS_512);
    private static final SparseTile LOW = copy(SparseTile4x2.class, Width.BITS_512);

    private Bits512() {}
  }

  private static SparseTile copy(Class<? extends SparseTile> template, Width width) {
    return WidthCopies.instance(MethodHandles.lookup(), SparseTile.class, template, width);
  }
}
