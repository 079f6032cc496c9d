package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * The innermost computation of a product: {@link #rows} x {@link #columns} results at once.
 *
 * <p>Operands lie in panels as {@link PanelPacker} packs them: for every k the numbers of a panel's
 * rows side by side. Results lie row by row, {@code columns()} apart.
 */
interface Tile {

  /** {@return the rows of A in a panel} */
  int rows();

  /** {@return the rows of B in a panel, which are columns of the result} */
  int columns();

  /**
   * Continues the chain {@code acc = fma(a[i,k], b[j,k], acc)} of every result of the tile.
   *
   * @param depth how many k
   * @param a panels of A
   * @param aAt where the panel begins
   * @param b panels of B
   * @param bAt where the panel begins
   * @param acc results
   * @param accAt where the tile begins
   */
  void chain(int depth, float[] a, int aAt, float[] b, int bAt, float[] acc, int accAt);

  /**
   * Continues {@code acc = fma(p, s, acc)} over runs of k, {@code p} the chain of products of a run
   * from zero, {@code s} the product of its scales.
   *
   * @param length the length of a run; the last may be shorter
   * @param depth how many k
   * @param a panels of A
   * @param aAt where the panel begins
   * @param scalesA the scales of A, one panel for each run
   * @param scalesAAt where those of the panel begin
   * @param b panels of B
   * @param bAt where the panel begins
   * @param scalesB the scales of B
   * @param scalesBAt where those of the panel begin
   * @param acc results
   * @param accAt where the tile begins
   */
  void runs(
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
      int accAt);

  /**
   * {@return the tile for a width}, made at first use
   *
   * @param width the width
   */
  static Tile of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.TILE;
      case BITS_256 -> Bits256.TILE;
      case BITS_512 -> Bits512.TILE;
    };
  }

  /** Holds the tile of 128 bits. */
  final class Bits128 {
    private static final Tile TILE =
        WidthCopies.instance(MethodHandles.lookup(), Tile.class, Tile4x2.class, Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the tile of 256 bits. */
  final class Bits256 {
    private static final Tile TILE =
        WidthCopies.instance(MethodHandles.lookup(), Tile.class, Tile4x2.class, Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the tile of 512 bits. */
  final class Bits512 {
    private static final Tile TILE =
        WidthCopies.instance(MethodHandles.lookup(), Tile.class, Tile8x2.class, Width.BITS_512);

    private Bits512() {}
  }
}
