package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import octavo.format.BlockFormat;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.kernels.vector.ScratchPool;
import octavo.tensor.Codes;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

/** Some quads of panels of a {@link SkinnyProduct}, and what computing them needs. */
final class SkinnyPart {
  /*
   * Arrays hold sums panel by panel, then row by row of A, two vectors each.
   *
   * Loops over codes of eight bits and fewer read up to three bytes before a panel. Before the first
   * panel of a matrix there are none: there the first columns of each row are multiplied here, one
   * code at a time.
   */

  static final ScratchPool<SkinnyPart> POOL = new ScratchPool<>(SkinnyPart::new);

  private static final int QUAD = SkinnyProduct.QUAD;

  /** The columns that loops in runs take at a time. */
  private static final int FOUR = 4;

  private static final float[] NO_TABLE = {};

  private final PartWriter writer = new PartWriter();
  private final SkinnyPacker packer = new SkinnyPacker();
  private float[] acc = new float[0];
  private float[] runs = new float[0];
  private float[] scalesB = new float[0];

  // The quad: where the columns 0 of its panels are, in bytes.
  private final long[] at = new long[QUAD];
  private int panels;

  private SkinnyPart() {}

  void run(SkinnyProduct product, long from, long to) {
    int size = QUAD * product.rows * product.panelRows;
    acc = TiledProduct.grown(acc, size);
    if (product.length != 0) {
      int count = Math.ceilDiv(product.chunk, product.length);
      runs = TiledProduct.grown(runs, size * count);
      scalesB = TiledProduct.grown(scalesB, QUAD * product.panelRows * count);
    }
    try {
      for (long quad = from; quad < to; quad++) {
        quad(product, quad);
      }
    } finally {
      writer.end();
    }
  }

  private void quad(SkinnyProduct product, long quad) {
    long column = quad * QUAD * product.panelRows;
    int width = (int) Math.min((long) QUAD * product.panelRows, product.outputs - column);
    panels = Math.ceilDiv(width, product.panelRows);
    int apart = product.rows * product.panelRows;
    Arrays.fill(acc, 0, QUAD * apart, 0.0f);
    boolean finite = true;
    for (int k = 0; k < product.padded; k += product.chunk) {
      int end = Math.min(product.padded, k + product.chunk);
      MemorySegment codes = place(product, quad, column, width, k, end);
      finite &= product.packedB != null || packer.finite();
      if (product.length == 0) {
        chain(product, codes, quad, k, end);
      } else {
        blocks(product, codes, quad, column, k, end);
      }
    }
    if (!finite) {
      oneByOne(product, column, width);
    }
    if (product.length == 0 && product.rest != 1.0f) {
      multiply(acc, product.rest, QUAD * apart);
    }
    writer.begin(
        product.a, product.b, product.epilogue, Objects.requireNonNull(product.out), column, width);
    for (int r = 0; r < product.rows; r++) {
      writer.row(acc, r * product.panelRows, apart, product.panelRows, r);
    }
  }

  /** {@return the memory of the quad's codes}; {@link #at} says where in it */
  private MemorySegment place(
      SkinnyProduct product, long quad, long column, int width, int from, int to) {
    PackedMatrix packed = product.packedB;
    if (packed == null) {
      return packer.pack(product, column, width, from, to, at);
    }
    // Panels that are not there count as the last one; nobody looks at their sums.
    for (int p = 0; p < QUAD; p++) {
      at[p] = (quad * QUAD + Math.min(p, panels - 1)) * packed.panelBytes();
    }
    return packed.data();
  }

  private static boolean needsLead(SkinnyProduct product, long quad, int k) {
    return product.packedB != null
        && quad == 0
        && k == 0
        && Objects.requireNonNull(product.weights).storageBits() <= 8;
  }

  private void chain(SkinnyProduct product, MemorySegment codes, long quad, int from, int to) {
    int first = from;
    if (needsLead(product, quad, from)) {
      int lead = Objects.requireNonNull(product.weights).group();
      lead(product, acc, lead);
      first += lead;
    }
    if (first < to) {
      passes(product, codes, first, to, acc, 0);
    }
  }

