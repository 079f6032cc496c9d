package octavo.kernels.matmul;

import java.util.List;
import java.util.Objects;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.kernels.vector.ScratchPool;
import octavo.op.Epilogue;
import octavo.spi.MatmulRequest;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A product of few rows, 1 to {@link #ROWS}, with its working memory. */
final class SkinnyProduct {
  /*
   * With few rows every code of B is used once or a few times, so that the time is that of reading
   * them. They are decoded in registers, in the loops that multiply (PanelDot), and B is never
   * there as FP32. Outputs lie in lanes: a lane's chain over k is the written one.
   *
   *   A: decoded once, all rows, K padded to words with -0: -0 * w + acc is acc, also where acc is -0
   *   parts: some quads of four panels each, in parallel
   *     quads
   *       chunks of k, where several passes read the same codes, or runs are summed
   *         rows of A, four or two at a time, or one: a pass over the quad's codes
   *         sums of runs, with their scales: RunSums
   *       results = epilogue(sums * (endA * endB)), rounded: PartWriter
   *
   * One row takes all four panels of a quad at once, as four streams of memory, or two of codes of
   * four bits; two rows take two, four rows one: eight sums in registers, or four.
   *
   * Decoding leaves out a power of two, and rows of A are multiplied by it instead:
   * ActivationRange. It also takes NaN and infinity for numbers. A packed matrix is searched for
   * their codes once, when it is first used; where there are some, or ActivationRange finds no
   * powers of two, the whole call goes to TiledProduct.
   *
   * Weights that are not packed are packed here, a chunk of a quad at a time: SkinnyPacker.
   */

  /** The most rows of A. */
  static final int ROWS = 16;

  /** The most columns: all of A is decoded. */
  static final int COLUMNS = 1 << 22;

  /** Panels that go together. */
  static final int QUAD = 4;

  /** Codes of a quad that stay near: half of L2, or less. */
  private static final int NEAR_BYTES = 1 << 16;

  /** Sums of runs that stay near. */
  private static final int RUN_FLOATS = 1 << 12;

  /** Codes that are worth a part. */
  private static final long PART_BYTES = 1 << 19;

  private static final ScratchPool<SkinnyProduct> POOL = new ScratchPool<>(SkinnyProduct::new);

  private final Workers.Part part = this::part;
  private final PanelPacker decoder = new PanelPacker();
  private final ActivationRange range = new ActivationRange();

  // The call. SkinnyPart reads it.
  final Source a = new Source();
  final Source b = new Source();
  @Nullable Tensor rowsB;
  @Nullable PackedMatrix packedB;
  List<PanelDot> chains = List.of();
  List<PanelDot> runs = List.of();
  @Nullable RunSums runSums;
  @Nullable InPlace weights;
  @Nullable Tensor out;
  Epilogue epilogue = Epilogue.NONE;
  int rows;
  int columns;
  int padded;
  long outputs;
  int length;
  int chunk;
  int panelRows;
  int lead;
  float rest;
  float[] x = new float[0];
  float[] scalesA = new float[0];
  private int quadsOfPart;
  private long quads;

  private SkinnyProduct() {}

  /** {@return the packing that {@link PanelDot} reads}, for vectors of some FP32 lanes */
  static Packing packing(InPlace weights, int lanes) {
    return new Packing(2 * lanes, weights.storageBits() == 32 ? 1 : 2, weights.group());
  }

  /**
   * Computes a product by the arithmetic of {@link octavo.spi.MatmulKernel}.
   *
   * @return whether it did: if not, the operands hold numbers for which it has no way
   */
  static boolean run(
      SkinnyKernels kernels,
      Tensor a,
      @Nullable Tensor rowsB,
      @Nullable PackedMatrix packedB,
      Epilogue epilogue,
      Tensor out,
      Workers workers) {
    SkinnyProduct product = POOL.take();
    try {
      return product.compute(kernels, a, rowsB, packedB, epilogue, out, workers);
    } finally {
      product.clear();
      POOL.give(product);
    }
  }

  private boolean compute(
      SkinnyKernels kernels,
      Tensor left,
      @Nullable Tensor unpacked,
      @Nullable PackedMatrix packed,
      Epilogue finish,
      Tensor result,
      Workers workers) {
    Format formatB = packed == null ? Objects.requireNonNull(unpacked).format() : packed.format();
    InPlace decoding = Objects.requireNonNull(InPlace.of(formatB.element()));
    if (packed != null && !decoding.keepsNonFinite() && !packed.finite()) {
      return false;
    }
    a.set(left);
    rowsB = unpacked;
    packedB = packed;
    if (packed == null) {
      b.set(Objects.requireNonNull(unpacked));
    } else {
      b.set(packed);
    }
    weights = decoding;
    runSums = kernels.sums();
    panelRows = 2 * kernels.lanes();
    out = result;
    epilogue = finish;
    rows = (int) left.rows();
    columns = (int) left.columns();
    outputs = result.columns();
    length = MatmulRequest.blockLength(left.format(), formatB);
    chains = kernels.chains(decoding);
    if (length != 0) {
      runs = kernels.runs(decoding);
    }
    int group = decoding.group();
    padded = Math.ceilDiv(columns, group) * group;
    lead = decoding.storageBits() <= Byte.SIZE ? PanelDot.LEAD : 0;
    if (rows == 0 || outputs == 0) {
      return true;
    }
    if (!decodeA(decoding)) {
      return false;
    }
    chooseChunk(decoding);
    quads = Math.ceilDiv(outputs, (long) QUAD * panelRows);
    long bytes = (long) QUAD * panelRows * padded * decoding.storageBits() / Byte.SIZE;
    int parallelism = workers.parallelism();
    long worth = Math.max(1, PART_BYTES / Math.max(1, bytes));
    long most = parallelism == 1 ? quads : Math.max(1, quads / (4L * parallelism));
    quadsOfPart = (int) Math.clamp(most, Math.min(worth, quads), Math.min(quads, 1 << 16));
    workers.run(Math.toIntExact(Math.ceilDiv(quads, (long) quadsOfPart)), part);
    return true;
  }

  private boolean decodeA(InPlace decoding) {
    x = TiledProduct.grown(x, Math.max(1, rows * padded));
    for (int r = 0; r < rows; r++) {
      if (columns > 0) {
        decoder.pack(a, r, 1, 0, columns, 1, x, r * padded);
      }
      for (int k = columns; k < padded; k++) {
        x[r * padded + k] = -0.0f;
      }
    }
    if (!range.find(x, rows * padded, Math.max(1, columns), decoding)) {
      return false;
    }
    rest = range.rest();
    if (range.up() != 0) {
      PartWriter.multiply(x, Math.scalb(1.0f, range.up()), rows * padded);
    }
    if (length != 0) {
      int runs = Math.ceilDiv(columns, length);
      scalesA = TiledProduct.grown(scalesA, Math.max(1, rows * runs));
      for (int r = 0; r < rows; r++) {
        PanelPacker.packScales(a, r, 1, 0, runs, length, 1, scalesA, r * runs);
      }
    }
    return true;
  }

  private void chooseChunk(InPlace decoding) {
    boolean onePass = rows == 1 || rows == 2 || rows == 4;
    int near = NEAR_BYTES * Byte.SIZE / (QUAD * panelRows * decoding.storageBits());
    chunk = onePass && packedB != null ? Math.max(1, padded) : near;
    if (length != 0) {
      int runs = Math.max(1, RUN_FLOATS / (QUAD * panelRows * rows));
      chunk = Math.max(1, Math.min(chunk / length, runs)) * length;
    } else {
      chunk = Math.max(1, chunk / decoding.group()) * decoding.group();
    }
    chunk = Math.min(chunk, Math.max(1, padded));
  }

  private void part(int index) {
    SkinnyPart scratch = SkinnyPart.POOL.take();
    try {
      long from = (long) index * quadsOfPart;
      scratch.run(this, from, Math.min(quads, from + quadsOfPart));
    } finally {
      SkinnyPart.POOL.give(scratch);
    }
  }

  /** {@return whether scales of B stand in panels, one for each row} */
  boolean scalesInPanels() {
    return packedB != null && packedB.scalesInPanels();
  }

  /** {@return the block format of B}, where it has scales within its rows */
  @Nullable BlockFormat blocksOfB() {
    Format format = packedB == null ? Objects.requireNonNull(rowsB).format() : packedB.format();
    return format instanceof BlockFormat block && block.scalesWithinRow() ? block : null;
  }

  private void clear() {
    a.clear();
    b.clear();
    rowsB = null;
    packedB = null;
    chains = List.of();
    runs = List.of();
    runSums = null;
    weights = null;
    out = null;
    epilogue = Epilogue.NONE;
  }
}
