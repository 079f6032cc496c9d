package octavo.nki;

import java.util.Arrays;
import octavo.Cast;
import octavo.Engine;
import octavo.format.Formats;
import octavo.math.Functions;
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
  private final ReduceRegisters registers = new ReduceRegisters(this);
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
    int free = free(data);
    for (int p = 0; p < partitions; p++) {
      apply(op0, numbers, p * free, free, operand0.get(p), reverse0);
      if (op1 != null) {
        apply(op1, numbers, p * free, free, operand1.get(p), reverse1);
      }
    }
    narrow(dst, writes);
  }

  /** {@code numbers = numbers op operand}, or reversed. */
  void apply(AluOperator op, float[] numbers, int at, int count, float operand, boolean reverse) {
    if (op == AluOperator.BYPASS) {
      return;
    }
    if (row.length < count) {
      row = new float[count];
    }
    Arrays.fill(row, 0, count, operand);
    if (reverse) {
      op.apply(row, 0, numbers, at, numbers, at, count);
    } else {
      op.apply(numbers, at, row, 0, numbers, at, count);
    }
  }

  void scalarTensorTensor(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      AluOperator op1,
      Tensor operand1,
      boolean reverse0,
      boolean reverse1,
      Cast writes) {
    float[] a = widen(data, first);
    float[] b = widen(operand1, second);
    int partitions = (int) data.dimension(0);
    int free = free(data);
    for (int p = 0; p < partitions; p++) {
      apply(op0, a, p * free, free, operand0.get(p), reverse0);
    }
    int count = partitions * free;
    if (reverse1) {
      op1.apply(b, 0, a, 0, a, 0, count);
    } else {
      op1.apply(a, 0, b, 0, a, 0, count);
    }
    narrow(dst, writes);
  }

  void tensorScalarReduce(
      Tensor dst,
      Tensor data,
      AluOperator op0,
      Operand operand0,
      Reduction reduction,
      boolean negate,
      Cast writes) {
    float[] numbers = widen(data, first);
    int free = free(data);
    for (int p = 0; p < data.dimension(0); p++) {
      apply(op0, numbers, p * free, free, operand0.get(p), false);
    }
    reduceAndNarrow(dst, numbers, reduction, negate, writes);
  }

  void exponential(Tensor dst, Tensor src, Operand max, Reduction reduction, Cast writes) {
    float[] numbers = widen(src, first);
    int free = free(src);
    for (int p = 0; p < src.dimension(0); p++) {
      float subtracted = max.get(p);
      for (int i = p * free; i < (p + 1) * free; i++) {
        numbers[i] = Functions.exp(numbers[i] - subtracted);
      }
    }
    reduceAndNarrow(dst, numbers, reduction, false, writes);
  }

  void rangeSelect(
      Tensor dst,
      Tensor onTrue,
      AluOperator comparison0,
      AluOperator comparison1,
      Operand bound0,
      Operand bound1,
      int rangeStart,
      float onFalse,
      Reduction reduction,
      Cast writes) {
    float[] numbers = widen(onTrue, first);
    int free = free(onTrue);
    for (int p = 0; p < onTrue.dimension(0); p++) {
      float low = bound0.get(p);
      float high = bound1.get(p);
      for (int i = 0; i < free; i++) {
        float index = rangeStart + i;
        if (comparison0.apply(index, low) == 0 || comparison1.apply(index, high) == 0) {
          numbers[p * free + i] = onFalse;
        }
      }
    }
    reduceAndNarrow(dst, numbers, reduction, false, writes);
  }

  void selectReduce(
      Tensor dst,
      IntegerTile predicate,
      Tensor onTrue,
      Operand onFalse,
      boolean reverse,
      Reduction reduction,
      Cast writes) {
    float[] numbers = widen(onTrue, first);
    int free = free(onTrue);
    for (int p = 0; p < onTrue.dimension(0); p++) {
      float other = onFalse.get(p);
      for (int i = p * free; i < (p + 1) * free; i++) {
        if ((predicate.get((long) i) != 0) == reverse) {
          numbers[i] = other;
        }
      }
    }
    reduceAndNarrow(dst, numbers, reduction, false, writes);
  }

  /** {@code result = (data0 op0 result) op1 data1} along the free dimension. */
  void tensorTensorScan(
      Tensor dst,
      Tensor data0,
      Tensor data1,
      Operand initial,
      AluOperator op0,
      AluOperator op1,
      boolean reverse0,
      boolean reverse1,
      Cast writes) {
    float[] a = widen(data0, first);
    float[] b = widen(data1, second);
    int free = free(data0);
    for (int p = 0; p < data0.dimension(0); p++) {
      float result = initial.get(p);
      for (int i = p * free; i < (p + 1) * free; i++) {
        result = reverse0 ? op0.apply(result, a[i]) : op0.apply(a[i], result);
        result = reverse1 ? op1.apply(b[i], result) : op1.apply(result, b[i]);
        a[i] = result;
      }
    }
    narrow(dst, writes);
  }

  /** {@code register = (src op0 imm0) op1 register} along the free dimension, each one written. */
  void tensorScalarCumulative(
      Tensor dst,
      Tensor src,
      AluOperator op0,
      AluOperator op1,
      Operand imm0,
      Operand imm1,
      ReduceCmd command,
      Cast writes) {
    float[] numbers = widen(src, first);
    int free = free(src);
    registers.begin(command, op1, imm1);
    for (int p = 0; p < src.dimension(0); p++) {
      apply(op0, numbers, p * free, free, imm0.get(p), false);
      float result = registers.get(p);
      for (int i = p * free; i < (p + 1) * free; i++) {
        result = op1.apply(numbers[i], result);
        numbers[i] = result;
      }
      registers.set(p, result);
    }
    narrow(dst, writes);
  }

  private void reduceAndNarrow(
      Tensor dst, float[] numbers, Reduction reduction, boolean negate, Cast writes) {
    registers.reduce(reduction, numbers, (int) dst.dimension(0), free(dst));
    narrow(dst, writes);
    registers.read(reduction, negate, writes);
  }

  private static int free(Tensor tile) {
    return tile.dimension(0) == 0 ? 0 : (int) (tile.size() / tile.dimension(0));
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

  /** {@return the neutral number of an operator} */
  static float identity(AluOperator op) {
    return switch (op) {
      case MULTIPLY, LOGICAL_AND -> 1;
      case MAXIMUM -> Float.NEGATIVE_INFINITY;
      case MINIMUM, ABS_MIN -> Float.POSITIVE_INFINITY;
      default -> 0;
    };
  }
}