  private void blocks(
      SkinnyProduct product, MemorySegment codes, long quad, long column, int from, int to) {
    int length = product.length;
    int size = QUAD * product.rows * product.panelRows;
    int count = Math.ceilDiv(to - from, length);
    Arrays.fill(runs, 0, count * size, 0.0f);
    int first = from;
    if (needsLead(product, quad, from)) {
      first = Math.min(FOUR, to);
      lead(product, runs, first);
    }
    // Runs are counted from column 0, but this chunk's are the first in the array.
    int sumsAt = -from / length * size;
    int fours = first + (to - first) / FOUR * FOUR;
    if (first < fours) {
      passesInRuns(product, codes, first, fours, sumsAt, size);
    }
    if (fours < to) {
      passes(product, codes, fours, to, runs, sumsAt + fours / length * size);
    }
    scales(product, quad, column, from, count);
    RunSums runSums = Objects.requireNonNull(product.runSums);
    int runsOfRow = Math.ceilDiv(product.columns, length);
    for (int r = 0; r < product.rows; r++) {
      runSums.add(
          count,
          runs,
          r * product.panelRows,
          product.rows * product.panelRows,
          size,
          product.rest,
          product.scalesA,
          r * runsOfRow + from / length,
          scalesB,
          count * product.panelRows,
          acc);
    }
  }

  /** The first columns of every row, from zero, one code at a time. */
  private void lead(SkinnyProduct product, float[] to, int count) {
    PackedMatrix packed = Objects.requireNonNull(product.packedB);
    InPlace weights = Objects.requireNonNull(product.weights);
    ElementFormat format = packed.element();
    float[] table = DecodeTable.of(format);
    float down = Math.scalb(1.0f, -weights.down());
    int columns = Math.min(count, product.columns);
    int outputs = (int) Math.min((long) panels * product.panelRows, product.outputs);
    for (int j = 0; j < outputs; j++) {
      int p = j / product.panelRows;
      int lane = j % product.panelRows;
      for (int r = 0; r < product.rows; r++) {
        float sum = 0;
        for (int k = 0; k < columns; k++) {
          float w = table[packed.code(j, k) & (table.length - 1)] * down;
          sum = Math.fma(w, product.x[r * product.padded + k], sum);
        }
        to[(p * product.rows + r) * product.panelRows + lane] = sum;
      }
    }
  }

  /** A quad of unpacked rows with NaN or infinity among their codes. */
  private void oneByOne(SkinnyProduct product, long column, int width) {
    Tensor tensor = Objects.requireNonNull(product.rowsB);
    ElementFormat format = tensor.element();
    float down = Math.scalb(1.0f, -Objects.requireNonNull(product.weights).down());
    int length = product.length == 0 ? Math.max(1, product.columns) : product.length;
    int runsOfRow = Math.ceilDiv(product.columns, length);
    for (int j = 0; j < width; j++) {
      long at = (column + j) * tensor.stride(0);
      int to = j / product.panelRows * product.rows * product.panelRows + j % product.panelRows;
      for (int r = 0; r < product.rows; r++) {
        float sum = 0;
        for (int run = 0; run < runsOfRow; run++) {
          float p = 0;
          for (int k = run * length; k < Math.min(product.columns, (run + 1) * length); k++) {
            float w = format.decode(Codes.get(tensor.data(), format, at + k)) * down;
            p = Math.fma(w, product.x[r * product.padded + k], p);
          }
          if (product.length == 0) {
            sum = p;
          } else {
            float b =
                product.b.scalesWithinRow()
                    ? product.b.scale(column + j, (long) run * length)
                    : 1.0f;
            sum = Math.fma(p * product.rest, product.scalesA[r * runsOfRow + run] * b, sum);
          }
        }
        acc[to + r * product.panelRows] = sum;
      }
    }
  }

  private void passes(
      SkinnyProduct product, MemorySegment codes, int from, int to, float[] sums, int sumsAt) {
    PanelDot dot = Objects.requireNonNull(product.dot);
    float[] x = product.x;
    int step = product.padded;
    int panelStep = product.rows * product.panelRows;
    int r = 0;
    for (; r + 4 <= product.rows; r += 4) {
      int row = sumsAt + r * product.panelRows;
      for (int p = 0; p < panels; p++) {
        dot.four(codes, at[p], from, to, x, r * step, step, sums, row + p * panelStep);
      }
    }
    if (r + 2 <= product.rows) {
      int row = sumsAt + r * product.panelRows;
      for (int p = 0; p < panels; p += 2) {
        dot.two(
            codes,
            at[p],
            at[p + 1],
            from,
            to,
            x,
            r * step,
            step,
            sums,
            row + p * panelStep,
            panelStep);
      }
      r += 2;
    }
    if (r < product.rows) {
      int row = sumsAt + r * product.panelRows;
      dot.one(codes, at[0], at[1], at[2], at[3], from, to, x, r * step, sums, row, panelStep);
    }
  }

