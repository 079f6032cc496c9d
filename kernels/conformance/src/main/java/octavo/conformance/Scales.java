package octavo.conformance;

import java.util.SplittableRandom;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.Overflow;

/** What the scales of a matrix are filled with. Scales are never negative. */
enum Scales {
  /** Numbers around one. */
  ORDINARY,
  /** The smallest numbers. */
  TINY,
  /** The largest numbers. */
  HUGE,
  /** Numbers from the ends of the range, NaN and one. */
  EDGES,
  /** NaN in every third row. */
  NAN,
  /** Any code. */
  ANY,
  /** Every code in turn, one to a row; of FP32, which has too many, any. */
  EVERY;

  /** {@return the code of a scale in a row of scales} */
  int code(FloatFormat format, long row, SplittableRandom random) {
    return switch (this) {
      case ORDINARY -> ordinary(format, random);
      case TINY ->
          format.equals(Formats.FP32)
              ? random.nextInt(1, 0x0100_0000)
              : random.nextInt(format.equals(Formats.E8M0) ? 0 : 1, 8);
      case HUGE -> format.maxFiniteCode() - random.nextInt(3);
      case EDGES ->
          switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> format.maxFiniteCode();
            case 3 -> format.nanCode(false);
            case 4 -> format.encode(format.minNormal(), Overflow.SATURATE);
            default -> format.encode(1.0f, Overflow.SATURATE);
          };
      case NAN -> row % 3 == 1 ? format.nanCode(false) : ordinary(format, random);
      case ANY -> random.nextInt() & magnitudeMask(format);
      case EVERY ->
          (format.equals(Formats.FP32) ? random.nextInt() : (int) row) & magnitudeMask(format);
    };
  }

  /** {@return the factor of a whole tensor} */
  float tensorScale(SplittableRandom random) {
    return switch (this) {
      case ORDINARY, NAN, ANY, EVERY -> (float) (0.05 + random.nextDouble());
      case TINY -> 0x1p-120f;
      case HUGE -> 0x1.8p110f;
      case EDGES -> random.nextBoolean() ? Float.MIN_NORMAL : 0.75f;
    };
  }

  private static int magnitudeMask(FloatFormat format) {
    return format.signed() ? (1 << (format.bits() - 1)) - 1 : -1;
  }

  private static int ordinary(FloatFormat format, SplittableRandom random) {
    return format.equals(Formats.E8M0)
        ? 127 + random.nextInt(-6, 7)
        : format.encode((float) Math.exp(random.nextGaussian()), Overflow.SATURATE);
  }
}
