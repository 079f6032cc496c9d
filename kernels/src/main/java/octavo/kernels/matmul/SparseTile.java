package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/** The innermost computation of a sparse product: two rows of B on a panel of rows of A. */
interface SparseTile {

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
   * {@return the tile for a width}, made at first use
   *
   * @param width the width
   */
  static SparseTile of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.TILE;
      case BITS_256 -> Bits256.TILE;
      case BITS_512 -> Bits512.TILE;
    };
  }

  /** Holds the tile of 128 bits. */
  final class Bits128 {
    private static final SparseTile TILE = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the tile of 256 bits. */
  final class Bits256 {
    private static final SparseTile TILE = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the tile of 512 bits. */
  final class Bits512 {
    private static final SparseTile TILE = copy(Width.BITS_512);

    private Bits512() {}
  }

  private static SparseTile copy(Width width) {
    return WidthCopies.instance(
        MethodHandles.lookup(), SparseTile.class, SparseTile4x2.class, width);
  }
}
