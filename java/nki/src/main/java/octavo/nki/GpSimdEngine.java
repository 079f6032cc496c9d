package octavo.nki;

import java.util.Arrays;
import octavo.Cast;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Patterns, selections and exact integers on checked tiles. */
final class GpSimdEngine {

  private final VectorEngine vectorEngine;
  private final Xorwow[] generators = new Xorwow[NeuronCore.PARTITIONS];

  GpSimdEngine(VectorEngine vectorEngine) {
    this.vectorEngine = vectorEngine;
    Arrays.setAll(generators, Xorwow::ofSeed);
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

  /** By its sign: the affine value is an integer, which FP32 may not hold. */
  private static boolean compare(AluOperator comparison, int value) {
    return comparison.apply(Integer.signum(value), 0) != 0;
  }

  // ---- random bits

  void setStates(IntegerTile states) {
    Xorwow[] set = new Xorwow[(int) states.partitions()];
    for (int p = 0; p < set.length; p++) {
      int[] words = new int[Xorwow.STATE_WORDS];
      for (int i = 0; i < words.length; i++) {
        words[i] = (int) states.get(p, i);
      }
      set[p] = Xorwow.ofState(words);
    }
    // Nothing changes if one of them was refused.
    System.arraycopy(set, 0, generators, 0, set.length);
  }

  void getStates(IntegerTile states) {
    for (int p = 0; p < states.partitions(); p++) {
      int[] words = generators[p].state();
      for (int i = 0; i < words.length; i++) {
        states.set(p, i, words[i]);
      }
    }
  }

  void rng(IntegerTile dst) {
    for (int p = 0; p < dst.partitions(); p++) {
      for (long i = 0; i < dst.free(); i++) {
        dst.set(p, i, generators[p].nextInt());
      }
    }
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

  static void copyPredicated(Tensor dst, Tensor src, IntegerTile predicate, boolean reverse) {
    Tensor from = src.matrix();
    Tensor to = dst.matrix();
    for (long row = 0; row < to.rows(); row++) {
      for (long column = 0; column < to.columns(); column++) {
        if ((predicate.get(row * to.columns() + column) != 0) != reverse) {
          to.setCode(from.code(row, column), row, column);
        }
      }
    }
  }

  /** Reduces each partition by a bitvec operator. */
  static void reduce(IntegerTile dst, IntegerTile data, AluOperator op) {
    for (long p = 0; p < data.partitions(); p++) {
      long result = op == AluOperator.BITWISE_AND ? -1 : 0;
      for (long i = 0; i < data.free(); i++) {
        result = op.apply(dst.type(), result, data.get(p * data.free() + i));
      }
      dst.set(p, result);
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
