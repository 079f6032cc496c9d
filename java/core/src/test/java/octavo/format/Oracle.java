package octavo.format;

import java.util.Arrays;

/**
 * An encoder that shares nothing with the one under test: it compares a magnitude with the
 * boundaries between codes, which follow in double precision, exactly, from the {@linkplain
 * Specification table of specifications}.
 *
 * <p>Magnitudes are FP32 bit patterns without sign, which sort as the numbers do. An index is the
 * position of a value among the format's non-negative values; the index behind the last stands for
 * overflow.
 */
abstract class Oracle {

  /** Non-negative finite values in ascending order, then the value that would follow. */
  final double[] values;

  /** The least magnitude that rounds, to nearest even, to an index or a later one. */
  final int[] nearest;

  /** The same toward zero. */
  final int[] towardZero;

  private Oracle(double[] values, int[] nearest) {
    this.values = values;
    this.nearest = nearest;
    this.towardZero = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      towardZero[i] = leastMagnitude(values[i], true);
    }
    towardZero[0] = 0;
  }

  /** {@return the oracle of a format} */
  static Oracle of(ElementFormat format) {
    return switch (format) {
      case IntegerFormat integer -> new Integers(integer.name());
      case FloatFormat floats when Specification.of(floats).pureScale() ->
          new PowersOfTwo(Specification.of(floats));
      case FloatFormat floats -> new Floats(Specification.of(floats));
    };
  }

  /** {@return the index that follows the last finite value's} */
  final int overflowIndex() {
    return values.length - 1;
  }

  final int[] boundaries(Rounding rounding) {
    return rounding == Rounding.NEAREST_EVEN ? nearest : towardZero;
  }

  final int index(Rounding rounding, int magnitude) {
    int found = Arrays.binarySearch(boundaries(rounding), magnitude);
    return found >= 0 ? found : -found - 2;
  }

  /** {@return the code of NaN} */
  abstract int nan(boolean negative);

  /** {@return the code of a finite value, or of an overflow} */
  abstract int code(int magnitude, int index, boolean negative, Overflow overflow);

  /** {@return the code of a finite number or infinity whose index is known} */
  final int code(int magnitude, int index, boolean negative, Rounding rounding, Overflow overflow) {
    boolean finite = magnitude < 0x7F80_0000;
    boolean stays = finite && index == overflowIndex() && rounding == Rounding.TOWARD_ZERO;
    return code(
        magnitude,
        finite ? index : overflowIndex(),
        negative,
        stays ? Overflow.SATURATE : overflow);
  }

  /** {@return the code of any number, rounded to nearest or toward zero} */
  final int encode(float value, Rounding rounding, Overflow overflow) {
    int magnitude = Float.floatToRawIntBits(value) & 0x7FFF_FFFF;
    boolean negative = Float.floatToRawIntBits(value) < 0;
    if (magnitude > 0x7F80_0000) {
      return nan(negative);
    }
    return code(magnitude, index(rounding, magnitude), negative, rounding, overflow);
  }

  /** {@return the chance of rounding up in magnitude, in units of 2^-32 and truncated to them} */
  final long chance(float value) {
    double magnitude = Math.abs((double) value);
    int index = index(Rounding.TOWARD_ZERO, Float.floatToRawIntBits((float) magnitude));
    if (index == overflowIndex() || magnitude < values[0]) {
      return 0;
    }
    // Neighbours are a power of two apart, so that nothing here is rounded.
    double fraction = (magnitude - values[index]) / (values[index + 1] - values[index]);
    return (long) Math.floor(fraction * 0x1p32);
  }

  /** {@return the code of any number, rounded stochastically} */
  final int encodeStochastic(float value, Overflow overflow, int randomBits) {
    int magnitude = Float.floatToRawIntBits(value) & 0x7FFF_FFFF;
    boolean negative = Float.floatToRawIntBits(value) < 0;
    if (magnitude > 0x7F80_0000) {
      return nan(negative);
    }
    if (magnitude == 0x7F80_0000) {
      return code(magnitude, overflowIndex(), negative, overflow);
    }
    boolean up = chance(value) + Integer.toUnsignedLong(randomBits) >= 1L << 32;
    int index = index(Rounding.TOWARD_ZERO, magnitude) + (up ? 1 : 0);
    return code(magnitude, index, negative, overflow);
  }

  /** {@return the least magnitude that is at least, or above, a bound} */
  static int leastMagnitude(double bound, boolean inclusive) {
    float candidate = (float) bound;
    if (candidate < bound || (candidate == bound && !inclusive)) {
      candidate = Math.nextUp(candidate);
    }
    return Float.floatToRawIntBits(candidate);
  }

  /** Boundaries halfway; a tie goes to the even index. */
  private static int[] halfway(double[] values) {
    int[] boundaries = new int[values.length];
    for (int i = 1; i < values.length; i++) {
      boundaries[i] = leastMagnitude((values[i - 1] + values[i]) / 2, i % 2 == 0);
    }
    return boundaries;
  }

  private static final class Floats extends Oracle {
    private final Specification specification;

    Floats(Specification specification) {
      double[] values = values(specification);
      super(values, halfway(values));
      this.specification = specification;
    }

    private static double[] values(Specification specification) {
      int m = specification.mantissaBits();
      double[] values = new double[specification.maxCode() + 2];
      for (int code = 0; code < values.length; code++) {
        int exponent = code >> m;
        int mantissa = code & ((1 << m) - 1);
        // The code behind the largest value is read as if the exponent had no limit.
        values[code] =
            exponent == 0
                ? mantissa * specification.minSubnormal()
                : (1 + mantissa / (double) (1 << m))
                    * StrictMath.pow(2, exponent - specification.bias());
      }
      return values;
    }

    @Override
    int nan(boolean negative) {
      return specification.fromNan().get(negative ? 1 : 0) << specification.padding();
    }

    @Override
    int code(int magnitude, int index, boolean negative, Overflow overflow) {
      int code = index;
      if (index == overflowIndex()) {
        if (overflow == Overflow.IEEE && !specification.infinities().isEmpty()) {
          return specification.infinities().get(negative ? 1 : 0) << specification.padding();
        }
        if (overflow == Overflow.IEEE && !specification.nans().isEmpty()) {
          return nan(negative);
        }
        code = specification.maxCode();
      }
      int signed = negative ? specification.signBit() | code : code;
      // Formats without negative zero have a NaN in its place.
      return (signed == specification.signBit() && specification.isNan(signed) ? 0 : signed)
          << specification.padding();
    }
  }

  /*
   * E8M0 as ml_dtypes casts to it: halfway goes up; so does all that is strictly between 2^-127 and
   * 2^-126; what is below has the code of 2^-127; zero and what is negative are NaN. Saturating, zero
   * is as near to the smallest power as anything.
   */
  private static final class PowersOfTwo extends Oracle {
    private final Specification specification;

    PowersOfTwo(Specification specification) {
      double[] values = new double[specification.maxCode() + 2];
      int[] nearest = new int[values.length];
      for (int code = 0; code < values.length; code++) {
        values[code] = StrictMath.pow(2, code - specification.bias());
        nearest[code] =
            switch (code) {
              case 0 -> 0;
              case 1 -> leastMagnitude(values[0], false);
              default -> leastMagnitude(1.5 * values[code - 1], true);
            };
      }
      super(values, nearest);
      this.specification = specification;
    }

    @Override
    int nan(boolean negative) {
      return specification.fromNan().get(0);
    }

    @Override
    int code(int magnitude, int index, boolean negative, Overflow overflow) {
      boolean saturate = overflow == Overflow.SATURATE;
      if (magnitude == 0) {
        return saturate ? 0 : nan(false);
      }
      if (negative) {
        return nan(true);
      }
      return index < overflowIndex() ? index : saturate ? specification.maxCode() : nan(false);
    }
  }

  /** Two's complement, saturating: -128 to 127, and -127/64 to 127/64. */
  private static final class Integers extends Oracle {
    private final int lowest;

    Integers(String name) {
      double unit =
          switch (name) {
            case "INT8" -> 1;
            case "INT8_FIXED6" -> 1 / 64.0;
            default -> throw new AssertionError("type in what the specification says of " + name);
          };
      double[] values = new double[130];
      Arrays.setAll(values, i -> i * unit);
      super(values, halfway(values));
      this.lowest = name.equals("INT8") ? 128 : 127;
    }

    @Override
    int nan(boolean negative) {
      return 0;
    }

    @Override
    int code(int magnitude, int index, boolean negative, Overflow overflow) {
      return negative ? -Math.min(index, lowest) & 0xFF : Math.min(index, 127);
    }
  }
}
