package octavo.nki;

import octavo.Cast;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Patterns, selections and exact integers on checked tiles. */
final class GpSimdEngine {

  private final VectorEngine vectorEngine;

  GpSimdEngine(VectorEngine vectorEngine) {
    this.vectorEngine = vectorEngine;
  }

  void iota(Tensor dst, AccessPattern pattern, int offset, int channelMultiplier, Cast writes) {
    float[] results = vectorEngine.results(dst);
    int free = (int) pattern.size();
    for (int p = 0; p < dst.dimension(0); p++) {
      for (int i = 0; i < free; i++) {
        results[p * free + i] = offset + p * channelMultiplier + pattern.value(i);
      }
    }
    vectorEngine.narrow(dst, writes);
  }

  static void iota(IntegerTile dst, AccessPattern pattern, int offset, int channelMultiplier) {
    for (int p = 0; p < dst.partitions(); p++) {
      for (long i = 0; i < dst.free(); i++) {
        int value = offset + p * channelMultiplier + pattern.value(i);
        dst.set(p, i, dst.type().saturate(value));
      }
    }
  }

  void affineSelect(
      Tensor dst,
      AccessPattern pattern,
      int offset,
      int channelMultiplier,
      Tensor onTrue,
      float onFalse,
      AluOperator comparison,
      Cast writes) {
    float[] numbers = vectorEngine.widen(onTrue);
    int free = (int) pattern.size();
    for (int p = 0; p < dst.dimension(0); p++) {
      for (int i = 0; i < free; i++) {
        int value = offset + p * channelMultiplier + pattern.value(i);
        if (!compare(comparison, value)) {
          numbers[p * free + i] = onFalse;
        }
      }
    }
    vectorEngine.narrow(dst, writes);
  }

  /** The affine value is an integer: compared as such, whatever FP32 can hold. */
  private static boolean compare(AluOperator comparison, int value) {
    return switch (comparison) {
      case EQUAL -> value == 0;
      case NOT_EQUAL -> value != 0;
      case GREATER_EQUAL -> value >= 0;
      case GREATER -> value > 0;
      case LESS_EQUAL -> value <= 0;
      case LESS -> value < 0;
      default -> throw new IllegalArgumentException(comparison.nkiName() + " is no comparison");
    };
  }

  void select(
      Tensor dst,
      IntegerTile predicate,
      Tensor onTrue,
      Operand onFalse,
      boolean reverse,
      Cast writes) {
    float[] numbers = vectorEngine.widen(onTrue);
    int free = (int) predicate.free();
    for (int p = 0; p < predicate.partitions(); p++) {
      float other = onFalse.get(p);
      for (int i = 0; i < free; i++) {
        if ((predicate.get((long) p * free + i) != 0) == reverse) {
          numbers[p * free + i] = other;
        }
      }
    }
    vectorEngine.narrow(dst, writes);
  }

  // ---- integers

  void copy(IntegerTile dst, Tensor src) {
    float[] numbers = vectorEngine.widen(src);
    for (long i = 0; i < dst.size(); i++) {
      dst.set(i, dst.type().of(numbers[(int) i]));
    }
  }

  void copy(Tensor dst, IntegerTile src, Cast writes) {
    float[] results = vectorEngine.results(dst);
    for (long i = 0; i < src.size(); i++) {
      results[(int) i] = src.get(i);
    }
    vectorEngine.narrow(dst, writes);
  }

  /** Equal types move bits; others go through FP32. */
  static void copy(IntegerTile dst, IntegerTile src) {
    for (long i = 0; i < src.size(); i++) {
      long value = src.get(i);
      dst.set(i, dst.type() == src.type() ? value : dst.type().of((float) value));
    }
  }

  static void combine(
      IntegerTile dst,
      IntegerTile data1,
      @Nullable IntegerTile data2,
      long scalar,
      AluOperator op) {
    IntegerType type = dst.type();
    for (long i = 0; i < dst.size(); i++) {
      long a = data1.get(i);
      long b = data2 == null ? scalar : data2.get(i);
      long result =
          switch (op) {
            case ADD -> type.wrap(a + b);
            case SUBTRACT -> type.wrap(a - b);
            case MULTIPLY -> type.wrap(a * b);
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
            case EQUAL -> a == b ? 1 : 0;
            case NOT_EQUAL -> a != b ? 1 : 0;
            case GREATER_EQUAL -> a >= b ? 1 : 0;
            case GREATER -> a > b ? 1 : 0;
            case LESS_EQUAL -> a <= b ? 1 : 0;
            case LESS -> a < b ? 1 : 0;
            default -> op.apply(type, a, b);
          };
      dst.set(i, result);
    }
  }
}
