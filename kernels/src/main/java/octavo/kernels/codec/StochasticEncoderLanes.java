package octavo.kernels.codec;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.NativeMemory;
import octavo.kernels.vector.Species;

/** The stochastic encoder: a template, copied for each width. */
final class StochasticEncoderLanes implements StochasticEncoder {
  /*
   * The names are those of EncoderLanes: u the magnitude's FP32 bits, m the format's mantissa bits,
   * and s = 23 - m. A number whose unit is 2^d times that of its significand w goes up if the
   * fraction, the low d bits of w, and the random bits R, as fractions, sum up to 1 or more.
   *
   * Bytes. Let n be the format's smallest normal number. The FP32 sum t = |x| + max(|x|, n) has the
   * same bits below the code for all numbers: normal ones are doubled, which changes their exponent
   * field only, and for the subnormals, adding n aligns the significand. So the top s random bits
   * can be added to the bits of t, and the code stands above the lowest s bits of the sum once n's
   * own bits are subtracted: a carry out of the fraction is the rounding up. No shift depends on
   * the lane.
   *
   * Doubling is exact, and so is all that comes after: the random bits below the top s cannot
   * matter where the fraction has only s. Adding n rounds subnormals to their multiple of
   * n * 2^-23: t is wrong by half a unit in its last place at most. With r the top s random bits
   * and the rest of them less than a unit, the true sum is in [t + r - 1/2, t + r + 3/2). One is
   * subtracted with n, hence the true sum is above by between 1/2 and 5/2, and floor(sum / 2^s) may
   * be another only where the low s bits are their two largest values. These numbers are close:
   * the loop asks for care, and the definition decides. It is the random bits that make a number
   * close, one in 2^(s-1), whatever the numbers are.
   *
   * Codes (byChance). Without this sum, for rounding toward zero too, with random bits of 0: (w +
   * (random >>> 32 - d)) >>> d. Shifted left by the format's exponent bias, u itself is w for
   * normal numbers, exponent included. From d = 32 on, numbers below 2^-8 of the smallest
   * subnormal, d is cut to 31: too many go up, though only one in 128; where that happens the
   * result asks for care.
   *
   * The random bits have a loop of their own, over a line in L1. In one loop with byChance8() they
   * took as long in L2 (0.47 against 0.14 + 0.31 ns per element), and 100 calls of lanewise() were
   * too many for C2 once a second width had run: it boxed. Interleaving two vectors by hand would
   * gain a tenth (measured in C), and need as many calls.
   *
   * One vector is carried from one turn to the next, the largest magnitude, and what asks for care
   * is made a large magnitude. With two carried (the other for care), C2 boxed the second one, 112
   * bytes per vector, in processes where both a second width had run and other code had loaded
   * vectors from the segments of arrays.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);

  /** Makes rows of four vectors' bytes: byte {@code q} of int {@code j} goes to q * LANES + j. */
  private static final VectorShuffle<Byte> SPREAD = Species.spread(MethodHandles.lookup(), 4);

  private static final int LANES = FLOATS.length();
  private static final int VECTOR = 4 * LANES; // bytes
  private static final int Q1 = LANES / Line.GROUP; // groups until the second of four vectors
  private static final int Q2 = 2 * LANES / Line.GROUP;
  private static final int Q3 = 3 * LANES / Line.GROUP;

  /** Made once per copy. */
  StochasticEncoderLanes() {}