  /** As {@link #passes}, in runs. */
  private void passesInRuns(
      SkinnyProduct product, MemorySegment codes, int from, int to, int sumsAt, int runStep) {
    PanelDot dot = Objects.requireNonNull(product.dot);
    float[] x = product.x;
    int step = product.padded;
    int shift = Integer.numberOfTrailingZeros(product.length);
    int panelStep = product.rows * product.panelRows;
    int r = 0;
    for (; r + 4 <= product.rows; r += 4) {
      int row = sumsAt + r * product.panelRows;
      for (int p = 0; p < panels; p++) {
        dot.fourInRuns(
            codes, at[p], from, to, x, r * step, step, runs, row + p * panelStep, shift, runStep);
      }
    }
    if (r + 2 <= product.rows) {
      int row = sumsAt + r * product.panelRows;
      for (int p = 0; p < panels; p += 2) {
        dot.twoInRuns(
            codes,
            at[p],
            at[p + 1],
            from,
            to,
            x,
            r * step,
            step,
            runs,
            row + p * panelStep,
            panelStep,
            shift,
            runStep);
      }
      r += 2;
    }
    if (r < product.rows) {
      int row = sumsAt + r * product.panelRows;
      dot.oneInRuns(
          codes, at[0], at[1], at[2], at[3], from, to, x, r * step, runs, row, panelStep, shift,
          runStep);
    }
  }

  // ---- scales of B: panel by panel, run by run, those of a panel's rows side by side

  private void scales(SkinnyProduct product, long quad, long column, int from, int count) {
    BlockFormat block = product.blocksOfB();
    int panelRows = product.panelRows;
    if (block == null) {
      Arrays.fill(scalesB, 0, QUAD * panelRows * count, 1.0f);
    } else if (product.scalesInPanels()) {
      Tensor scales = Objects.requireNonNull(product.packedB).scales();
      long blocks = block.scaleColumns(product.columns);
      boolean sameLength = block.blockColumns() == product.length;
      for (int p = 0; p < panels; p++) {
        long panel = (quad * QUAD + p) * blocks;
        int to = p * count * panelRows;
        if (sameLength) {
          long first = (panel + from / product.length) * panelRows;
          decode(product, block, scales, first, count * panelRows, to);
        } else {
          for (int run = 0; run < count; run++) {
            long its = (from + (long) run * product.length) / block.blockColumns();
            decode(product, block, scales, (panel + its) * panelRows, panelRows, to);
            to += panelRows;
          }
        }
      }
    } else {
      gather(product, block, column, from, count);
    }
  }

  private void decode(
      SkinnyProduct product, BlockFormat block, Tensor scales, long first, int count, int to) {
    RunSums runSums = Objects.requireNonNull(product.runSums);
    if (block.scale().equals(Formats.E8M0)) {
      runSums.powers(scales.data(), first, count, scalesB, to);
    } else if (block.scale().equals(Formats.E4M3FN)) {
      runSums.floats(scales.data(), first, count, scalesB, to);
    } else {
      MemorySegment.copy(scales.data(), Codes.FLOAT, first * Float.BYTES, scalesB, to, count);
    }
  }

  /** Scales of tensors, or of blocks of several rows. */
  private void gather(SkinnyProduct product, BlockFormat block, long column, int from, int count) {
    int panelRows = product.panelRows;
    Tensor scales =
        product.packedB == null
            ? Objects.requireNonNull(product.rowsB).scales()
            : product.packedB.scales();
    float[] table = block.scale().bits() <= 8 ? DecodeTable.of(block.scale()) : NO_TABLE;
    int width = (int) Math.min((long) panels * panelRows, product.outputs - column);
    for (int j = 0; j < width; j++) {
      int to = j / panelRows * count * panelRows + j % panelRows;
      long row = (column + j) / block.blockRows() * scales.stride(0);
      for (int run = 0; run < count; run++) {
        long its = (from + (long) run * product.length) / block.blockColumns();
        long index = row + its * scales.stride(1);
        int code = Codes.get(scales.data(), block.scale(), index);
        scalesB[to + run * panelRows] =
            table.length > 0 ? table[code & (table.length - 1)] : Float.intBitsToFloat(code);
      }
    }
  }

  private static void multiply(float[] numbers, float factor, int count) {
    for (int i = 0; i < count; i++) {
      numbers[i] *= factor;
    }
  }
}
