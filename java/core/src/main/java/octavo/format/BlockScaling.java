package octavo.format;

/**
 * How a block's scale follows from its largest magnitude, and an element's code from the scale: the
 * written definition of {@code quantize} for every {@link BlockFormat}.
 *
 * <p>{@code amax} is the largest magnitude of a block's elements as FP32: NaN if one is NaN, else
 * infinite if one is.
 *
 * <table>
 * <caption>Scale and element by scale format; all operations are FP32, nearest even</caption>
 * <tr><th>scales</th><th>scale {@code s}</th><th>code of element {@code v}</th></tr>
 * <tr><td>E8M0 (MX)</td><td>{@link ScaleRule#scaleCode}</td>
 *     <td>{@code encode(v * 2^(127 - code))}</td></tr>
 * <tr><td>E4M3FN (NVFP4)</td><td>{@code E4M3FN(min(max((amax / 6) / T, 2^-6), 448))}; 6 is the
 *     largest element</td><td>{@code encode(v * ((1 / T) / s))}</td></tr>
 * <tr><td>FP32</td><td>{@code amax / maxFinite}; 1 for a block of zeros, at least 2^-126</td>
 *     <td>{@code encode(v / s)}</td></tr>
 * </table>
 *
 * <p>{@code encode} saturates. {@code T} is the tensor scale, {@code max(A / (448 * 6), 2^-120)}
 * with {@code A} the largest <em>finite</em> magnitude of the tensor; the lower limit keeps {@code
 * 1 / T} finite. A block that holds NaN or infinity gets the NaN scale, which makes all of it NaN
 * and leaves other blocks alone.
 *
 * <p>Sources: {@link ScaleRule}; torchao's {@code nvfp4_quantize} for NVFP4, its two-level scaling;
 * DeepSeek-V3's inference kernels and compressed-tensors for FP32 scales.
 */
public final class BlockScaling {

  private static final float MIN_NORMAL = 0x1p-126f;
  private static final float MIN_TENSOR_SCALE = 0x1p-120f;
  private static final float MIN_NVFP4_SCALE = 0x1p-6f;

  private BlockScaling() {}

  /**
   * {@return the tensor scale {@code T}; 1 for a format without one}
   *
   * @param format the block format
   * @param finiteAmax the largest finite magnitude of the tensor
   */
  public static float tensorScale(BlockFormat format, float finiteAmax) {
    if (!format.tensorScale()) {
      return 1.0f;
    }
    float largest = format.scale().maxFinite() * format.element().maxFinite();
    return Math.max(finiteAmax / largest, MIN_TENSOR_SCALE);
  }

  /**
   * {@return the code of a block's scale, in the format of the scales}
   *
   * @param format the block format
   * @param rule the rule, for E8M0 scales; others have one rule only
   * @param amax the largest magnitude of the block
   * @param tensorScale the tensor scale
   */
  public static int scaleCode(BlockFormat format, ScaleRule rule, float amax, float tensorScale) {
    FloatFormat scale = format.scale();
    ElementFormat element = format.element();
    if (scale.equals(Formats.E8M0)) {
      return rule.scaleCode(amax, element);
    }
    if (!(amax <= Float.MAX_VALUE)) {
      return scale.nanCode(false);
    }
    float ratio = amax / element.maxFinite();
    if (scale.equals(Formats.FP32)) {
      return Float.floatToRawIntBits(amax == 0 ? 1.0f : Math.max(ratio, MIN_NORMAL));
    }
    float relative = Math.clamp(ratio / tensorScale, MIN_NVFP4_SCALE, scale.maxFinite());
    return scale.encode(relative, Overflow.SATURATE);
  }

  /**
   * {@return the factor {@code f} with which elements are scaled before they are encoded}; in
   * formats with FP32 scales elements are divided by the scale instead, see {@link #divides}
   *
   * @param format the block format
   * @param scaleCode the code of the block's scale
   * @param tensorScale the tensor scale
   */
  public static float factor(BlockFormat format, int scaleCode, float tensorScale) {
    if (format.scale().equals(Formats.E8M0)) {
      return scaleCode == ScaleRule.NAN_SCALE
          ? Float.NaN
          : (float) Math.scalb(1.0, 127 - scaleCode);
    }
    float scale = format.scale().decode(scaleCode);
    return divides(format) ? scale : 1.0f / tensorScale / scale;
  }

  /**
   * {@return whether elements are divided by {@link #factor} instead of multiplied}
   *
   * @param format the block format
   */
  public static boolean divides(BlockFormat format) {
    return format.scale().equals(Formats.FP32);
  }
}
