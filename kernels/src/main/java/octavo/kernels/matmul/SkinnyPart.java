package octavo.kernels.matmul;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import octavo.format.BlockFormat;
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
   * panel of a matrix there are none: its first word is copied.
   */

  static final ScratchPool<SkinnyPart> POOL = new ScratchPool<>(SkinnyPart::new);

  private static final int QUAD = SkinnyProduct.QUAD;

  private static final int LAST = QUAD - 1;

  private final PartWriter writer = new PartWriter();
  private final SkinnyPacker packer = new SkinnyPacker();
  private float[] acc = new float[0];
  private float[] runs = new float[0];
  private float[] scalesB = new float[0];

  // The quad: where the columns 0 of its panels are, in bytes.
  private final long[] at = new long[QUAD];
  private int panels;

  // The first word of the first quad.
  private MemorySegment begin = MemorySegment.NULL;
  private final long[] beginAt = new long[QUAD];

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
      PartWriter.multiply(acc, product.rest, QUAD * apart);
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
      at[p] = (quad * QUAD + Math.min(p, panels - 1)) * packed.panelBytes() - product.lead;
    }
    return packed.data();
  }

  private void blocks(
      SkinnyProduct product, MemorySegment codes, long quad, long column, int from, int to) {
    int length = product.length;
    int size = QUAD * product.rows * product.panelRows;
    int count = Math.ceilDiv(to - from, length);
    Arrays.fill(runs, 0, count * size, 0.0f);
    // Runs are counted from column 0, but this chunk's are the first in the array.
    int sumsAt = -from / length * size;
    int first = from;
    if (needsCopy(product, quad, from)) {
      first = Math.min(PanelDot.STEP, to);
      begin(product, first, runs, sumsAt);
    }
    int whole = first + (to - first) / PanelDot.STEP * PanelDot.STEP;
    if (first < whole) {
      int shift = Integer.numberOfTrailingZeros(length);
      passes(product, product.runs, codes, at, first, whole, runs, sumsAt, shift, size);
    }
    if (whole < to) {
      int its = sumsAt + whole / length * size;
      passes(product, product.chains, codes, at, whole, to, runs, its, 0, 0);
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

  private void chain(SkinnyProduct product, MemorySegment codes, long quad, int from, int to) {
    int first = from;
    if (needsCopy(product, quad, from)) {
      first = Objects.requireNonNull(product.weights).group();
      begin(product, first, acc, 0);
    }
    if (first < to) {
      passes(product, product.chains, codes, at, first, to, acc, 0, 0, 0);
    }
  }

  private static boolean needsCopy(SkinnyProduct product, long quad, int from) {
    return product.packedB != null && product.lead > 0 && quad == 0 && from == 0;
  }

  /** The first columns of the first quad, copied to where there is something before them. */
  private void begin(SkinnyProduct product, int columns, float[] sums, int sumsAt) {
    PackedMatrix packed = Objects.requireNonNull(product.packedB);
    long size = (long) product.panelRows * columns * packed.element().storageBits() / Byte.SIZE;
    if (begin.byteSize() < (QUAD + 1) * size) {
      begin = Arena.ofAuto().allocate((QUAD + 1) * size, 64);
    }
    for (int p = 0; p < QUAD; p++) {
      MemorySegment.copy(packed.data(), at[p] + product.lead, begin, (p + 1) * size, size);
      beginAt[p] = (p + 1) * size - product.lead;
    }
    passes(product, product.chains, begin, beginAt, 0, columns, sums, sumsAt, 0, 0);
  }

  private void passes(
      SkinnyProduct product,
      List<PanelDot> dots,
      MemorySegment codes,
      long[] at,
      int from,
      int to,
      float[] sums,
      int sumsAt,
      int lengthShift,
      int runStep) {
    float[] x = product.x;
    int step = product.padded;
    int panelStep = product.rows * product.panelRows;
    int r = 0;
    for (int shape = 0; shape < dots.size(); shape++) {
      PanelDot dot = dots.get(shape);
      for (; r + dot.rows() <= product.rows; r += dot.rows()) {
        for (int p = 0; p < panels; p += dot.panels()) {
          dot.multiply(
              codes,
              at[p],
              at[Math.min(p + 1, LAST)],
              at[Math.min(p + 2, LAST)],
              at[Math.min(p + 3, LAST)],
              from,
              to,
              x,
              r * step,
              step,
              sums,
              sumsAt + r * product.panelRows + p * panelStep,
              panelStep,
              lengthShift,
              runStep);
        }
      }
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
      int width = (int) Math.min((long) panels * panelRows, product.outputs - column);
      PanelPacker.packScales(
          product.b, column, width, from, count, product.length, panelRows, scalesB, 0);
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
}
