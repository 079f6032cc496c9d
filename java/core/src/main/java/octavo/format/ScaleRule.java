package octavo.format;

/**
 * How the shared power-of-two scale {@code X} of a block (E8M0) follows from {@code amax}, the
 * largest magnitude in the block. {@code emax} is {@link ElementFormat#maxExponent()} of the
 * elements.
 *
 * <p>The same for every rule:
 *
 * <ul>
 *   <li>a block of zeros has {@code X = 2^-127}, code 0x00;
 *   <li>an exponent below -127 becomes -127 (code 0x00), one above 127 becomes 127 (code 0xFE): a
 *       finite block never gets the NaN scale;
 *   <li>a block that holds NaN or infinity has the NaN scale, code 0xFF, which makes every element
 *       of it NaN (what TOSA and torchao do; the MX specification leaves it open, AWS documents
 *       nothing);
 *   <li>FP32 subnormals count with their true logarithm.
 * </ul>
 *
 * <p>An element's code is then that of {@code fl32(v * 2^(127 - code))}, saturating. The product is
 * exact unless it falls below FP32's normal range, where every element format rounds it to zero.
 *
 * <p>Sources: OCP Microscaling Formats (MX) Specification 1.0, section 6.3; AWS Neuron SDK, {@code
 * nki.isa.quantize_mx}; torchao's scale calculation modes; NVIDIA PTX {@code
 * cvt.rp.satfinite.ue8m0x2.f32}; ggml's {@code quantize_row_mxfp4}.
 */
public enum ScaleRule {
  /**
   * {@code X = 2^(floor(log2 amax) - emax)}: the specification's sample algorithm. The largest
   * elements may saturate.
   */
  OCP_FLOOR {
    @Override
    int exponent(float amax, ElementFormat element) {
      return floorLog2(amax) - element.maxExponent();
    }
  },

  /**
   * {@code X = 2^(floor(log2 amax) - (emax - 1))}: the rule documented for NeuronCore-v4 since NKI
   * 0.5.0. Nothing saturates (but for MXINT8 from an amax of 2^127 on), half of the code range
   * stays unused.
   */
  TRAINIUM {
    @Override
    int exponent(float amax, ElementFormat element) {
      return floorLog2(amax) - (element.maxExponent() - 1);
    }
  },

  /** {@code X = 2^(ceil(log2 amax) - emax)}. */
  CEIL {
    @Override
    int exponent(float amax, ElementFormat element) {
      int floor = floorLog2(amax);
      boolean powerOfTwo = (double) amax == Math.scalb(1.0, floor);
      return floor + (powerOfTwo ? 0 : 1) - element.maxExponent();
    }
  },

  /**
   * {@link #OCP_FLOOR} of amax after rounding it, half up, to the elements' mantissa width: {@code
   * amax} bits plus {@code 1 << (22 - m)}.
   */
  EVEN {
    @Override
    int exponent(float amax, ElementFormat element) {
      long rounded = Float.floatToRawIntBits(amax) + (1L << (22 - element.mantissaBits()));
      int floor = rounded >= 0x0080_0000L ? (int) (rounded >>> 23) - 127 : floorLog2(amax);
      return floor - element.maxExponent();
    }
  },

  /**
   * {@code amax * fl32(1 / maxFinite)} in FP32, rounded up to a power of two; in FP32's subnormal
   * range rounded to {@code 2^-127} or, above it, {@code 2^-126}. No element saturates.
   */
  RCEIL {
    @Override
    int exponent(float amax, ElementFormat element) {
      int bits = Float.floatToRawIntBits(amax * (1.0f / element.maxFinite()));
      int exponent = bits >>> 23;
      int mantissa = bits & 0x007F_FFFF;
      boolean up = exponent == 0 ? mantissa > 0x0040_0000 : mantissa != 0;
      return exponent + (up ? 1 : 0) - 127;
    }
  },

  /**
   * {@link #OCP_FLOOR} with the logarithm rounded to FP32 before the floor, as ggml computes it:
   * just below a power of two the rounded logarithm may reach the next integer.
   */
  GGML {
    @Override
    int exponent(float amax, ElementFormat element) {
      return floorOfRoundedLog2(amax) - element.maxExponent();
    }
  };

  /** The E8M0 code of a block that holds NaN or infinity. */
  public static final int NAN_SCALE = 0xFF;

  /**
   * {@return the scale's exponent, {@code log2 X}, before it is limited to E8M0's range}
   *
   * @param amax positive and finite
   * @param element the format of the elements
   */
  abstract int exponent(float amax, ElementFormat element);

  /**
   * {@return the E8M0 code of a block's scale}
   *
   * @param amax the largest magnitude in the block; NaN or infinite if an element is
   * @param element the format of the elements
   */
  public int scaleCode(float amax, ElementFormat element) {
    if (!(amax <= Float.MAX_VALUE)) {
      return NAN_SCALE;
    }
    return amax == 0 ? 0 : Math.clamp(exponent(amax, element) + 127L, 0, 254);
  }

  /**
   * {@return the floor of log2 rounded to FP32, as C computes {@code floorf(log2f(x))}}
   *
   * @param x positive and finite
   */
  public static int floorOfRoundedLog2(float x) {
    return (int) Math.floor((float) (StrictMath.log(x) / StrictMath.log(2.0)));
  }

  /** {@return floor(log2 x)} for any positive finite x, subnormals included. */
  private static int floorLog2(float x) {
    int bits = Float.floatToRawIntBits(x);
    return bits >= 0x0080_0000
        ? (bits >>> 23) - 127
        : 31 - Integer.numberOfLeadingZeros(bits) - 149;
  }
}
