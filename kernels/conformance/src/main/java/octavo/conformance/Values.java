package octavo.conformance;

import java.util.Locale;
import java.util.SplittableRandom;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.tensor.Tensor;

/**
 * What a matrix is filled with: codes of a kind and scales of a kind. What a format lacks (NaN,
 * infinity, a sign) is left out.
 */
enum Values {
  /** Normally distributed numbers. */
  NORMAL(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, random.nextGaussian() * spread(format));
    }
  },

  /** Uniformly distributed numbers. */
  UNIFORM(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, (random.nextDouble() * 2 - 1) * spread(format));
    }
  },

  /** Numbers whose exponents differ widely: every other order of addition rounds differently. */
  WIDE(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(
          format, Math.scalb(random.nextGaussian() * spread(format), random.nextInt(-12, 13)));
    }
  },

  /** Small multiples of 1/16: many lie halfway between two codes of a narrower format. */
  TIES(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, random.nextInt(-128, 129) / 16.0);
    }
  },

  /** Codes of other formats, the numbers halfway between two of them, and their neighbours. */
  BOUNDARIES(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      ElementFormat other = Formats.elements().get(random.nextInt(2, Formats.elements().size()));
      int code = random.nextInt() & ((1 << other.bits()) - 1);
      float value = (float) ((other.decode(code) + (double) other.decode(code + 1)) / 2);
      return encode(
          format,
          switch (random.nextInt(5)) {
            case 0 -> other.decode(code);
            case 1 -> Math.nextUp(value);
            case 2 -> Math.nextDown(value);
            default -> value;
          });
    }
  },

  /** The largest finite value everywhere. */
  ALL_MAX(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, Double.POSITIVE_INFINITY);
    }
  },

  /** The largest finite value and its negative in turn. */
  ALTERNATING(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, long row, long column, long columns, SplittableRandom random) {
      return encode(
          format, (column & 1) == 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY);
    }
  },

  /** Subnormal numbers of both signs. */
  SUBNORMALS(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      if (!(format instanceof FloatFormat floats) || !floats.subnormals()) {
        return encode(format, random.nextInt(-1, 2));
      }
      int magnitude = random.nextInt(1, Math.max(2, 1 << floats.mantissaBits()));
      int sign = random.nextBoolean() ? 1 << (floats.bits() - 1) : 0;
      return sign | magnitude << floats.paddingBits();
    }
  },

  /** Zeros of both signs. */
  ZEROS(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, random.nextBoolean() ? 0.0 : -0.0);
    }
  },

  /** Normally distributed numbers with NaN in every third row. */
  NANS(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, long row, long column, long columns, SplittableRandom random) {
      return special(row, columns, random)
          ? format.encode(
              Float.intBitsToFloat(random.nextBoolean() ? 0x7FC0_0000 : 0xFFC0_0000), Overflow.IEEE)
          : NORMAL.code(format, random);
    }
  },

  /** Normally distributed numbers with infinities in every third row. */
  INFINITIES(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, long row, long column, long columns, SplittableRandom random) {
      float infinity =
          random.nextBoolean() || unsigned(format)
              ? Float.POSITIVE_INFINITY
              : Float.NEGATIVE_INFINITY;
      return special(row, columns, random)
          ? format.encode(infinity, Overflow.IEEE)
          : NORMAL.code(format, random);
    }
  },

  /** One number other than zero in each row. */
  ONE_HOT(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, long row, long column, long columns, SplittableRandom random) {
      return column == (row * 7 + 3) % columns ? NORMAL.code(format, random) : encode(format, 0);
    }
  },

  /** Any code that is finite. */
  FINITE(Scales.ORDINARY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      int code;
      do {
        code = random.nextInt();
      } while (!Float.isFinite(format.decode(code)));
      return code;
    }
  },

  /** Any code whatever, elements and scales; unused bits are set too. */
  ANY(Scales.ANY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return random.nextInt();
    }
  },

  /** Every code in turn, and every scale in turn, one to a row. */
  EVERY_CODE(Scales.EVERY) {
    @Override
    int code(ElementFormat format, long row, long column, long columns, SplittableRandom random) {
      return (int) (row * columns + column);
    }
  },

  /** The smallest scales, E8M0 codes from 0x00; without scales tiny numbers. */
  TINY_SCALES(Scales.TINY) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, random.nextGaussian() * 0x1p-70);
    }
  },

  /** The largest scales, E8M0 codes up to 0xFE; without scales huge numbers. */
  HUGE_SCALES(Scales.HUGE) {
    @Override
    int code(ElementFormat format, SplittableRandom random) {
      return encode(format, random.nextGaussian() * 0x1p63);
    }
  },

  /** Scales from the ends of their range in one matrix: zero, smallest, largest, NaN, one. */
  EDGE_SCALES(Scales.EDGES),

  /** The NaN scale in every third row, E8M0 code 0xFF. */
  NAN_SCALES(Scales.NAN);

  private final Scales scales;

  Values(Scales scales) {
    this.scales = scales;
  }

  /** {@return a code for any place} */
  int code(ElementFormat format, SplittableRandom random) {
    return encode(format, random.nextGaussian() * spread(format));
  }

  /** {@return a code for a place} */
  int code(ElementFormat format, long row, long column, long columns, SplittableRandom random) {
    return code(format, random);
  }

  /** Fills a matrix, scales included. */
  void fill(Tensor matrix, SplittableRandom random) {
    ElementFormat element = matrix.element();
    // Tiny and huge numbers belong in the scales where there are any.
    Values elements = matrix.format() instanceof BlockFormat && extreme() ? NORMAL : this;
    for (long i = 0; i < matrix.rows(); i++) {
      for (long k = 0; k < matrix.columns(); k++) {
        matrix.setCode(elements.code(element, i, k, matrix.columns(), random), i, k);
      }
    }
    if (matrix.format() instanceof BlockFormat block) {
      Tensor factors = matrix.scales().matrix();
      for (long i = 0; i < factors.rows(); i++) {
        for (long k = 0; k < factors.columns(); k++) {
          factors.setCode(scales.code(block.scale(), i, random), i, k);
        }
      }
      if (block.tensorScale()) {
        matrix.setTensorScale(scales.tensorScale(random));
      }
    }
  }

  private boolean extreme() {
    return this == TINY_SCALES || this == HUGE_SCALES;
  }

  /** {@return the code of a number; its magnitude's in formats without sign} */
  static int encode(ElementFormat format, double value) {
    return format.encode((float) (unsigned(format) ? Math.abs(value) : value), Overflow.SATURATE);
  }

  private static boolean unsigned(ElementFormat format) {
    return format instanceof FloatFormat floats && !floats.signed();
  }

  /** {@return a deviation that uses much of the format's range without saturating} */
  private static double spread(ElementFormat format) {
    return format instanceof FloatFormat
        ? Math.min(format.maxFinite() / 3, 1.5)
        : format.maxFinite() / 3;
  }

  private static boolean special(long row, long columns, SplittableRandom random) {
    return row % 3 == 1 && random.nextLong(columns) < 2;
  }

  /** {@return the name as case ids spell it} */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
