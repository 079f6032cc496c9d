package octavo.nki;

import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What is broadcast along the free dimension: one number for all partitions, or one for each.
 *
 * <p>Source: AWS Neuron SDK, {@code nki.isa.tensor_scalar} and {@code activation}.
 */
public final class Operand {

  /** Zero for all partitions. */
  public static final Operand ZERO = of(0.0f);

  /** One for all partitions. */
  public static final Operand ONE = of(1.0f);

  private final float scalar;
  private final @Nullable Tensor vector;

  private Operand(float scalar, @Nullable Tensor vector) {
    this.scalar = scalar;
    this.vector = vector;
  }

  /**
   * {@return one number for all partitions}
   *
   * @param scalar the number
   */
  public static Operand of(float scalar) {
    return new Operand(scalar, null);
  }

  /**
   * {@return one number for each partition}
   *
   * @param vector {@code [partitions, 1]}
   * @throws IllegalArgumentException if it has another shape
   */
  public static Operand of(Tensor vector) {
    if (vector.rank() != 2 || vector.columns() != 1) {
      throw Checks.refusal("operand is %s; a vector is [partitions, 1]", vector);
    }
    return new Operand(0, vector);
  }

  /** {@return whether there is a number for each partition} */
  public boolean isVector() {
    return vector != null;
  }

  /** {@return the partitions of a vector} */
  long partitions() {
    return vector == null ? NeuronCore.PARTITIONS : vector.rows();
  }

  /** Refuses a vector that is not FP32 or has another number of partitions. */
  void check(String what, long partitions, boolean fp32) {
    if (vector == null) {
      return;
    }
    if (vector.rows() != partitions) {
      throw Checks.refusal("%s is %s; the tile has %d partitions", what, vector, partitions);
    }
    if (fp32 && !vector.format().equals(Formats.FP32)) {
      throw Checks.refusal("%s is %s; it must be FP32", what, vector);
    }
  }

  /** Refuses a vector of a type. */
  void checkNot(String what, DType type) {
    Tensor tensor = vector;
    if (tensor != null) {
      if (DType.of(tensor) == type) {
        throw Checks.refusal("%s is %s; it may not be %s", what, tensor, type);
      }
    }
  }

  /** Refuses two vectors of different types. */
  void checkSameType(Operand other) {
    Tensor one = vector;
    Tensor two = other.vector;
    if (one != null && two != null) {
      if (!one.format().equals(two.format())) {
        throw Checks.refusal("operands are %s and %s; they must have one type", one, two);
      }
    }
  }

  /** {@return the number of a partition} */
  float get(long partition) {
    Tensor tensor = vector;
    if (tensor == null) {
      return scalar;
    }
    // Not get(long...), whose indices are an array.
    int code = Codes.get(tensor.data(), tensor.element(), partition * tensor.stride(0));
    return tensor.element().decode(code);
  }
}