  @Override
  public int byChance8(
      MemorySegment in,
      long inAt,
      float[] factors,
      MemorySegment random,
      MemorySegment out,
      long outAt,
      int count,
      Encoding encoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment chances = NativeMemory.SEGMENT.cast(random);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector minNormal = IntVector.broadcast(INTS, encoding.minNormal());
    IntVector less = IntVector.broadcast(INTS, encoding.minNormal() + 1);
    IntVector rest = IntVector.broadcast(INTS, 32 - encoding.shift());
    IntVector low = IntVector.broadcast(INTS, encoding.chances());
    IntVector up = IntVector.broadcast(INTS, encoding.signShift() - encoding.shift());
    IntVector mask = IntVector.broadcast(INTS, encoding.mask() >>> 1 << encoding.signShift());
    IntVector care = IntVector.broadcast(INTS, Encoding.INFINITY + 1 - encoding.chances());
    IntVector c8 = IntVector.broadcast(INTS, 8);
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += 4L * LANES) {
      int group = (int) (i >>> 4);
      IntVector bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group]))
              .reinterpretAsInts();
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      IntVector sign = bits.lanewise(VectorOperators.XOR, u);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      IntVector sum =
          u.reinterpretAsFloats()
              .lanewise(
                  VectorOperators.ADD,
                  u.lanewise(VectorOperators.MAX, minNormal).reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.ADD,
                  IntVector.fromMemorySegment(INTS, chances, 4 * i, LITTLE_ENDIAN)
                      .lanewise(VectorOperators.LSHR, rest))
              .lanewise(VectorOperators.SUB, less);
      IntVector closest = sum.lanewise(VectorOperators.AND, low);
      IntVector code =
          sum.lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.OR, sign);
      IntVector word = code;
      bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i + VECTOR, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group + Q1]))
              .reinterpretAsInts();
      u = bits.lanewise(VectorOperators.AND, magnitude);
      sign = bits.lanewise(VectorOperators.XOR, u);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      sum =
          u.reinterpretAsFloats()
              .lanewise(
                  VectorOperators.ADD,
                  u.lanewise(VectorOperators.MAX, minNormal).reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.ADD,
                  IntVector.fromMemorySegment(INTS, chances, 4 * i + VECTOR, LITTLE_ENDIAN)
                      .lanewise(VectorOperators.LSHR, rest))
              .lanewise(VectorOperators.SUB, less);
      closest = closest.lanewise(VectorOperators.MAX, sum.lanewise(VectorOperators.AND, low));
      code =
          sum.lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.OR, sign);
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group + Q2]))
              .reinterpretAsInts();
      u = bits.lanewise(VectorOperators.AND, magnitude);
      sign = bits.lanewise(VectorOperators.XOR, u);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      sum =
          u.reinterpretAsFloats()
              .lanewise(
                  VectorOperators.ADD,
                  u.lanewise(VectorOperators.MAX, minNormal).reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.ADD,
                  IntVector.fromMemorySegment(INTS, chances, 4 * i + 2L * VECTOR, LITTLE_ENDIAN)
                      .lanewise(VectorOperators.LSHR, rest))
              .lanewise(VectorOperators.SUB, less);
      closest = closest.lanewise(VectorOperators.MAX, sum.lanewise(VectorOperators.AND, low));
      code =
          sum.lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.OR, sign);
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group + Q3]))
              .reinterpretAsInts();
      u = bits.lanewise(VectorOperators.AND, magnitude);
      sign = bits.lanewise(VectorOperators.XOR, u);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      sum =
          u.reinterpretAsFloats()
              .lanewise(
                  VectorOperators.ADD,
                  u.lanewise(VectorOperators.MAX, minNormal).reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.ADD,
                  IntVector.fromMemorySegment(INTS, chances, 4 * i + 3L * VECTOR, LITTLE_ENDIAN)
                      .lanewise(VectorOperators.LSHR, rest))
              .lanewise(VectorOperators.SUB, less);
      closest = closest.lanewise(VectorOperators.MAX, sum.lanewise(VectorOperators.AND, low));
      code =
          sum.lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.OR, sign);
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      largest = largest.lanewise(VectorOperators.MAX, closest.lanewise(VectorOperators.ADD, care));
      word.reinterpretAsBytes().rearrange(SPREAD).intoMemorySegment(to, outAt + i, LITTLE_ENDIAN);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int byChance(
      MemorySegment in,
      long inAt,
      int count,
      Encoding encoding,
      MemorySegment random,
      int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment chances = NativeMemory.SEGMENT.cast(random);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector field = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector zero = IntVector.zero(INTS);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector c23 = IntVector.broadcast(INTS, 23);
    IntVector c31 = IntVector.broadcast(INTS, 31);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector minNormal = IntVector.broadcast(INTS, encoding.minNormal());
    IntVector rebase = IntVector.broadcast(INTS, encoding.minNormal() - (1 << 23));
    IntVector most = IntVector.broadcast(INTS, 31 - encoding.shift());
    IntVector signShift = IntVector.broadcast(INTS, encoding.signShift());
    IntVector signBit = IntVector.broadcast(INTS, encoding.signBit());
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      IntVector below =
          minNormal
              .lanewise(VectorOperators.SUB, u.lanewise(VectorOperators.AND, field))
              .lanewise(VectorOperators.MAX, zero);
      IntVector kept =
          most.lanewise(VectorOperators.SUB, below.lanewise(VectorOperators.LSHR, c23));
      IntVector left = kept.lanewise(VectorOperators.MAX, zero);
      IntVector chance =
          IntVector.fromMemorySegment(INTS, chances, 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.LSHR, one)
              .lanewise(VectorOperators.LSHR, left);
      IntVector code =
          u.lanewise(VectorOperators.ADD, below)
              .lanewise(VectorOperators.SUB, rebase)
              .lanewise(VectorOperators.ADD, chance)
              .lanewise(VectorOperators.LSHR, c31.lanewise(VectorOperators.SUB, left))
              .lanewise(VectorOperators.MIN, u);
      IntVector unsure =
          kept.lanewise(VectorOperators.AND, zero.lanewise(VectorOperators.SUB, code))
              .lanewise(VectorOperators.ASHR, c31)
              .lanewise(VectorOperators.AND, field);
      largest = largest.lanewise(VectorOperators.MAX, unsure);
      bits.lanewise(VectorOperators.LSHR, signShift)
          .lanewise(VectorOperators.AND, signBit)
          .lanewise(VectorOperators.OR, code)
          .intoArray(codes, (int) i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int byChanceWide(
      MemorySegment in,
      long inAt,
      int count,
      Encoding encoding,
      MemorySegment random,
      int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment chances = NativeMemory.SEGMENT.cast(random);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector shift = IntVector.broadcast(INTS, encoding.shift());
    IntVector rest = IntVector.broadcast(INTS, 32 - encoding.shift());
    IntVector signShift = IntVector.broadcast(INTS, encoding.signShift());
    IntVector signBit = IntVector.broadcast(INTS, encoding.signBit());
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      IntVector chance =
          IntVector.fromMemorySegment(INTS, chances, 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.LSHR, rest);
      u.lanewise(VectorOperators.MIN, limit)
          .lanewise(VectorOperators.ADD, chance)
          .lanewise(VectorOperators.LSHR, shift)
          .lanewise(
              VectorOperators.OR,
              bits.lanewise(VectorOperators.LSHR, signShift).lanewise(VectorOperators.AND, signBit))
          .intoArray(codes, (int) i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public void draw(long key, int lowIndex, MemorySegment random, int at, int count) {
    MemorySegment to = NativeMemory.SEGMENT.cast(random);
    IntVector index = IntVector.broadcast(INTS, lowIndex).addIndex(1);
    IntVector keyLow = IntVector.broadcast(INTS, (int) key);
    IntVector keyHigh = IntVector.broadcast(INTS, (int) (key >>> 32));
    IntVector c15 = IntVector.broadcast(INTS, 15);
    IntVector c16 = IntVector.broadcast(INTS, 16);
    IntVector factor1 = IntVector.broadcast(INTS, 0x7FEB352D);
    IntVector factor2 = IntVector.broadcast(INTS, 0x846CA68B);
    IntVector step = IntVector.broadcast(INTS, LANES);
    for (long i = 0; i < count; i += LANES) {
      IntVector x = index.lanewise(VectorOperators.XOR, keyLow);
      index = index.lanewise(VectorOperators.ADD, step);
      x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, c16));
      x = x.lanewise(VectorOperators.MUL, factor1);
      x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, c15));
      x = x.lanewise(VectorOperators.ADD, keyHigh).lanewise(VectorOperators.MUL, factor2);
      x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, c16))
          .intoMemorySegment(to, 4L * at + 4 * i, LITTLE_ENDIAN);
    }
  }
}
