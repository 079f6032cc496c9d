package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;
import org.jspecify.annotations.Nullable;

/**
 * The innermost computation of a product: {@link #rows} x {@link #columns} results at once.
 *
 * <p>B lies in panels as {@link PanelPacker} packs them: for every k the numbers of a panel's rows
 * side by side; A in rows. Results lie row by row, {@code columns()} apart.
 */
interface Tile {

  /** {@return the rows of A} */
  int rows();

  /** {@return the rows of B in a panel, which are columns of the result} */
  int columns();

  /**
   * Continues the sums of every result of the tile: in a tile {@linkplain #chains of chains},
   * {@code acc = fma(a[i,k], b[j,k], acc)}; in a tile {@linkplain #runs of runs}, {@code acc =
   * fma(p, s, acc)} with {@code p} the chain of products of a run from zero, {@code s} the product
   * of its scales, or 1 in a tile {@linkplain #foldedRuns of folded runs}.
   *
   * @param length the length of a run, the last may be shorter; ignored without runs, like scales
   * @param depth how many k
   * @param a rows of A
   * @param aAt where the first row begins
   * @param stride how far apart rows are
   * @param scalesA the scales of A, for each run those of its rows side by side
   * @param scalesAAt where those of the panel begin
   * @param b panels of B
   * @param bAt where the panel begins
   * @param scalesB the scales of B
   * @param scalesBAt where those of the panel begin
   * @param acc results
   * @param accAt where the tile begins
   */
  void multiply(
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
      int accAt);

  /**
   * Copies a row of sums from tiles to a line.
   *
   * @param sums results
   * @param sumsAt where the row begins in the first tile
   * @param apart how far apart tiles are
   * @param count how many sums, up to whole tiles more
   * @param line where they go
   */
  void row(float[] sums, int sumsAt, int apart, int count, float[] line);

  /**
   * {@return the tile for products without scales inside their sums}, made at first use
   *
   * @param width the width
   */
  static Tile chains(Width width) {
    return switch (width) {
      case BITS_128 -> Chains128.TILE;
      case BITS_256 -> Chains256.TILE;
      case BITS_512 -> Chains512.TILE;
    };
  }

  /**
   * {@return the tile for products with scales inside their sums}, made at first use
   *
   * @param width the width
   */
  static Tile runs(Width width) {
    return switch (width) {
      case BITS_128 -> Runs128.TILE;
      case BITS_256 -> Runs256.TILE;
      case BITS_512 -> Runs512.TILE;
    };
  }

  /**
   * {@return the tile for products with scales inside their sums that are multiplied into the
   * elements beforehand}, made at first use; {@code null} where there is none
   *
   * @param width the width
   */
  static @Nullable Tile foldedRuns(Width width) {
    return switch (width) {
      case BITS_128 -> FoldedRuns128.TILE;
      case BITS_256 -> FoldedRuns256.TILE;
      case BITS_512 -> null; // Never measured.
    };
  }

  private static Tile copy(Class<? extends Tile> template, Width width) {
    return WidthCopies.instance(MethodHandles.lookup(), Tile.class, template, width);
  }

  /** Holds a tile of 128 bits. */
  final class Chains128 {
    private static final Tile TILE = copy(ChainTile6x2.class, Width.BITS_128);

    private Chains128() {}
  }

  /** Holds a tile of 256 bits. */
  final class Chains256 {
    private static final Tile TILE = copy(ChainTile6x2.class, Width.BITS_256);

    private Chains256() {}
  }

  /** Holds a tile of 512 bits. */
  final class Chains512 {
    private static final Tile TILE = copy(ChainTile8x2.class, Width.BITS_512);

    private Chains512() {}
  }

  /** Holds a tile of 128 bits. */
  final class Runs128 {
    private static final Tile TILE = copy(RunTile6x2.class, Width.BITS_128);

    private Runs128() {}
  }

  /** Holds a tile of 256 bits. */
  final class Runs256 {
    private static final Tile TILE = copy(RunTile6x2.class, Width.BITS_256);

    private Runs256() {}
  }

  /** Holds a tile of 512 bits. */
  final class Runs512 {
    private static final Tile TILE = copy(RunTile8x2.class, Width.BITS_512);

    private Runs512() {}
  }

  /** Holds a tile of 128 bits. */
  final class FoldedRuns128 {
    private static final Tile TILE = copy(FoldedRunTile6x2.class, Width.BITS_128);

    private FoldedRuns128() {}
  }

  /** Holds a tile of 256 bits. */
  final class FoldedRuns256 {
    private static final Tile TILE = copy(FoldedRunTile6x2.class, Width.BITS_256);

    private FoldedRuns256() {}
  }
}
