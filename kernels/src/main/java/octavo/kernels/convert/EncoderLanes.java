package octavo.kernels.convert;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** The encoder: a template, copied for each width. */
final class EncoderLanes implements Encoder {
  /*
   * One loop for every signed float format of fewer mantissa bits than FP32: the format enters as the
   * numbers of Target. With u the magnitude's FP32 bits, m the format's mantissa bits, s = 23 - m:
   *
   * nearest(), u at least the smallest normal: (u + (2^(s-1) - 1) + bit s of u) >>> s is u / 2^s
   *   rounded to nearest even, in units of the format's mantissa, since FP32 bits are linear within a
   *   binade and a carry out of the mantissa belongs in the exponent. Subtracting (minField - 1) << m
   *   re-biases: minField is the field that becomes 1.
   * nearest(), below: the result is a number of units q = 2^(minExponent - m). magic = 2^23 * q has q
   *   as its unit in the last place, up to 2 * magic. |x| < 2^m * q <= magic, so that the FP32 sum
   *   |x| + magic is rounded once, to a multiple of q, ties to even; as magic's own mantissa is zero,
   *   the sum's bits minus magic's are the number of units, and even means even. FP32 subnormals are
   *   exact in the sum. The unit 2^m just meets the smallest normal code.
   * byChance(): significand and shift are those of FloatFormat.encode, with shifts beyond a lane's 32
   *   bits done in two ways; the fraction, cut to 32 bits, is carried against the random bits by an
   *   unsigned comparison. Random bits of 0 round toward zero. (Nearest even would be random bits of
   *   0x7FFFFFFF plus the lowest kept bit, at twice the instructions of nearest().)
   * After that: magnitudes above the largest finite one, infinity and NaN are replaced, the sign is
   *   put on: not on zeros of formats without negative zero, nor on the stand-in for NaN in formats
   *   without one. Where NaN is the code of negative zero its magnitude brings the sign bit along.
   *
   * For nearest(), infinity needs no step of its own: its u is above every magnitude, and a finite
   * overflow becomes the same code. NaN comes last and overwrites whatever it had become.
   *
   * Codes leave as ints; whoever stores them narrows.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final int LANES = FLOATS.length();

  private static final int MAGNITUDE = 0x7FFF_FFFF;
  private static final int INFINITY = 0x7F80_0000;

  /** Made once per copy. */
  EncoderLanes() {}

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public void nearest(float[] numbers, int count, Target target, int[] codes) {
    int shift = target.shift();
    int half = (1 << (shift - 1)) - 1;
    int rebias = (target.minField() - 1) << target.mantissaBits();
    int minNormal = target.minNormal();
    float magic = target.magic();
    int magicBits = Float.floatToRawIntBits(magic);
    int maxFinite = target.maxFinite();
    int overflow = target.overflow();
    int nan = target.nan();
    int signShift = target.signShift();
    int signBit = 1 << (31 - signShift);
    int zeroSign = target.zeroSign();
    int nanSign = target.nanSign();
    int padding = target.padding();
    for (int i = 0; i < count; i += LANES) {
      IntVector bits = FloatVector.fromArray(FLOATS, numbers, i).reinterpretAsInts();
      IntVector u = bits.and(MAGNITUDE);
      IntVector even = u.lanewise(VectorOperators.LSHR, shift).and(1);
      IntVector normal =
          u.add(half).add(even).lanewise(VectorOperators.LSHR, shift).sub(rebias);
      IntVector units = u.reinterpretAsFloats().add(magic).reinterpretAsInts().sub(magicBits);
      IntVector code = normal.blend(units, u.compare(VectorOperators.LT, minNormal));
      IntVector sign = bits.lanewise(VectorOperators.LSHR, signShift).and(signBit);
      sign = sign.blend(sign.and(zeroSign), code.compare(VectorOperators.EQ, 0));
      code = code.blend(overflow, code.compare(VectorOperators.GT, maxFinite));
      VectorMask<Integer> isNan = u.compare(VectorOperators.GT, INFINITY);
      sign = sign.blend(sign.and(nanSign), isNan);
      code = code.blend(nan, isNan);
      code.or(sign).lanewise(VectorOperators.LSHL, padding).intoArray(codes, i);
    }
  }

  @Override
  public void byChance(
      float[] numbers, int count, Target target, long key, int lowIndex, int mask, int[] codes) {
    int shift = target.shift();
    int mantissaBits = target.mantissaBits();
    int minField = target.minField();
    int maxFinite = target.maxFinite();
    int overflow = target.overflow();
    int infinity = target.infinity();
    int nan = target.nan();
    int signShift = target.signShift();
    int signBit = 1 << (31 - signShift);
    int zeroSign = target.zeroSign();
    int nanSign = target.nanSign();
    int padding = target.padding();
    int keyLow = (int) key;
    int keyHigh = (int) (key >>> 32);
    for (int i = 0; i < count; i += LANES) {
      // octavo.format.StochasticBits
      IntVector r = IntVector.zero(INTS).addIndex(1).add(lowIndex + i);
      r = r.lanewise(VectorOperators.XOR, keyLow);
      r = r.lanewise(VectorOperators.XOR, r.lanewise(VectorOperators.LSHR, 16)).mul(0x7FEB352D);
      r = r.lanewise(VectorOperators.XOR, r.lanewise(VectorOperators.LSHR, 15)).add(keyHigh);
      r = r.mul(0x846CA68B);
      r = r.lanewise(VectorOperators.XOR, r.lanewise(VectorOperators.LSHR, 16)).and(mask);

      IntVector bits = FloatVector.fromArray(FLOATS, numbers, i).reinterpretAsInts();
      IntVector u = bits.and(MAGNITUDE);
      IntVector field = u.lanewise(VectorOperators.LSHR, 23);
      IntVector significand = u.and(0x007F_FFFF);
      significand =
          significand.blend(
              significand.or(0x0080_0000), field.compare(VectorOperators.GT, 0));
      field = field.max(1);
      IntVector discarded = field.neg().add(minField).max(0).add(shift);
      IntVector units = significand.lanewise(VectorOperators.LSHR, discarded.min(31));
      IntVector chance =
          significand.lanewise(VectorOperators.LSHL, discarded.neg().add(32).max(0));
      IntVector small =
          significand.lanewise(VectorOperators.LSHR, discarded.sub(32).max(0).min(31));
      chance = chance.blend(small, discarded.compare(VectorOperators.GT, 32));
      IntVector code =
          field.sub(minField).max(0).lanewise(VectorOperators.LSHL, mantissaBits).add(units);
      VectorMask<Integer> up =
          chance
              .add(r)
              .lanewise(VectorOperators.XOR, Integer.MIN_VALUE)
              .lt(r.lanewise(VectorOperators.XOR, Integer.MIN_VALUE));
      code = code.blend(code.add(1), up);

      IntVector sign = bits.lanewise(VectorOperators.LSHR, signShift).and(signBit);
      sign = sign.blend(sign.and(zeroSign), code.compare(VectorOperators.EQ, 0));
      code = code.blend(overflow, code.compare(VectorOperators.GT, maxFinite));
      code = code.blend(infinity, u.compare(VectorOperators.EQ, INFINITY));
      VectorMask<Integer> isNan = u.compare(VectorOperators.GT, INFINITY);
      sign = sign.blend(sign.and(nanSign), isNan);
      code = code.blend(nan, isNan);
      code.or(sign).lanewise(VectorOperators.LSHL, padding).intoArray(codes, i);
    }
  }
}
