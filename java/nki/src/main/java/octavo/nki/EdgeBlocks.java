package octavo.nki;

import octavo.format.ElementFormat;
import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * What {@code quantize_mx} makes of groups whose scale the documented formula does not give: all
 * zero, so tiny that the scale would be below 2^-127, or with infinity or NaN in them.
 *
 * <p>The documentation defines the group of zeros only (scale code 0x00). The references that AWS
 * publishes to compare devices with disagree with it and with each other; what a device does is not
 * public. In the table {@code E} is the largest FP32 exponent field in the group and {@code m} is
 * emax, or emax - 1 by the rule of NKI 0.5; codes are modulo 256.
 *
 * <table>
 * <caption>Scale code and elements by group</caption>
 * <tr><th>mode</th><th>zeros</th><th>tiny, E less than m</th><th>infinity</th><th>NaN</th></tr>
 * <tr><td>{@link #DOCUMENTED}</td><td>0x00, zeros</td><td>0x00, elements scaled by 2^127</td>
 *     <td>0xFF: all NaN</td><td>0xFF: all NaN</td></tr>
 * <tr><td>{@link #NUMPY_GOLDEN}</td><td>256 - m, zeros</td><td>256 + E - m, zeros</td>
 *     <td>255 - m; infinities become the largest element</td><td>255 - m; NaN stays NaN</td></tr>
 * <tr><td>{@link #NKILIB_GOLDEN}</td><td>0x00, zeros</td><td>0x00, yet elements scaled by the unlimited
 *     power: data and scale do not match</td><td>as numpy</td><td>as numpy</td></tr>
 * <tr><td>{@link #NXD_GOLDEN}</td><td>257 - m, zeros</td><td>as numpy, but a zero counts as E = 1</td>
 *     <td>as numpy</td><td>as numpy</td></tr>
 * </table>
 *
 * <p>All other groups are the same in every mode.
 */
public enum EdgeBlocks {
  /**
   * The documented group of zeros; for the rest {@link octavo.format.ScaleRule}, which is Octavo's
   * choice within what the OCP specification leaves open (and that of TOSA and torchao).
   */
  DOCUMENTED {
    @Override
    int quantize(float[] group, ElementFormat element, int m, int[] codes) {
      throw new UnsupportedOperationException("the kernels' own rule");
    }
  },

  /**
   * AWS's {@code mx_cpu_utils.py} of the guide to MXFP matrix multiplication, and nki-library's
   * {@code mx_utils.py}: unsigned 8-bit arithmetic that wraps around.
   */
  NUMPY_GOLDEN {
    @Override
    int quantize(float[] group, ElementFormat element, int m, int[] codes) {
      int scale = (largestField(group, 0) - m) & 0xFF;
      encode(group, scale, element, codes);
      return scale;
    }
  },

  /** nki-library's {@code mx_torch_common.py}: the scale code is limited, the scaling is not. */
  NKILIB_GOLDEN {
    @Override
    int quantize(float[] group, ElementFormat element, int m, int[] codes) {
      int unlimited = largestField(group, 0) - m;
      encode(group, unlimited, element, codes);
      return Math.clamp(unlimited, 0, 255);
    }
  },

  /**
   * neuronx-distributed's {@code mx_torch.py}: a zero has the exponent -126. It knows E4M3FN only;
   * for other elements this is the same rule with their emax.
   */
  NXD_GOLDEN {
    @Override
    int quantize(float[] group, ElementFormat element, int m, int[] codes) {
      int scale = (largestField(group, 1) - m) & 0xFF;
      encode(group, scale, element, codes);
      return scale;
    }
  };

  /**
   * Quantizes a group.
   *
   * @param group its numbers
   * @param element the format of the codes
   * @param m what is subtracted from the exponent
   * @param codes receives the codes
   * @return the scale code
   */
  abstract int quantize(float[] group, ElementFormat element, int m, int[] codes);

  private static int largestField(float[] group, int ofZero) {
    int largest = 0;
    for (float value : group) {
      int field = Float.floatToRawIntBits(value) >>> 23 & 0xFF;
      largest = Math.max(largest, value == 0 ? ofZero : field);
    }
    return largest;
  }

  /** The references divide in FP64 (numpy, nki-library) or FP32; rounding follows from FP32. */
  private static void encode(float[] group, int scale, ElementFormat element, int[] codes) {
    double factor = Math.scalb(1.0, scale - 127);
    for (int i = 0; i < group.length; i++) {
      double clamped =
          Math.clamp(group[i] / factor, -(double) element.maxFinite(), element.maxFinite());
      codes[i] =
          Double.isNaN(clamped)
              ? element.encode(group[i], Overflow.SATURATE)
              : element.encode((float) clamped, Rounding.NEAREST_EVEN, Overflow.SATURATE, 0);
    }
  }
}
