package octavo.op;

import java.util.Objects;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What happens to the numbers of a product before they are written: scale, bias, activation,
 * residual, and the one rounding to the output's format. Immutable; make it once and use it for
 * many calls.
 *
 * <p>For the element {@code (i, j)} of a product with the sum {@code r}, all in FP32 with rounding
 * to nearest even:
 *
 * <pre>
 *   r = r * scale
 *   r = r + bias[j]           if there is a bias
 *   r = activation(r)
 *   r = r + residual[i,j]     if there is a residual
 *   out[i,j] = r rounded to the output's format
 * </pre>
 *
 * <p>To FP32 and BF16 the rounding is to nearest even and overflows to infinity. Other element
 * formats need {@link #withCast}, block formats {@link #withQuantization}, as there is no rule that
 * everybody would expect.
 *
 * @param scale a factor of every element
 * @param bias N consecutive FP32 numbers, or {@code null}
 * @param activation a function of every element
 * @param residual an FP32, BF16 or FP16 tensor of the output's shape, or {@code null}. It may be
 *     the output itself if that is FP32 or BF16, which adds the product to what it holds, but it
 *     must not overlap it in another way
 * @param rounding how elements are rounded, or {@code null} if the output is FP32 or BF16
 * @param overflow what becomes of what is too large, for element formats, or {@code null}
 * @param scaleRule how scales are chosen, for block formats, or {@code null}
 * @param seed the seed of stochastic rounding; element {@code (i, j)} has the index {@code i * N +
 *     j}
 */
public record Epilogue(
    float scale,
    @Nullable Tensor bias,
    Activation activation,
    @Nullable Tensor residual,
    @Nullable Rounding rounding,
    @Nullable Overflow overflow,
    @Nullable ScaleRule scaleRule,
    long seed) {

  /** The product as it is. */
  public static final Epilogue NONE =
      new Epilogue(1.0f, null, Activation.NONE, null, null, null, null, 0);

  /** Checks nothing but {@code null}: tensors are judged together with those of the call. */
  public Epilogue {
    Objects.requireNonNull(activation, "activation");
  }

  /**
   * {@return the product plus a bias}
   *
   * @param bias N consecutive FP32 numbers, or {@code null} for none
   */
  public static Epilogue ofBias(@Nullable Tensor bias) {
    return bias == null ? NONE : NONE.withBias(bias);
  }

  /**
   * {@return this with another factor}
   *
   * @param factor a factor of every element
   */
  public Epilogue withScale(float factor) {
    return new Epilogue(factor, bias, activation, residual, rounding, overflow, scaleRule, seed);
  }

  /**
   * {@return this with another bias}
   *
   * @param vector N consecutive FP32 numbers
   */
  public Epilogue withBias(Tensor vector) {
    return new Epilogue(scale, vector, activation, residual, rounding, overflow, scaleRule, seed);
  }

  /**
   * {@return this with another activation}
   *
   * @param function a function of every element
   */
  public Epilogue withActivation(Activation function) {
    return new Epilogue(scale, bias, function, residual, rounding, overflow, scaleRule, seed);
  }

  /**
   * {@return this with another residual}
   *
   * @param addend an FP32, BF16 or FP16 tensor of the output's shape
   */
  public Epilogue withResidual(Tensor addend) {
    return new Epilogue(scale, bias, activation, addend, rounding, overflow, scaleRule, seed);
  }

  /**
   * {@return this with the rounding for an output in an element format}
   *
   * @param how how to round
   * @param beyond what becomes of what is too large
   * @param seedOfBits the seed of {@link Rounding#STOCHASTIC}, ignored otherwise
   */
  public Epilogue withCast(Rounding how, Overflow beyond, long seedOfBits) {
    return new Epilogue(scale, bias, activation, residual, how, beyond, null, seedOfBits);
  }

  /**
   * {@return this with the rules for an output in a block format}
   *
   * @param rule how scales are chosen
   * @param how how elements are rounded
   * @param seedOfBits the seed of {@link Rounding#STOCHASTIC}, ignored otherwise
   */
  public Epilogue withQuantization(ScaleRule rule, Rounding how, long seedOfBits) {
    return new Epilogue(scale, bias, activation, residual, how, null, rule, seedOfBits);
  }
}
