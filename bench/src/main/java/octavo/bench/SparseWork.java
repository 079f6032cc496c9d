package octavo.bench;

import java.lang.foreign.Arena;
import octavo.Engine;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Sparsity;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/**
 * A product with sparse weights, beside that of the dense ones they were pruned from: rates count
 * the operations of the dense product.
 */
final class SparseWork implements Contender {

  private final Arena arena = Arena.ofAuto();
  private final Subject subject;
  private final Engine engine;
  private final Tensor left;
  private final SparseMatrix right;
  private final Tensor out;

  SparseWork(Subject subject) {
    this.subject = subject;
    engine = OctavoWork.engine(subject);
    Engine any = OctavoWork.engine();
    long k = subject.size(2);
    left = Numbers.tensor(any, arena, Formats.byName(subject.source()), subject.size(0), k, 1);
    ElementFormat format = Formats.byName(subject.target()).element();
    Tensor dense = Numbers.tensor(any, arena, format, subject.size(1), k, 2);
    String[] pattern =
        subject.contender().substring(subject.contender().indexOf('+') + 1).split(":");
    Sparsity sparsity = new Sparsity(Integer.parseInt(pattern[0]), Integer.parseInt(pattern[1]));
    right = SparseMatrix.compress(SparseMatrix.prune(dense, sparsity, arena), sparsity, arena);
    out = Tensor.allocate(arena, Formats.FP32, subject.size(0), subject.size(1));
  }

  @Override
  public void run() {
    engine.matmul(left, right, out);
  }

  /** The first and last rows: a row of the result is the same alone and among others. */
  @Override
  public void check() {
    Engine reference = OctavoWork.engine("reference");
    for (long row : new long[] {0, left.rows() - 1}) {
      Tensor expected = Tensor.allocate(arena, Formats.FP32, 1, right.rows());
      reference.matmul(left.slice(0, row, row + 1), right, expected);
      OctavoWork.requireSameNumbers(subject, out.slice(0, row, row + 1), expected);
    }
  }
}
