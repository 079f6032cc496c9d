package octavo.conformance;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import octavo.Engine;
import octavo.dispatch.Plan.Considered;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Sparsity;
import octavo.spi.Kernel;
import octavo.spi.Operand;
import octavo.spi.Request;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/**
 * Products with sparse matrices: every pair of element formats, every pattern, layouts and memories
 * of the left operand and the output, tails that are no multiple of anything.
 */
final class SparseMatmulCases implements Cases {

  private static final long[] ROWS = {1, 7, 8, 31, 32, 33, 70};
  private static final long[] COLUMNS = {1, 2, 5, 19, 64};
  private static final long[] GROUPS = {1, 3, 16, 67, 150};

  /** What can be sparse. */
  static final List<ElementFormat> WITH_ZERO =
      Formats.elements().stream().filter(SparseMatrix::takes).toList();

  private static final List<Values> VALUES = List.of(Values.NORMAL, Values.WIDE, Values.ANY);

  @Override
  public String stem() {
    return "sparse_matmul";
  }

  @Override
  public List<CaseGroup> groups() {
    List<CaseGroup> groups = new ArrayList<>();
    for (ElementFormat a : Formats.elements()) {
      groups.add(new CaseGroup(a + " x any sparse", () -> cases(a).stream()));
    }
    return groups;
  }

  private static List<Case> cases(ElementFormat a) {
    List<Case> cases = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(a.name().hashCode());
    for (ElementFormat b : WITH_ZERO) {
      for (Sparsity sparsity : Sparsity.trainium()) {
        cases.add(one(a, b, sparsity, random, Where.in(pick(random, Memory.values()))));
        Layout layout = pick(random, Layout.values());
        if (layout.allows(a)) {
          cases.add(one(a, b, sparsity, random, Where.lying(layout)));
        }
      }
    }
    for (long[] empty : new long[][] {{0, 5, 1}, {3, 0, 1}, {3, 5, 0}}) {
      cases.add(
          new Product(
              a,
              Formats.BF16,
              Sparsity.S2_4,
              Formats.FP32,
              empty[0],
              empty[1],
              empty[2],
              Values.NORMAL,
              Where.PLAIN,
              Where.PLAIN));
    }
    return cases;
  }

  private static Case one(
      ElementFormat a, ElementFormat b, Sparsity sparsity, SplittableRandom random, Where where) {
    ElementFormat out = random.nextBoolean() ? Formats.FP32 : Formats.BF16;
    Layout layout = pick(random, Layout.values());
    return new Product(
        a,
        b,
        sparsity,
        out,
        ROWS[random.nextInt(ROWS.length)],
        COLUMNS[random.nextInt(COLUMNS.length)],
        GROUPS[random.nextInt(GROUPS.length)],
        VALUES.get(random.nextInt(VALUES.size())),
        where,
        new Where(layout, where.memory()));
  }

  private static <T> T pick(SplittableRandom random, T[] from) {
    return from[random.nextInt(from.length)];
  }

  /** One product with a sparse matrix of N rows and {@code groups} groups a row. */
  private record Product(
      ElementFormat a,
      ElementFormat b,
      Sparsity sparsity,
      ElementFormat out,
      long m,
      long n,
      long groups,
      Values values,
      Where whereA,
      Where whereOut)
      implements Case {

    @Override
    public String id() {
      return "sparse_matmul/%s,%s,%s/%s/%dx%dx%d/%s/%s,%s"
          .formatted(
              a, b, out, sparsity, m, n, groups * sparsity.group(), values, whereA, whereOut);
    }

    @Override
    public Call open(Workspace workspace) {
      return new ProductCall(this, workspace);
    }
  }

  /** The operands in memory. */
  private static final class ProductCall implements Call {

    private final Product product;
    private final Guarded left;
    private final Guarded result;
    private SparseMatrix right;

    ProductCall(Product product, Workspace workspace) {
      this.product = product;
      long k = product.groups() * product.sparsity().group();
      left = Guarded.allocate(workspace, product.a(), product.m(), k, product.whereA());
      result =
          Guarded.allocate(workspace, product.out(), product.m(), product.n(), product.whereOut());
      right = sparse(Tensor.allocate(Arena.ofAuto(), product.b(), product.n(), k));
    }

    private SparseMatrix sparse(Tensor dense) {
      Tensor pruned = SparseMatrix.prune(dense, product.sparsity(), Arena.ofAuto());
      return SparseMatrix.compress(pruned, product.sparsity(), Arena.ofAuto());
    }

    @Override
    public Request request() {
      return new SparseMatmulRequest(
          Operand.of(left.tensor()),
          Operand.of(right.values()),
          product.sparsity(),
          Operand.of(result.tensor()));
    }

    @Override
    public List<Considered> verdicts(Engine engine) {
      return engine.explainMatmul(left.tensor(), right, result.tensor()).verdicts();
    }

    @Override
    public List<Guarded> inputs() {
      return List.of(left);
    }

    @Override
    public Guarded output() {
      return result;
    }

    @Override
    public void fill(long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      left.fill(product.values(), random);
      Tensor dense = Tensor.allocate(Arena.ofAuto(), product.b(), right.rows(), right.columns());
      product.values().fill(dense, random);
      right = sparse(dense);
    }

    @Override
    public void run(Kernel<?> kernel) {
      ((SparseMatmulKernel) kernel)
          .run(left.tensor(), right, result.tensor(), BackwardWorkers.INSTANCE);
    }
  }
}
