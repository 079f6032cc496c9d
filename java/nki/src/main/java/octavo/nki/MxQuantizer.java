package octavo.nki;

import java.lang.foreign.ValueLayout;
import octavo.Engine;
import octavo.Ops;
import octavo.Quantization;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * Quantizes operands of any size to packed MX tiles, as {@code quantize_mx} does one instruction's
 * worth of.
 *
 * <p>Beyond the instruction, and marked so by being here and not in {@link Nisa}: FP32 sources, FP4
 * results, more than 128 partitions.
 *
 * <p>A group is 8 partitions by 4 neighbouring numbers. Elements are rounded to nearest even
 * (assumed: the documentation does not say) or stochastically.
 *
 * <p>Keeps its working memory between calls. Not safe for use by several threads at once.
 */
public final class MxQuantizer {

  private final Engine engine;
  private final Scratch rows = Scratch.offHeap();
  private final Scratch blocks = Scratch.offHeap();
  private final float[] group = new float[32];
  private final int[] codes = new int[32];
  private Quantization last = Quantization.OCP;

  /**
   * Makes a quantizer.
   *
   * @param engine runs the kernels
   */
  public MxQuantizer(Engine engine) {
    this.engine = engine;
  }

  /** {@return one on {@link Ops#engine()}} */
  public static MxQuantizer ofDefaults() {
    return new MxQuantizer(Ops.engine());
  }

  /**
   * Quantizes to nearest even.
   *
   * @param source FP16, BF16 or FP32 {@code [partitions, 4 * free]} or {@code [partitions, free,
   *     4]}, consecutive within a partition
   * @param tile E4M3FN, E5M2 or E2M1 {@code [partitions, free]}, other memory
   * @param quantization scale rule and edges
   * @throws IllegalArgumentException if formats or shapes are others or memory overlaps
   */
  public void quantize(Tensor source, MxTile tile, MxQuantization quantization) {
    quantize(source, tile, quantization, Rounding.NEAREST_EVEN, 0);
  }

  /**
   * Quantizes.
   *
   * @param source FP16, BF16 or FP32 {@code [partitions, 4 * free]} or {@code [partitions, free,
   *     4]}, consecutive within a partition
   * @param tile E4M3FN, E5M2 or E2M1 {@code [partitions, free]}, other memory
   * @param quantization scale rule and edges; other than {@link EdgeBlocks#DOCUMENTED} they round
   *     the groups that they define to nearest even
   * @param rounding how elements are rounded
   * @param seed the seed of {@link Rounding#STOCHASTIC}
   * @throws IllegalArgumentException if formats or shapes are others or memory overlaps
   */
  public void quantize(
      Tensor source, MxTile tile, MxQuantization quantization, Rounding rounding, long seed) {
    Format format = source.format();
    if (!format.equals(Formats.BF16)
        && !format.equals(Formats.FP16)
        && !format.equals(Formats.FP32)) {
      throw new IllegalArgumentException(
          "quantize_mx source is %s; it must be FP16 or BF16 (or, beyond the instruction, FP32)"
              .formatted(source));
    }
    boolean matrix = Checks.isMatrix(source, tile.partitions(), MxTile.PACK * tile.free());
    if (!matrix && !source.sameShape(tile.data())) {
      throw new IllegalArgumentException(
          "quantize_mx source is %s and the tile %s; the source must be [%d, %d]"
              .formatted(source, tile, tile.partitions(), MxTile.PACK * tile.free()));
    }
    if (!source.unitColumnStride()
        || (!matrix && source.stride(1) != MxTile.PACK && tile.free() > 1)) {
      throw new IllegalArgumentException(
          "quantize_mx source %s must be consecutive within a partition".formatted(source));
    }
    if (source.overlaps(tile.data()) || source.overlaps(tile.scales())) {
      throw new IllegalArgumentException(
          "quantize_mx source %s overlaps the tile %s in memory".formatted(source, tile));
    }
    Tensor plain = rows.matrix(format, tile.free(), tile.contraction());
    Relayout.wordsBack(Relayout.workers(engine, source, plain), source, tile.partitions(), plain);
    ElementFormat element = tile.data().element();
    Tensor quantized =
        blocks.matrix(MxLayout.blockFormat(element), tile.free(), tile.contraction());
    engine.quantize(plain, quantized, how(quantization.rule(), rounding, seed));
    if (quantization.edges() != EdgeBlocks.DOCUMENTED) {
      redoEdges(plain, quantized, quantization);
    }
    MxLayout.pack(engine, quantized, tile);
  }

  /** {@return the arguments of the last call again if they are the same} */
  private Quantization how(ScaleRule rule, Rounding rounding, long seed) {
    if (last.scaleRule() != rule || last.rounding() != rounding || last.seed() != seed) {
      last = new Quantization(rule, rounding, seed);
    }
    return last;
  }

  /** Groups at either end of the scale's range are those that the modes differ in. */
  private void redoEdges(Tensor plain, Tensor quantized, MxQuantization quantization) {
    ElementFormat element = quantized.element();
    ElementFormat from = plain.element();
    int m = 127 - quantization.rule().scaleCode(1.0f, element);
    long groups = quantized.size() / group.length;
    for (long g = 0; g < groups; g++) {
      int code = quantized.scales().data().get(ValueLayout.JAVA_BYTE, g) & 0xFF;
      if (code != 0 && code != ScaleRule.NAN_SCALE) {
        continue;
      }
      long first = g * group.length;
      for (int i = 0; i < group.length; i++) {
        group[i] = from.decode(Codes.get(plain.data(), from, first + i));
      }
      code = quantization.edges().quantize(group, element, m, codes);
      for (int i = 0; i < group.length; i++) {
        Codes.set(quantized.data(), element, first + i, codes[i]);
      }
      quantized.scales().data().set(ValueLayout.JAVA_BYTE, g, (byte) code);
    }
  }
}
