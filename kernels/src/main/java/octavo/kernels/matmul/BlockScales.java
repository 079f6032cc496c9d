package octavo.kernels.matmul;

import java.util.Arrays;
import octavo.format.BlockFormat;
import octavo.format.DecodeTable;
import octavo.format.FloatFormat;
import octavo.tensor.Codes;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

/** Scales of runs along a row, read without allocating. */
final class BlockScales {

  private static final float[] NO_TABLE = {};

  private BlockScales() {}

  /**
   * Reads the scale of each run of a row; 1 if the operand has no scales within its rows.
   *
   * @param from the operand
   * @param row its row
   * @param k the column where the first run begins
   * @param runs how many
   * @param length the length of a run
   * @param to where the scales go
   * @param at where the first goes
   * @param step how far apart they go
   */
  static void read(
      Tensor from, long row, long k, int runs, int length, float[] to, int at, int step) {
    if (!(from.format() instanceof BlockFormat block) || !block.scalesWithinRow()) {
      fill(to, at, step, runs);
      return;
    }
    Tensor scales = from.scales();
    float[] table = table(block);
    long base = row / block.blockRows() * scales.stride(0);
    for (int run = 0; run < runs; run++) {
      long column = (k + (long) run * length) / block.blockColumns();
      to[at + run * step] = scale(scales, table, base + column * scales.stride(1));
    }
  }

  /**
   * Reads the scale of each run of a row of a packed matrix.
   *
   * @param from the operand
   * @param row its row
   * @param k the column where the first run begins
   * @param runs how many
   * @param length the length of a run
   * @param to where the scales go
   * @param at where the first goes
   * @param step how far apart they go
   */
  static void read(
      PackedMatrix from, long row, long k, int runs, int length, float[] to, int at, int step) {
    if (!(from.format() instanceof BlockFormat block) || !block.scalesWithinRow()) {
      fill(to, at, step, runs);
      return;
    }
    Tensor scales = from.scales();
    float[] table = table(block);
    boolean panels = from.scalesInPanels();
    int p = from.packing().panelRows();
    long base =
        panels
            ? row / p * scales.stride(0) + row % p * scales.stride(2)
            : row / block.blockRows() * scales.stride(0);
    for (int run = 0; run < runs; run++) {
      long column = (k + (long) run * length) / block.blockColumns();
      to[at + run * step] = scale(scales, table, base + column * scales.stride(1));
    }
  }

  /**
   * {@return the factor that applies to a row's results}, as {@link PackedMatrix#endFactor}
   *
   * @param from the operand
   * @param row the row
   */
  static float endFactor(PackedMatrix from, long row) {
    boolean ends = from.format() instanceof BlockFormat block && !block.scalesWithinRow();
    return (ends ? rowScale((BlockFormat) from.format(), from.scales(), row) : 1.0f)
        * from.tensorScale();
  }

  /**
   * {@return the factor that applies to a row's results: row or tensor scale, times tensor scale}
   *
   * @param from the operand
   * @param row the row
   */
  static float endFactor(Tensor from, long row) {
    boolean ends = from.format() instanceof BlockFormat block && !block.scalesWithinRow();
    return (ends ? rowScale((BlockFormat) from.format(), from.scales(), row) : 1.0f)
        * from.tensorScale();
  }

  private static float rowScale(BlockFormat block, Tensor scales, long row) {
    boolean one = block.blockRows() == BlockFormat.WHOLE;
    return scale(scales, table(block), one ? 0 : row / block.blockRows() * scales.stride(0));
  }

  private static float[] table(BlockFormat block) {
    return block.scale().bits() <= 8 ? DecodeTable.of(block.scale()) : NO_TABLE;
  }

  private static void fill(float[] to, int at, int step, int runs) {
    if (step == 1) {
      Arrays.fill(to, at, at + runs, 1.0f);
      return;
    }
    for (int run = 0; run < runs; run++) {
      to[at + run * step] = 1.0f;
    }
  }

  private static float scale(Tensor scales, float[] table, long offset) {
    FloatFormat format = (FloatFormat) scales.element();
    int code = Codes.get(scales.data(), format, offset);
    return table.length > 0 ? table[code & (table.length - 1)] : format.decode(code);
  }
}
