package octavo;

import java.util.Random;
import java.util.stream.IntStream;
import octavo.format.FloatFormat;

/** Numbers to try policies on. */
final class PolicyInputs {

  static final long SEED = Long.getLong("octavo.test.seed", 20260101);

  private PolicyInputs() {}

  /** {@return every BF16 number, NaN among them, by its code} */
  static float[] everyBf16() {
    float[] values = new float[1 << 16];
    for (int code = 0; code < values.length; code++) {
      values[code] = Float.intBitsToFloat(code << 16);
    }
    return values;
  }

  /** {@return every FP16 number by its code} */
  static float[] everyFp16() {
    float[] values = new float[1 << 16];
    for (int code = 0; code < values.length; code++) {
      values[code] = Float.float16ToFloat((short) code);
    }
    return values;
  }

  /** {@return FP32 numbers of random bits, and those next to the midpoints of a format's codes} */
  static float[] fp32(FloatFormat format) {
    var random = new Random(SEED);
    IntStream anything = random.ints(300_000);
    IntStream close =
        IntStream.range(0, 1 << Math.min(16, format.bits()))
            .mapToObj(code -> new float[] {format.decode(code), format.decode(code + 1)})
            .filter(pair -> Float.isFinite(pair[0]) && Float.isFinite(pair[1]))
            .flatMapToInt(pair -> around((float) ((pair[0] + (double) pair[1]) / 2)));
    IntStream largest = around(format.maxFinite() * 1.0625f);
    IntStream all =
        IntStream.concat(
            IntStream.concat(anything, close), IntStream.concat(largest, nans(random)));
    return floats(all.toArray());
  }

  private static IntStream nans(Random random) {
    return random.ints(2000).map(bits -> bits | 0x7F80_0000);
  }

  private static IntStream around(float value) {
    int bits = Float.floatToRawIntBits(value);
    return IntStream.rangeClosed(-2, 2).flatMap(step -> IntStream.of(bits + step, -bits - step));
  }

  private static float[] floats(int[] bits) {
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    return values;
  }

  /**
   * {@return blocks of every kind}: random magnitudes, halves of small integers so that elements
   * tie, zeros, subnormals, numbers close to powers of two, NaN, infinity, the largest numbers
   */
  static float[][] blocks(int count, int length) {
    var random = new Random(SEED);
    float[][] blocks = new float[count][length];
    for (int b = 0; b < count; b++) {
      int kind = random.nextInt(8);
      float scale = (float) Math.scalb(1.0, random.nextInt(60) - 30);
      for (int k = 0; k < length; k++) {
        float normal = (float) random.nextGaussian();
        blocks[b][k] =
            switch (kind) {
              case 0 -> normal * scale;
              case 1 -> (random.nextInt(49) - 24) * 0.25f * scale;
              case 2 -> random.nextInt(4) == 0 ? 0 : Float.intBitsToFloat(random.nextInt(1 << 25));
              case 3 -> Float.intBitsToFloat((random.nextInt(255) << 23) - random.nextInt(3));
              case 4 -> normal * 0x1p-124f * (1 + random.nextInt(64));
              case 5 -> normal * 0x1p125f * random.nextInt(8);
              case 6 -> Float.intBitsToFloat(random.nextInt());
              default -> normal;
            };
      }
      if (kind == 7) {
        blocks[b][random.nextInt(length)] =
            switch (random.nextInt(5)) {
              case 0 -> Float.NaN;
              case 1 -> Float.POSITIVE_INFINITY;
              case 2 -> Float.NEGATIVE_INFINITY;
              case 3 -> -0.0f;
              default -> Float.MAX_VALUE;
            };
      }
    }
    return blocks;
  }
}
