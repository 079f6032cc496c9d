package octavo.nki;

import octavo.math.Functions;

/**
 * The operators of the Vector, Scalar and GpSimd Engines. Arithmetic ones compute in FP32 and give
 * 1 or 0 where they compare; bitvec ones work on the bits of integers.
 *
 * <p>What the documentation leaves open and Octavo chooses: {@link #MAXIMUM} and its kin give NaN
 * if an operand is NaN, and hold -0 for less than 0; {@link #RSQRT} is that of {@link Functions};
 * {@link #POWER} is that of {@link StrictMath} in FP64, rounded to FP32.
 *
 * <p>Source: AWS Neuron SDK, NKI ISA API Common Fields, Supported Math Operators.
 */
public enum AluOperator {
  /** {@code a + b}. */
  ADD("add", Kind.ARITHMETIC, true),
  /** {@code a - b}. */
  SUBTRACT("subtract", Kind.ARITHMETIC, true),
  /** {@code a * b}. */
  MULTIPLY("multiply", Kind.ARITHMETIC, true),
  /** The greater one. */
  MAXIMUM("maximum", Kind.ARITHMETIC, true),
  /** The lesser one. */
  MINIMUM("minimum", Kind.ARITHMETIC, true),
  /** {@code a == b}. */
  EQUAL("equal", Kind.ARITHMETIC, false),
  /** {@code a != b}. */
  NOT_EQUAL("not_equal", Kind.ARITHMETIC, false),
  /** {@code a >= b}. */
  GREATER_EQUAL("greater_equal", Kind.ARITHMETIC, false),
  /** {@code a > b}. */
  GREATER("greater", Kind.ARITHMETIC, false),
  /** {@code a <= b}. */
  LESS_EQUAL("less_equal", Kind.ARITHMETIC, false),
  /** {@code a < b}. */
  LESS("less", Kind.ARITHMETIC, false),
  /** Both differ from 0. */
  LOGICAL_AND("logical_and", Kind.ARITHMETIC, true),
  /** One differs from 0. */
  LOGICAL_OR("logical_or", Kind.ARITHMETIC, true),
  /** Exactly one differs from 0. */
  LOGICAL_XOR("logical_xor", Kind.ARITHMETIC, true),
  /** {@code a} to the power of {@code b}. */
  POWER("power", Kind.ARITHMETIC, false),
  /** The greater magnitude; NeuronCore-v4. */
  ABS_MAX("abs_max", Kind.ARITHMETIC, false),
  /** The lesser magnitude; NeuronCore-v4. */
  ABS_MIN("abs_min", Kind.ARITHMETIC, false),
  /** {@code |a|}; the other operand is ignored, here and below. */
  ABS("abs", Kind.UNARY, false),
  /** {@code a * a}. */
  SQUARE("square", Kind.UNARY, false),
  /** {@code a} if above 0, else 0. */
  RELU("relu", Kind.UNARY, false),
  /** {@code 1 / sqrt(a)}. */
  RSQRT("rsqrt", Kind.UNARY, false),
  /** {@code 1 / a}. */
  RECIPROCAL("reciprocal", Kind.UNARY, false),
  /** {@code a}: no operation, for {@link Nisa#activate2} only. */
  BYPASS("bypass", Kind.UNARY, false),
  /** {@code ~a}. */
  INVERT("invert", Kind.BITVEC, false),
  /** {@code a & b}. */
  BITWISE_AND("bitwise_and", Kind.BITVEC, true),
  /** {@code a | b}. */
  BITWISE_OR("bitwise_or", Kind.BITVEC, true),
  /** {@code a ^ b}. */
  BITWISE_XOR("bitwise_xor", Kind.BITVEC, true),
  /** {@code a << b}; 0 from the type's width on. */
  LEFT_SHIFT("left_shift", Kind.BITVEC, false),
  /** {@code a >>> b}, zeros from above; 0 from the type's width on. */
  RIGHT_SHIFT("right_shift", Kind.BITVEC, false);

  private enum Kind {
    ARITHMETIC,
    UNARY,
    BITVEC
  }

  private final String nkiName;
  private final Kind kind;
  private final boolean reduces;

  AluOperator(String nkiName, Kind kind, boolean reduces) {
    this.nkiName = nkiName;
    this.kind = kind;
    this.reduces = reduces;
  }

  /** {@return the name in {@code nki.language}} */
  public String nkiName() {
    return nkiName;
  }

  /** {@return whether it works on bits of integers} */
  public boolean bitvec() {
    return kind == Kind.BITVEC;
  }

