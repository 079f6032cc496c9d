package octavo.conformance;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
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
import octavo.tensor.MatrixPacker;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One product.
 *
 * @param a the format of the left operand
 * @param b the format of the right operand
 * @param out the format of the result
 * @param finish what happens to the sums before they are written
 * @param shape the dimensions
 * @param valuesA what the left operand holds
 * @param valuesB what the right operand holds
 * @param whereA where the left operand is
 * @param whereB where the right operand is
 * @param whereOut where the result goes, and the bias and the residual are
 * @param packing how the right operand is packed before the product, or {@code null} if it is not
 */
record MatmulCase(
    Format a,
    Format b,
    ElementFormat out,
    Finish finish,
    Shape shape,
    Values valuesA,
    Values valuesB,
    Where whereA,
    Where whereB,
    Where whereOut,
    @Nullable Packing packing)
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
    return "%s/%s,%s,%s%s/%s/%s,%s/%s,%s,%s%s"
        .formatted(
            stem,
            a,
            b,
            out,
            finish,
            shape,
            valuesA,
            valuesB,
            whereA,
            whereB,
            whereOut,
            packing == null
                ? ""
                : ",packed-%d-%d-%d"
                    .formatted(packing.panelRows(), packing.interleave(), packing.group()));
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
    private final @Nullable Guarded residual;
    private final Epilogue epilogue;
    private final Guarded result;
    private @Nullable MatrixPacker packed;

    Product(Workspace workspace) {
      left = Guarded.allocate(workspace, a, shape.m, shape.k, whereA);
      right = Guarded.allocate(workspace, b, shape.n, shape.k, whereB);
      result = Guarded.allocate(workspace, out, shape.m, shape.n, whereOut);
      packed = packing == null ? null : MatrixPacker.of(right.tensor(), packing, Arena.ofAuto());
      Epilogue rest = Epilogue.NONE.withScale(finish.scale()).withActivation(finish.activation());
      if (finish.bias()) {
        Layout layout = whereOut.layout() == Layout.OFFSET ? Layout.OFFSET : Layout.PACKED;
        Guarded vector =
            Guarded.allocate(
                workspace, Formats.FP32, 1, shape.n, new Where(layout, whereOut.memory()));
        addend = vector;
        rest = rest.withBias(vector.tensor().reshape(shape.n));
      } else {
        addend = null;
      }
      if (finish.residual() == Finish.Residual.NONE) {
        residual = null;
      } else {
        Guarded matrix = Guarded.allocate(workspace, residualFormat(), shape.m, shape.n, whereOut);
        residual = matrix;
        rest =
            rest.withResidual(
                finish.residual() == Finish.Residual.OUTPUT ? result.tensor() : matrix.tensor());
      }
      epilogue = rest;
    }

    private ElementFormat residualFormat() {
      return switch (finish.residual()) {
        case FP32 -> Formats.FP32;
        case BF16 -> Formats.BF16;
        case FP16 -> Formats.FP16;
        case NONE, OUTPUT -> out;
      };
    }

    @Override
    public Request request() {
      MatrixPacker packer = packed;
      Tensor added = epilogue.residual();
      return new MatmulRequest(
          Operand.of(left.tensor()),
          packer == null ? Operand.of(right.tensor()) : Operand.of(packer.packed()),
          Operand.of(result.tensor()),
          epilogue.scale() != 1,
          finish.bias(),
          epilogue.activation(),
          added == null ? null : Operand.of(added),
          packing);
    }

    @Override
    public List<Considered> verdicts(Engine engine) {
      MatrixPacker packer = packed;
      return packer == null
          ? engine
              .explainMatmul(left.tensor(), right.tensor(), epilogue, result.tensor())
              .verdicts()
          : engine
              .explainMatmul(left.tensor(), packer.packed(), epilogue, result.tensor())
              .verdicts();
    }

    @Override
    public List<Guarded> inputs() {
      return Stream.of(left, right, addend, residual).filter(Objects::nonNull).toList();
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
      if (residual != null) {
        residual.fill(valuesB == Values.ANY ? Values.FINITE : Values.NORMAL, random);
      }
      if (packing != null) {
        // A new one: what is found out about a packed matrix is remembered, such as its tensor
        // scale.
        MatrixPacker packer = MatrixPacker.of(right.tensor(), packing, Arena.ofAuto());
        for (long panel = 0; panel < packer.packed().panels(); panel++) {
          packer.pack(panel);
        }
        packed = packer;
      }
    }

    @Override
    public void run(Kernel<?> kernel) {
      MatmulKernel matmul = (MatmulKernel) kernel;
      if (residual != null && finish.residual() == Finish.Residual.OUTPUT) {
        Tensor from = residual.tensor();
        for (long i = 0; i < shape.m; i++) {
          for (long j = 0; j < shape.n; j++) {
            result.tensor().setCode(from.code(i, j), i, j);
          }
        }
      }
      MatrixPacker packer = packed;
      if (packer == null) {
        matmul.run(
            left.tensor(), right.tensor(), epilogue, result.tensor(), BackwardWorkers.INSTANCE);
      } else {
        matmul.run(
            left.tensor(), packer.packed(), epilogue, result.tensor(), BackwardWorkers.INSTANCE);
      }
    }
  }
}
