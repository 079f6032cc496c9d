package octavo.conformance;

import java.util.List;
import java.util.SplittableRandom;
import octavo.Engine;
import octavo.dispatch.Plan.Considered;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.Kernel;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Request;
import org.jspecify.annotations.Nullable;

/**
 * One product.
 *
 * @param a the format of the left operand
 * @param b the format of the right operand
 * @param out the format of the result
 * @param bias whether there is a bias
 * @param shape the dimensions
 * @param valuesA what the left operand holds
 * @param valuesB what the right operand holds
 * @param whereA where the left operand is
 * @param whereB where the right operand is
 * @param whereOut where the result goes, and the bias is
 */
record MatmulCase(
    Format a,
    Format b,
    ElementFormat out,
    boolean bias,
    Shape shape,
    Values valuesA,
    Values valuesB,
    Where whereA,
    Where whereB,
    Where whereOut)
    implements Case {

  /**
   * The dimensions of a product.
   *
   * @param m rows of the left operand and the result
   * @param n rows of the right operand, columns of the result
   * @param k columns of both operands
   */
  record Shape(long m, long n, long k) {

    /** {@return the dimensions as case ids spell them} */
    @Override
    public String toString() {
      return m + "x" + n + "x" + k;
    }
  }

  @Override
  public String id() {
    String stem = MatmulRequest.blockLength(a, b) == 0 ? "matmul.plain" : "matmul.block";
    return "%s/%s,%s,%s%s/%s/%s,%s/%s,%s,%s"
        .formatted(
            stem,
            a,
            b,
            out,
            bias ? "+bias" : "",
            shape,
            valuesA,
            valuesB,
            whereA,
            whereB,
            whereOut);
  }

  @Override
  public Product open(Workspace workspace) {
    return new Product(workspace);
  }

  /** The operands in memory. */
  final class Product implements Call {

    private final Guarded left;
    private final Guarded right;
    private final @Nullable Guarded addend;
    private final Epilogue epilogue;
    private final Guarded result;

    Product(Workspace workspace) {
      left = Guarded.allocate(workspace, a, shape.m, shape.k, whereA);
      right = Guarded.allocate(workspace, b, shape.n, shape.k, whereB);
      result = Guarded.allocate(workspace, out, shape.m, shape.n, whereOut);
      if (bias) {
        Layout layout = whereOut.layout() == Layout.OFFSET ? Layout.OFFSET : Layout.PACKED;
        Guarded vector =
            Guarded.allocate(
                workspace, Formats.FP32, 1, shape.n, new Where(layout, whereOut.memory()));
        addend = vector;
        epilogue = Epilogue.ofBias(vector.tensor().reshape(shape.n));
      } else {
        addend = null;
        epilogue = Epilogue.NONE;
      }
    }

    @Override
    public Request request() {
      return new MatmulRequest(
          Operand.of(left.tensor()), Operand.of(right.tensor()), Operand.of(result.tensor()), bias);
    }

    @Override
    public List<Considered> verdicts(Engine engine) {
      return engine
          .explainMatmul(left.tensor(), right.tensor(), epilogue, result.tensor())
          .verdicts();
    }

    @Override
    public List<Guarded> inputs() {
      return addend == null ? List.of(left, right) : List.of(left, right, addend);
    }

    @Override
    public Guarded output() {
      return result;
    }

    @Override
    public void fill(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      left.fill(valuesA, random);
      right.fill(valuesB, random);
      if (addend != null) {
        addend.fill(valuesB == Values.ANY ? Values.FINITE : Values.NORMAL, random);
      }
    }

    @Override
    public void run(Kernel<?> kernel) {
      ((MatmulKernel) kernel)
          .run(left.tensor(), right.tensor(), epilogue, result.tensor(), BackwardWorkers.INSTANCE);
    }
  }
}
