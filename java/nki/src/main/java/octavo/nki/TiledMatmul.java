package octavo.nki;

import octavo.Cast;
import octavo.Engine;
import octavo.Ops;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Products of operands of any size, cut into tiles exactly as the instruction limits demand.
 *
 * <p>The result has the bits of this loop nest over {@link Nisa}'s instructions, whatever the order
 * of the outer loops and whatever M and N are cut into:
 *
 * <pre>{@code
 * for each tile of at most 128 of M, for each tile of at most 512 of N:
 *   for each tile t of at most 128 partitions:
 *     ncMatmulMx(psum, stationary tile, moving tile, t > 0)      or ncMatmul
 * }</pre>
 *
 * <p>PSUM's type is that of the result: each K tile's product is summed in FP32, added to PSUM in
 * FP32 and rounded to PSUM's type, as documented. The order of additions within a K tile is that of
 * {@link octavo.spi.MatmulKernel}. So an FP32 result is in general not that of {@link
 * Ops#matmul(Tensor, Tensor, Tensor)} on the whole operands, whose chain of sums is not cut.
 *
 * <p>It does not run the loop nest: operands change layout once, and each K tile is one call of a
 * kernel over all of M and N, which gives the same bits.
 *
 * <p>Keeps its working memory between calls: as much as both operands, three times as much for FP4
 * whose values an {@link Fp4Expansion} changes; with {@link NanScale#GOLDEN_INFINITY} also the
 * result in FP32, up to twice. Calls after the first ones with the same shapes allocate nothing.
 * Not safe for use by several threads at once; the kernels may use several.
 *
 * <p>Source: AWS Neuron SDK, {@code nki.isa.nc_matmul} and {@code nc_matmul_mx}; Trainium3 guide,
 * BF16 Matmul Results in PSUM.
 */
public final class TiledMatmul {

  private final NeuronCore core;
  private final TensorEngine tensorEngine;
  private final Tiles stationaryTiles = new Tiles();
  private final Tiles movingTiles = new Tiles();

  /**
   * Makes one.
   *
   * @param core the generation whose limits count
   * @param engine runs the kernels
   */
  public TiledMatmul(NeuronCore core, Engine engine) {
    this.core = core;
    this.tensorEngine = new TensorEngine(engine);
  }

  /**
   * {@return one on {@link Ops#engine()}}
   *
   * @param core the generation whose limits count
   */
  public static TiledMatmul on(NeuronCore core) {
    return new TiledMatmul(core, Ops.engine());
  }

  /**
   * Computes {@code dst = transpose(stationary) * moving} in K tiles of 128.
   *
   * @param dst FP32, or BF16 on v4, {@code [M, N]}
   * @param stationary {@code [K, M]}
   * @param moving {@code [K, N]}
   * @throws IllegalArgumentException if types or shapes do not fit or memory overlaps
   */
  public void matmul(Tensor dst, Tensor stationary, Tensor moving) {
    Checks.product(core, dst, stationary, moving, PerformanceMode.NONE);
    Tensor a = tensorEngine.stationary(stationary);
    Tensor b = tensorEngine.moving(moving);
    run(a, b, dst, NeuronCore.PARTITIONS, NanScale.OCP_NAN);
  }

  /**
   * Computes {@code dst = transpose(stationary) * moving} of MX operands, in K tiles of 128
   * partitions, 512 numbers.
   *
   * @param dst FP32 or BF16 {@code [M, N]}
   * @param stationary {@code [P, M]}
   * @param moving {@code [P, N]}
   * @throws IllegalArgumentException if the generation has no MX products, shapes do not fit or
   *     memory overlaps
   */
  public void matmulMx(Tensor dst, MxTile stationary, MxTile moving) {
    matmulMx(dst, stationary, moving, MxMatmulOptions.OCP);
  }

  /**
   * Computes {@code dst = transpose(stationary) * moving} of MX operands, in K tiles of 128
   * partitions, 512 numbers.
   *
   * @param dst FP32 or BF16 {@code [M, N]}
   * @param stationary {@code [P, M]}
   * @param moving {@code [P, N]}
   * @param options what the documentation leaves open
   * @throws IllegalArgumentException if the generation has no MX products, shapes do not fit or
   *     memory overlaps
   */
  public void matmulMx(Tensor dst, MxTile stationary, MxTile moving, MxMatmulOptions options) {
    Checks.productMx(core, dst, stationary, moving);
    Tensor a = tensorEngine.stationary(stationary, options.stationaryFp4());
    Tensor b = tensorEngine.moving(moving, options.movingFp4());
    run(a, b, dst, (long) MxTile.PACK * NeuronCore.PARTITIONS, options.nanScale());
  }

  private void run(Tensor a, Tensor b, Tensor dst, long tile, NanScale nan) {
    if (dst.size() == 0) {
      return;
    }
    Tensor[] left = stationaryTiles.of(a, tile);
    Tensor[] right = movingTiles.of(b, tile);
    for (int i = 0; i < left.length; i++) {
      tensorEngine.multiply(left[i], right[i], dst, i > 0, Cast.IEEE, nan);
    }
  }

  /** {@return whether a result's format is one that a generation sums in} */
  static boolean isPsum(NeuronCore core, Tensor dst) {
    return dst.format().equals(Formats.FP32)
        || (core.psumTypes().contains(DType.BFLOAT16) && dst.format().equals(Formats.BF16));
  }

  /**
   * The K tiles of an operand's rows: views. Those of the last two operands are kept, as their rows
   * are by {@link Scratch}.
   */
  private static final class Tiles {
    private @Nullable Tensor last;
    private @Nullable Tensor before;
    private Tensor[] tiles = {};
    private Tensor[] tilesBefore = {};

    /** {@return the tiles}, at least one; operands of one format have tiles of one width */
    Tensor[] of(Tensor rows, long width) {
      if (rows != last) {
        Tensor[] found = rows == before ? tilesBefore : cut(rows, width);
        before = last;
        tilesBefore = tiles;
        last = rows;
        tiles = found;
      }
      return tiles;
    }

    private static Tensor[] cut(Tensor rows, long width) {
      long count = Math.max(1, Math.ceilDiv(rows.columns(), width));
      Tensor[] cut = new Tensor[Math.toIntExact(count)];
      for (int i = 0; i < cut.length; i++) {
        cut[i] = rows.slice(1, i * width, Math.min(rows.columns(), (i + 1) * width));
      }
      return cut;
    }
  }
}