  /** {@return whether it has two operands} */
  boolean binary() {
    return kind != Kind.UNARY && this != INVERT;
  }

  /** {@return whether it compares} */
  boolean compares() {
    return switch (this) {
      case EQUAL, NOT_EQUAL, GREATER_EQUAL, GREATER, LESS_EQUAL, LESS -> true;
      default -> false;
    };
  }

  /** {@return whether {@code tensor_reduce} takes it} */
  public boolean reduces() {
    return reduces;
  }

  /**
   * {@return whether a generation has it}
   *
   * @param core the generation
   */
  public boolean availableOn(NeuronCore core) {
    return (this != ABS_MAX && this != ABS_MIN) || core == NeuronCore.V4;
  }

  /**
   * {@return the result in FP32}
   *
   * @param a the left operand
   * @param b the right operand; ignored by operators that take one
   * @throws UnsupportedOperationException if this is a bitvec operator
   */
  public float apply(float a, float b) {
    return switch (this) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case MAXIMUM -> Math.max(a, b);
      case MINIMUM -> Math.min(a, b);
      case EQUAL -> a == b ? 1 : 0;
      case NOT_EQUAL -> a != b ? 1 : 0;
      case GREATER_EQUAL -> a >= b ? 1 : 0;
      case GREATER -> a > b ? 1 : 0;
      case LESS_EQUAL -> a <= b ? 1 : 0;
      case LESS -> a < b ? 1 : 0;
      case LOGICAL_AND -> a != 0 && b != 0 ? 1 : 0;
      case LOGICAL_OR -> a != 0 || b != 0 ? 1 : 0;
      case LOGICAL_XOR -> a != 0 ^ b != 0 ? 1 : 0;
      case POWER -> (float) StrictMath.pow(a, b);
      case ABS_MAX -> Math.max(Math.abs(a), Math.abs(b));
      case ABS_MIN -> Math.min(Math.abs(a), Math.abs(b));
      case BYPASS -> a;
      case ABS -> Math.abs(a);
      case SQUARE -> a * a;
      case RELU -> Math.max(a, 0);
      case RSQRT -> Functions.rsqrt(a);
      case RECIPROCAL -> 1 / a;
      case INVERT, BITWISE_AND, BITWISE_OR, BITWISE_XOR, LEFT_SHIFT, RIGHT_SHIFT ->
          throw new UnsupportedOperationException(
              nkiName + " works on bits: use IntegerTile operands");
    };
  }

  /** {@return the result of a bitvec operator, in a type's bits} */
  long apply(IntegerType type, long a, long b) {
    int bits = 8 * type.bytes();
    long mask = (1L << bits) - 1;
    long result =
        switch (this) {
          case INVERT -> ~a;
          case BITWISE_AND -> a & b;
          case BITWISE_OR -> a | b;
          case BITWISE_XOR -> a ^ b;
          case LEFT_SHIFT -> b < 0 || b >= bits ? 0 : a << b;
          case RIGHT_SHIFT -> b < 0 || b >= bits ? 0 : (a & mask) >>> b;
          default -> throw new UnsupportedOperationException(nkiName + " is no bitvec operator");
        };
    return type.wrap(result);
  }

  /**
   * Computes {@code out[i] = a[i] op b[i]} over a run.
   *
   * @param a the left operands
   * @param aAt where they begin
   * @param b the right operands
   * @param bAt where they begin
   * @param out receives the results; may be one of the operands at the same place
   * @param outAt where they begin
   * @param count how many
   */
  void apply(float[] a, int aAt, float[] b, int bAt, float[] out, int outAt, int count) {
    // The operators of most kernels have loops of their own, which the compiler turns into vectors.
    switch (this) {
      case ADD -> {
        for (int i = 0; i < count; i++) {
          out[outAt + i] = a[aAt + i] + b[bAt + i];
        }
      }
      case SUBTRACT -> {
        for (int i = 0; i < count; i++) {
          out[outAt + i] = a[aAt + i] - b[bAt + i];
        }
      }
      case MULTIPLY -> {
        for (int i = 0; i < count; i++) {
          out[outAt + i] = a[aAt + i] * b[bAt + i];
        }
      }
      case MAXIMUM -> {
        for (int i = 0; i < count; i++) {
          out[outAt + i] = Math.max(a[aAt + i], b[bAt + i]);
        }
      }
      case MINIMUM -> {
        for (int i = 0; i < count; i++) {
          out[outAt + i] = Math.min(a[aAt + i], b[bAt + i]);
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          out[outAt + i] = apply(a[aAt + i], b[bAt + i]);
        }
      }
    }
  }
}
