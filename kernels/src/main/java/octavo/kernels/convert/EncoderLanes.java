package octavo.kernels.convert;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** The encoder: a template, copied for each width. */
final class EncoderLanes implements Encoder {
  /*
   * One loop for every signed float format of fewer mantissa bits than FP32: the format enters as
   * the numbers of Target. With u the magnitude's FP32 bits, m the format's mantissa bits, s = 23 - m:
   *
   * nearest(), u at least the smallest normal: (u + (2^(s-1) - 1) + bit s of u) >>> s is u / 2^s
   *   rounded to nearest even, in units of the format's mantissa, since FP32 bits are linear within
   *   a binade and a carry out of the mantissa belongs in the exponent. Target.roundingBias also
   *   holds the difference of the exponent biases, (minField - 1) << 23, a multiple of 2^s.
   * nearest(), below: the result is a number of units q = 2^(minExponent - m). magic = 2^23 * q has
   *   q as its unit in the last place, up to 2 * magic. |x| < 2^m * q <= magic, so that the FP32
   *   sum |x| + magic is rounded once, to a multiple of q, ties to even; as magic's own mantissa is
   *   zero, the sum's bits minus magic's are the number of units, and even means even. FP32
   *   subnormals are exact in the sum. The unit 2^m just meets the smallest normal code.
   * byChance(): significand and shift are those of FloatFormat.encode; the shift is 1 to 32, or
   *   more, which takes two ways as lanes shift by at most 31. The fraction, cut to 32 bits, is
   *   carried against the random bits by an unsigned comparison. Random bits of 0 round toward
   *   zero. (Nearest even would be 0x7FFFFFFF plus the lowest kept bit, at 40 % of nearest()'s
   *   speed.)
   *
   * Magnitudes above the largest finite one are replaced in the loop. In nearest() that includes
   * infinity, whose code is the same. What is rare, or rarely asked for, is left to passes in Line:
   * NaN (and, by chance, infinity), which the returned largest magnitude betrays; zeros of formats
   * without negative zero; TF32's padding. That saves a third of the loop's steps.
   *
   * Calls: lanewise(), compare() and blend() of vectors only, no and(int), add(float) or shift by
   * an int. Those conveniences are final methods that call lanewise() on a receiver whose class C2
   * does not know yet; it asks the profile, which they share among all users of the Vector API.
   * Once two widths had run in one process C2 inlined both: 0.24 instead of 2.1 Gelem/s at 256
   * bits. Calls of the abstract methods have their profile here, in each copy of this class. Both
   * changes together took nearest() from 2.9 to 7.3 Gelem/s at 512 bits and from 1.9 to 3.8 with
   * AVX2 (in L1, Xeon). With the random bits drawn in the same loop, byChance() still lost more
   * than half to a second width; so they have a loop of their own.
   *
   * Codes leave as ints; narrow() makes bytes of them at 25 Gelem/s, a plain loop at 5.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final VectorSpecies<Byte> BYTES = Species.quarter(MethodHandles.lookup());
  private static final int LANES = FLOATS.length();

  private static final int MAGNITUDE = 0x7FFF_FFFF;

  /** Made once per copy. */
  EncoderLanes() {}

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public int nearest(float[] numbers, int count, Target target, int[] codes) {
    IntVector magnitude = IntVector.broadcast(INTS, MAGNITUDE);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector shift = IntVector.broadcast(INTS, target.shift());
    IntVector bias = IntVector.broadcast(INTS, target.roundingBias());
    IntVector minNormal = IntVector.broadcast(INTS, target.minNormal());
    FloatVector magic = FloatVector.broadcast(FLOATS, target.magic());
    IntVector magicBits = IntVector.broadcast(INTS, Float.floatToRawIntBits(target.magic()));
    IntVector maxFinite = IntVector.broadcast(INTS, target.maxFinite());
    IntVector overflow = IntVector.broadcast(INTS, target.overflow());
    IntVector signShift = IntVector.broadcast(INTS, target.signShift());
    IntVector signBit = IntVector.broadcast(INTS, target.signBit());
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < count; i += LANES) {
      IntVector bits = FloatVector.fromArray(FLOATS, numbers, i).reinterpretAsInts();
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      IntVector even = u.lanewise(VectorOperators.LSHR, shift).lanewise(VectorOperators.AND, one);
      IntVector normal =
          u.lanewise(VectorOperators.ADD, bias)
              .lanewise(VectorOperators.ADD, even)
              .lanewise(VectorOperators.LSHR, shift);
      IntVector units =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.ADD, magic)
              .reinterpretAsInts()
              .lanewise(VectorOperators.SUB, magicBits);
      IntVector code = normal.blend(units, u.compare(VectorOperators.LT, minNormal));
      code = code.blend(overflow, code.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.LSHR, signShift)
          .lanewise(VectorOperators.AND, signBit)
          .lanewise(VectorOperators.OR, code)
          .intoArray(codes, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int byChance(float[] numbers, int count, Target target, int[] random, int[] codes) {
    IntVector top = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector magnitude = IntVector.broadcast(INTS, MAGNITUDE);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector implicit = IntVector.broadcast(INTS, 1 << 23);
    IntVector fraction = IntVector.broadcast(INTS, (1 << 23) - 1);
    IntVector c23 = IntVector.broadcast(INTS, 23);
    IntVector c31 = IntVector.broadcast(INTS, 31);
    IntVector c32 = IntVector.broadcast(INTS, 32);
    IntVector zero = IntVector.zero(INTS);
    IntVector shift = IntVector.broadcast(INTS, target.shift());
    IntVector mantissaBits = IntVector.broadcast(INTS, target.mantissaBits());
    IntVector minField = IntVector.broadcast(INTS, target.minField());
    IntVector maxFinite = IntVector.broadcast(INTS, target.maxFinite());
    IntVector overflow = IntVector.broadcast(INTS, target.overflow());
    IntVector signShift = IntVector.broadcast(INTS, target.signShift());
    IntVector signBit = IntVector.broadcast(INTS, target.signBit());
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < count; i += LANES) {
      IntVector bits = FloatVector.fromArray(FLOATS, numbers, i).reinterpretAsInts();
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      IntVector field = u.lanewise(VectorOperators.LSHR, c23);
      IntVector significand = u.lanewise(VectorOperators.AND, fraction);
      significand =
          significand.blend(
              significand.lanewise(VectorOperators.OR, implicit),
              field.compare(VectorOperators.GT, zero));
      field = field.lanewise(VectorOperators.MAX, one);
      IntVector discarded =
          minField
              .lanewise(VectorOperators.SUB, field)
              .lanewise(VectorOperators.MAX, zero)
              .lanewise(VectorOperators.ADD, shift);
      IntVector units =
          significand.lanewise(VectorOperators.LSHR, discarded.lanewise(VectorOperators.MIN, c31));
      // The shift is from 1 to 32: left, as a fraction of 32 bits. Beyond, right, at most 31.
      IntVector left =
          c32.lanewise(VectorOperators.SUB, discarded).lanewise(VectorOperators.MAX, zero);
      IntVector right =
          discarded.lanewise(VectorOperators.SUB, c32).lanewise(VectorOperators.MIN, c31);
      IntVector chance =
          significand
              .lanewise(VectorOperators.LSHL, left)
              .blend(
                  significand.lanewise(
                      VectorOperators.LSHR, right.lanewise(VectorOperators.MAX, zero)),
                  right.compare(VectorOperators.GT, zero));
      IntVector r = IntVector.fromArray(INTS, random, i);
      VectorMask<Integer> up =
          chance
              .lanewise(VectorOperators.ADD, r)
              .lanewise(VectorOperators.XOR, top)
              .compare(VectorOperators.LT, r.lanewise(VectorOperators.XOR, top));
      IntVector code =
          field
              .lanewise(VectorOperators.SUB, minField)
              .lanewise(VectorOperators.MAX, zero)
              .lanewise(VectorOperators.LSHL, mantissaBits)
              .lanewise(VectorOperators.ADD, units);
      code = code.blend(code.lanewise(VectorOperators.ADD, one), up);
      code = code.blend(overflow, code.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.LSHR, signShift)
          .lanewise(VectorOperators.AND, signBit)
          .lanewise(VectorOperators.OR, code)
          .intoArray(codes, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public void draw(long key, int lowIndex, int count, int[] random) {
    IntVector lanes = IntVector.zero(INTS).addIndex(1);
    IntVector keyLow = IntVector.broadcast(INTS, (int) key);
    IntVector keyHigh = IntVector.broadcast(INTS, (int) (key >>> 32));
    IntVector c15 = IntVector.broadcast(INTS, 15);
    IntVector c16 = IntVector.broadcast(INTS, 16);
    IntVector factor1 = IntVector.broadcast(INTS, 0x7FEB352D);
    IntVector factor2 = IntVector.broadcast(INTS, 0x846CA68B);
    for (int i = 0; i < count; i += LANES) {
      IntVector x = IntVector.broadcast(INTS, lowIndex + i);
      x = x.lanewise(VectorOperators.ADD, lanes).lanewise(VectorOperators.XOR, keyLow);
      x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, c16));
      x = x.lanewise(VectorOperators.MUL, factor1);
      x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, c15));
      x = x.lanewise(VectorOperators.ADD, keyHigh).lanewise(VectorOperators.MUL, factor2);
      x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, c16)).intoArray(random, i);
    }
  }

  @Override
  public void narrow(int[] codes, int count, byte[] bytes) {
    for (int i = 0; i < count; i += LANES) {
      ((ByteVector) IntVector.fromArray(INTS, codes, i).castShape(BYTES, 0)).intoArray(bytes, i);
    }
  }
}
