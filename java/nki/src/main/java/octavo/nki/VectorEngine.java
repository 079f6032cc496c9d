package octavo.nki;

import java.util.Arrays;
import octavo.Cast;
import octavo.Engine;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Elementwise operations and reductions on checked tiles, in FP32. */
final class VectorEngine {
  /*
   * A tile is widened to FP32 in an array, worked on row by row (a row is what one partition holds),
   * and narrowed on the way out with one rounding: both conversions are Octavo's kernels. An operand
   * that is broadcast is spread over one row first, so that every operator has one loop only.
   *
   * Sums follow the library's definition of a reduction: 16 lanes, lane l takes elements l, l + 16,
   * ... in order, then lanes are added by halves. Maxima and minima have no order. The order on a
   * device is not public.
   */

  private static final int LANES = 16;

  private final Engine engine;
  private final Scratch first = Scratch.onHeap();
  private final Scratch second = Scratch.onHeap();
  private final float[] lanes = new float[LANES];
  private float[] row = {};

  VectorEngine(Engine engine) {
    this.engine = engine;
  }

  /** {@return a tile's numbers, row-major, until the next call} */
  float[] widen(Tensor tile) {
    return widen(tile, first);
  }

  private float[] widen(Tensor tile, Scratch scratch) {
    Tensor matrix = tile.matrix();
    engine.convert(
        matrix, scratch.matrix(Formats.FP32, matrix.rows(), matrix.columns()), Cast.IEEE);
    return scratch.floats();
  }

  /** {@return an array of a tile's size, to be narrowed} */
  float[] results(Tensor dst) {
    Tensor matrix = dst.matrix();
    first.matrix(Formats.FP32, matrix.rows(), matrix.columns());
    return first.floats();
  }

  /** Writes what {@link #widen} or {@link #results} gave. */
  void narrow(Tensor dst, Cast writes) {
    Tensor matrix = dst.matrix();
    engine.convert(first.matrix(Formats.FP32, matrix.rows(), matrix.columns()), matrix, writes);
  }

  void tensorTensor(Tensor dst, Tensor data1, Tensor data2, AluOperator op, Cast writes) {
    float[] a = widen(data1, first);
    float[] b = widen(data2, second);
    op.apply(a, 0, b, 0, a, 0, (int) data1.size());
    narrow(dst, writes);
  }

  void tensorScalar(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      boolean reverse0,
      @Nullable AluOperator op1,
      Operand operand1,
      boolean reverse1,
      Cast writes) {
    float[] numbers = widen(data, first);
    int partitions = (int) data.dimension(0);
    int free = partitions == 0 ? 0 : (int) (data.size() / partitions);
    if (row.length < free) {
      row = new float[free];
    }
    for (int p = 0; p < partitions; p++) {
      apply(op0, numbers, p * free, free, operand0.get(p), reverse0);
      if (op1 != null) {
        apply(op1, numbers, p * free, free, operand1.get(p), reverse1);
      }
    }
    narrow(dst, writes);
  }

  private void apply(
      AluOperator op, float[] numbers, int at, int count, float operand, boolean reverse) {
    Arrays.fill(row, 0, count, operand);
    if (reverse) {
      op.apply(row, 0, numbers, at, numbers, at, count);
    } else {
      op.apply(numbers, at, row, 0, numbers, at, count);
    }
  }

  /** Reduces runs of {@code length} numbers each. */
  void tensorReduce(
      Tensor dst, AluOperator op, Tensor data, int length, boolean negate, Cast writes) {
    float[] numbers = widen(data, second);
    int runs = (int) dst.size();
    float[] results = results(dst);
    for (int i = 0; i < runs; i++) {
      float result = reduce(op, numbers, i * length, length);
      results[i] = negate ? -1.0f * result : result;
    }
    narrow(dst, writes);
  }

  /** {@return numbers reduced to one} */
  float reduce(AluOperator op, float[] numbers, int at, int count) {
    if (count == 0) {
      return identity(op);
    }
    if (op == AluOperator.SUBTRACT) {
      float result = numbers[at];
      for (int i = 1; i < count; i++) {
        result -= numbers[at + i];
      }
      return result;
    }
    Arrays.fill(lanes, identity(op));
    int whole = count - count % LANES;
    for (int i = 0; i < whole; i += LANES) {
      op.apply(lanes, 0, numbers, at + i, lanes, 0, LANES);
    }
    op.apply(lanes, 0, numbers, at + whole, lanes, 0, count - whole);
    for (int half = LANES / 2; half > 0; half /= 2) {
      op.apply(lanes, 0, lanes, half, lanes, 0, half);
    }
    return lanes[0];
  }

  private static float identity(AluOperator op) {
    return switch (op) {
      case MULTIPLY, LOGICAL_AND -> 1;
      case MAXIMUM -> Float.NEGATIVE_INFINITY;
      case MINIMUM -> Float.POSITIVE_INFINITY;
      default -> 0;
    };
  }
}
