package octavo.conformance;

import java.util.List;
import java.util.SplittableRandom;
import octavo.format.Format;

/** A call with one input and one output of the same shape. */
abstract class UnaryCall implements Call {

  private final Values values;
  private final Guarded in;
  private final Guarded out;

  UnaryCall(Workspace workspace, Format from, Format to, Extent extent) {
    this.values = extent.values();
    this.in = Guarded.allocate(workspace, from, extent.rows(), extent.columns(), extent.whereIn());
    this.out = Guarded.allocate(workspace, to, extent.rows(), extent.columns(), extent.whereOut());
  }

  /**
   * Shape, values and places of input and output.
   *
   * @param rows the rows of both
   * @param columns the columns of both
   * @param values what the input holds
   * @param whereIn where the input is
   * @param whereOut where the output goes
   */
  record Extent(long rows, long columns, Values values, Where whereIn, Where whereOut) {

    /** {@return all of it as case ids spell it} */
    @Override
    public String toString() {
      return "%dx%d/%s/%s,%s".formatted(rows, columns, values, whereIn, whereOut);
    }
  }

  Guarded in() {
    return in;
  }

  @Override
  public List<Guarded> inputs() {
    return List.of(in);
  }

  @Override
  public Guarded output() {
    return out;
  }

  @Override
  public void fill(long seed) {
    in.fill(values, new SplittableRandom(seed));
  }
}
