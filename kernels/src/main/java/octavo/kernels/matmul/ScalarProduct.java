package octavo.kernels.matmul;

import java.util.Objects;
import octavo.format.Format;
import octavo.kernels.vector.ScratchPool;
import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A product in plain loops: what a call's parts share. */
final class ScalarProduct implements Workers.Part {
  /*
   * For virtual machines without the Vector API, and for first calls anywhere. Vector API code is a
   * thousand times slower until C2 has compiled it; here every leaf is a loop over arrays that the
   * interpreter runs at some 20 ns a step and C1, which knows Math.fma as one instruction, soon at 1.
   *
   * Loops, outermost first:
   *
   *   i   rows of A, up to 64: decoded to FP32 once, by the caller
   *   j     parts, handed out to threads: strips of rows of B, some 2^18 multiply-adds at least
   *   k       1024 columns of a strip are fetched to arrays (CodeStrip)
   *   ii        rows of A
   *   j8          eight rows of B: eight chains beside each other
   *
   * Eight chains, since an fma takes four cycles and the processor begins two in each: with the
   * sixteen registers of SSE that is what fits. One row of A meets eight of B, so a step loads nine
   * numbers for eight fmas. For a single row of A codes are looked up in the same step (one table
   * look-up for each fma); with more rows they are decoded to FP32 first.
   *
   * Leaves get short pieces, 64 columns at a time: a method is compiled after a number of calls or,
   * much later, from within a loop; many short calls reach C1 after a millisecond.
   *
   * A row's result is the written chain; strips and parts change nothing in it.
   */

  private static final long A_FLOATS = 1 << 20;
  private static final int MAX_ROWS = 64;
  private static final long PART_STEPS = 1 << 18;
  private static final int MAX_COLUMNS = 1024;
  private static final long MAX_DEPTH = 1 << 30;

  /** The longest run that a strip holds. */
  private static final int MAX_RUN = 1 << 16;

  private static final ScratchPool<ScalarProduct> POOL = new ScratchPool<>(ScalarProduct::new);

  private final CodeStrip left = new CodeStrip();
  private float[] numbers = new float[0];
  private float[] scalesA = new float[0];
  private float[] endA = new float[0];
  private @Nullable Tensor a;
  private @Nullable Tensor tensor;
  private @Nullable PackedMatrix packed;
  private @Nullable Tensor out;
  private Epilogue epilogue = Epilogue.NONE;
  private long firstRow;
  private int rows;
  private int length;
  private int stripRows;
  private int stripsPerPart;

  private ScalarProduct() {}

  /** {@return the verdict on a product of the right kind} */
  static Verdict consider(MatmulRequest request, Host host) {
    if (request.blockLength() > MAX_RUN) {
      return new Verdict.Rejected(
          "runs of %d elements are longer than %d".formatted(request.blockLength(), MAX_RUN));
    }
    if (request.k() > MAX_DEPTH) {
      return new Verdict.Rejected("K = %d is more than %d".formatted(request.k(), MAX_DEPTH));
    }
    // Without fused multiply-add in hardware all is lost to Math.fma, here and in the reference.
    double cost = host.fma() ? 45 : 95;
    return new Verdict.Eligible(cost, "plain loops, eight results at once");
  }

  /** Computes a product by the arithmetic of {@link octavo.spi.MatmulKernel}. */
  static void run(
      Tensor a,
      @Nullable Tensor tensor,
      @Nullable PackedMatrix packed,
      Epilogue epilogue,
      Tensor out,
      Workers workers) {
    ScalarProduct product = POOL.take();
    try {
      product.a = a;
      product.tensor = tensor;
      product.packed = packed;
      product.epilogue = epilogue;
      product.out = out;
      product.compute(workers);
    } finally {
      product.a = null;
      product.tensor = null;
      product.packed = null;
      product.epilogue = Epilogue.NONE;
      product.out = null;
      POOL.give(product);
    }
  }

  private void compute(Workers workers) {
    Tensor in = a();
    int depth = (int) in.columns();
    length = MatmulRequest.blockLength(in.format(), format());
    stripRows = packed == null ? CodeStrip.ROWS : packed.packing().panelRows();
    long strips = packed == null ? Math.ceilDiv(columns(), (long) stripRows) : packed.panels();
    int height = Math.clamp(A_FLOATS / Math.max(depth, 1), 1, MAX_ROWS);
    for (long i = 0; i < in.rows(); i += height) {
      firstRow = i;
      rows = (int) Math.min(height, in.rows() - i);
      decodeRows(in, depth);
      long steps = Math.max((long) depth * rows, 1) * stripRows;
      long most = Math.max(MAX_COLUMNS / stripRows, 1);
      long perPart = Math.clamp(PART_STEPS / steps, 1L, most);
      perPart = Math.max(perPart, Math.ceilDiv(strips, 1L << 30));
      stripsPerPart = (int) perPart;
      workers.run((int) Math.ceilDiv(strips, perPart), this);
    }
  }

  private void decodeRows(Tensor in, int depth) {
    if (numbers.length < rows * depth) {
      numbers = new float[rows * depth];
    }
    if (endA.length < rows) {
      endA = new float[MAX_ROWS];
    }
    left.decodeRows(in, firstRow, rows, depth, numbers);
    for (int r = 0; r < rows; r++) {
      endA[r] = BlockScales.endFactor(in, firstRow + r);
    }
    if (length != 0) {
      int runs = Math.ceilDiv(depth, length);
      if (scalesA.length < rows * runs) {
        scalesA = new float[rows * runs];
      }
      for (int r = 0; r < rows; r++) {
        BlockScales.read(in, firstRow + r, 0, runs, length, scalesA, r * runs, 1);
      }
    }
  }

  @Override
  public void run(int index) {
    ScalarStrips strips = ScalarStrips.take();
    try {
      strips.run(this, (long) index * stripsPerPart, stripsPerPart);
    } finally {
      strips.give();
    }
  }

  // ---- what parts read

  Tensor a() {
    return Objects.requireNonNull(a);
  }

  Tensor out() {
    return Objects.requireNonNull(out);
  }

  @Nullable Tensor tensor() {
    return tensor;
  }

  PackedMatrix packed() {
    return Objects.requireNonNull(packed);
  }

  Epilogue epilogue() {
    return epilogue;
  }

  /** {@return the format of b} */
  Format format() {
    return tensor != null ? tensor.format() : packed().format();
  }

  /** {@return the columns of the result} */
  long columns() {
    return tensor != null ? tensor.rows() : packed().rows();
  }

  int depth() {
    return (int) a().columns();
  }

  long firstRow() {
    return firstRow;
  }

  int rows() {
    return rows;
  }

  /** {@return the length of a run, 0 if no scales change along K} */
  int length() {
    return length;
  }

  int stripRows() {
    return stripRows;
  }

  /** {@return the decoded rows of A, {@link #depth} apart} */
  float[] numbers() {
    return numbers;
  }

  /** {@return the scales of A's rows, as many as there are runs apart} */
  float[] scalesA() {
    return scalesA;
  }

  float endA(int row) {
    return endA[row];
  }
}
