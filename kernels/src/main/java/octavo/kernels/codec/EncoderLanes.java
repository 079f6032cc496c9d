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

/** The encoder: a template, copied for each width. */
final class EncoderLanes implements Encoder {
  /*
   * One loop for every signed float format of fewer mantissa bits than FP32: the format enters as
   * the numbers of Encoding. With u the magnitude's FP32 bits, m the format's mantissa bits, and
   * s = 23 - m:
   *
   * Nearest even, narrow formats. exponent is u's exponent field, at least that of the smallest
   * normal number: a power of two as FP32. exponent * 2^s has the unit of the format at this
   * magnitude, 2^(e - m), as its own unit in the last place, and no mantissa bits. The FP32 sum
   * exponent * 2^s + |x|, one FMA, is therefore rounded once, to a multiple of that unit, ties to
   * even: its low bits count the units, subnormals included, whether |x| is normal in FP32 or not.
   * The code is units + (field - minField) * 2^m, and a carry out of the mantissa belongs in the
   * exponent. Field * 2^m is exponent >>> s; the constant minField * 2^m is subtracted beforehand:
   * Encoding.magic is not 2^s but 2^s with that in its low mantissa bits (modulo 2^16, and even, so
   * that ties stay ties). Only the low bits of the result count, nothing else needs clearing.
   *
   * Overflow is cut off beforehand, min(u, limit): limit is the largest finite value or, where
   * overflow means infinity or NaN, the number that its code would stand for. The rounding of what
   * lies between is then right by itself, as the next code is the overflow's.
   *
   * Integers are the subnormals of a format with a large enough smallest normal number. Formats
   * with the exponents of FP32 would overflow in exponent * 2^s; but their subnormals are FP32's,
   * so that (u + 2^(s-1) - 1 + bit s of u) >>> s is all (nearestWide).
   *
   * NaN, and what else needs care, is left to Line: the largest magnitude, which a loop returns,
   * betrays it. Zeros of formats without negative zero have a loop of their own.
   *
   * Bytes: a code is shifted to the top of its lane, over the lane's sign; four vectors are merged
   * by shifting to the right, one rearrange() of bytes puts them in order. castShape(), which
   * narrows eight lanes at a time, cost 0.27 ns per element in place of 0.21 (256 bits, L2).
   *
   * Calls: lanewise(), compare() and blend() of vectors only, no and(int), add(float) or shift by
   * an int. Those conveniences are final methods that call lanewise() on a receiver whose class C2
   * does not know yet; it asks the profile, which they share among all users of the Vector API, and
   * inlines both widths once two have run: a tenth of the speed.
   *
   * Loops count in long, and cast segments to the class of native memory first (NativeMemory says
   * why): C2 then checks bounds and lifetime before the loop. Cutting them to exact size was as
   * quick, but C2 did not always see that the slice is not needed as an object, and allocated it;
   * and it cannot inline the cut once the process has cut arrays. A read of the next line ahead of
   * time, to have it in the cache, gained 6 % from DRAM and lost 20 % from L2.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);

  /** Makes rows of four vectors' bytes: byte {@code q} of int {@code j} goes to q * LANES + j. */
  private static final VectorShuffle<Byte> SPREAD = Species.spread(MethodHandles.lookup(), 4);

  /** Byte {@code q} of short {@code j} goes to q * 2 * LANES + j. */
  private static final VectorShuffle<Byte> SPREAD_PAIRS = Species.spread(MethodHandles.lookup(), 2);

  /** Short {@code q} of int {@code j} goes to q * LANES + j. */
  private static final VectorShuffle<Short> SPREAD_SHORTS =
      Species.spreadShorts(MethodHandles.lookup());

  private static final int LANES = FLOATS.length();
  private static final int VECTOR = 4 * LANES; // bytes
  private static final int Q1 = LANES / Line.GROUP; // groups until the second of four vectors
  private static final int Q2 = 2 * LANES / Line.GROUP;
  private static final int Q3 = 3 * LANES / Line.GROUP;

  /** Made once per copy. */
  EncoderLanes() {}

  @Override
  public int nearest8(
      MemorySegment in, long inAt, MemorySegment out, long outAt, int count, Encoding encoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector field = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector sign = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector minNormal = IntVector.broadcast(INTS, encoding.minNormal());
    FloatVector magic = FloatVector.broadcast(FLOATS, encoding.magic());
    IntVector shift = IntVector.broadcast(INTS, encoding.shift());
    IntVector up = IntVector.broadcast(INTS, encoding.signShift());
    IntVector c8 = IntVector.broadcast(INTS, 8);
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += 4L * LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      IntVector exponent =
          u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      FloatVector sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      IntVector code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      IntVector word = code;
      bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i + VECTOR, LITTLE_ENDIAN);
      u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      exponent = u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN);
      u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      exponent = u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN);
      u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      exponent = u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      word.reinterpretAsBytes().rearrange(SPREAD).intoMemorySegment(to, outAt + i, LITTLE_ENDIAN);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int scaledNearest8(
      MemorySegment in,
      long inAt,
      float[] factors,
      MemorySegment out,
      long outAt,
      int count,
      Encoding encoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector field = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector sign = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector minNormal = IntVector.broadcast(INTS, encoding.minNormal());
    FloatVector magic = FloatVector.broadcast(FLOATS, encoding.magic());
    IntVector shift = IntVector.broadcast(INTS, encoding.shift());
    IntVector up = IntVector.broadcast(INTS, encoding.signShift());
    IntVector c8 = IntVector.broadcast(INTS, 8);
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += 4L * LANES) {
      int group = (int) (i >>> 4);
      IntVector bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group]))
              .reinterpretAsInts();
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      IntVector exponent =
          u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      FloatVector sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      IntVector code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      IntVector word = code;
      bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i + VECTOR, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group + Q1]))
              .reinterpretAsInts();
      u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      exponent = u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group + Q2]))
              .reinterpretAsInts();
      u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      exponent = u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits =
          FloatVector.fromMemorySegment(FLOATS, from, inAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN)
              .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[group + Q3]))
              .reinterpretAsInts();
      u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      exponent = u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      sum =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats());
      code =
          sum.reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      word.reinterpretAsBytes().rearrange(SPREAD).intoMemorySegment(to, outAt + i, LITTLE_ENDIAN);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int nearest(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector field = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector minNormal = IntVector.broadcast(INTS, encoding.minNormal());
    FloatVector magic = FloatVector.broadcast(FLOATS, encoding.magic());
    IntVector shift = IntVector.broadcast(INTS, encoding.shift());
    IntVector mask = IntVector.broadcast(INTS, encoding.mask());
    IntVector signShift = IntVector.broadcast(INTS, encoding.signShift());
    IntVector signBit = IntVector.broadcast(INTS, encoding.signBit());
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      IntVector exponent =
          u.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      exponent
          .reinterpretAsFloats()
          .lanewise(VectorOperators.FMA, magic, u.reinterpretAsFloats())
          .reinterpretAsInts()
          .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
          .lanewise(VectorOperators.AND, mask)
          .lanewise(
              VectorOperators.OR,
              bits.lanewise(VectorOperators.LSHR, signShift).lanewise(VectorOperators.AND, signBit))
          .intoArray(codes, (int) i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int nearestWide(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector shift = IntVector.broadcast(INTS, encoding.shift());
    IntVector half = IntVector.broadcast(INTS, (1 << (encoding.shift() - 1)) - 1);
    IntVector signShift = IntVector.broadcast(INTS, encoding.signShift());
    IntVector signBit = IntVector.broadcast(INTS, encoding.signBit());
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      IntVector u = bits.lanewise(VectorOperators.AND, magnitude);
      largest = largest.lanewise(VectorOperators.MAX, u);
      u = u.lanewise(VectorOperators.MIN, limit);
      IntVector odd = u.lanewise(VectorOperators.LSHR, shift).lanewise(VectorOperators.AND, one);
      u.lanewise(VectorOperators.ADD, half)
          .lanewise(VectorOperators.ADD, odd)
          .lanewise(VectorOperators.LSHR, shift)
          .lanewise(
              VectorOperators.OR,
              bits.lanewise(VectorOperators.LSHR, signShift).lanewise(VectorOperators.AND, signBit))
          .intoArray(codes, (int) i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int powers(
      MemorySegment in,
      long inAt,
      int count,
      Encoding encoding,
      int half,
      MemorySegment random,
      int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment chances = NativeMemory.SEGMENT.cast(random);
    IntVector halves = IntVector.broadcast(INTS, half);
    IntVector c9 = IntVector.broadcast(INTS, 9);
    IntVector c23 = IntVector.broadcast(INTS, 23);
    IntVector limit = IntVector.broadcast(INTS, encoding.limit());
    IntVector minNormal = IntVector.broadcast(INTS, 0x0080_0000);
    IntVector maxFinite = IntVector.broadcast(INTS, Encoding.INFINITY - 1);
    IntVector outside = IntVector.zero(INTS);
    for (long i = 0; i < count; i += LANES) {
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      outside =
          outside
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.SUB, minNormal))
              .lanewise(VectorOperators.OR, maxFinite.lanewise(VectorOperators.SUB, bits))
              .lanewise(VectorOperators.OR, bits);
      bits.lanewise(VectorOperators.ADD, halves)
          .lanewise(
              VectorOperators.ADD,
              IntVector.fromMemorySegment(INTS, chances, 4 * i, LITTLE_ENDIAN)
                  .lanewise(VectorOperators.LSHR, c9))
          .lanewise(VectorOperators.LSHR, c23)
          .lanewise(VectorOperators.MIN, limit)
          .intoArray(codes, (int) i);
    }
    return outside.reduceLanes(VectorOperators.OR) < 0 ? Encoding.INFINITY : 0;
  }

  @Override
  public void integers(MemorySegment in, long inAt, int count, Encoding encoding, int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector c31 = IntVector.broadcast(INTS, 31);
    IntVector max = IntVector.broadcast(INTS, encoding.maxInteger());
    for (long i = 0; i < count; i += LANES) {
      IntVector sign =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, c31);
      IntVector.fromArray(INTS, codes, (int) i)
          .lanewise(VectorOperators.XOR, sign)
          .lanewise(VectorOperators.SUB, sign)
          .lanewise(VectorOperators.MIN, max)
          .intoArray(codes, (int) i);
    }
  }

  @Override
  public void dropNegativeZeros(
      MemorySegment in, long inAt, int count, Encoding encoding, int[] codes) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector zero = IntVector.zero(INTS);
    IntVector signBit = IntVector.broadcast(INTS, encoding.signBit());
    IntVector minNormal = IntVector.broadcast(INTS, encoding.minNormal());
    for (long i = 0; i < count; i += LANES) {
      IntVector u =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      IntVector code = IntVector.fromArray(INTS, codes, (int) i);
      IntVector dropped = code.blend(zero, code.compare(VectorOperators.EQ, signBit));
      code.blend(dropped, u.compare(VectorOperators.LT, minNormal)).intoArray(codes, (int) i);
    }
  }

  @Override
  public void multiply(
      MemorySegment in, long inAt, float[] factors, MemorySegment out, long outAt, int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, from, inAt + 4L * i, LITTLE_ENDIAN)
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, factors[i >>> 4]))
          .intoMemorySegment(to, outAt + 4L * i, LITTLE_ENDIAN);
    }
  }

  @Override
  public void divide(
      MemorySegment in, long inAt, float[] divisors, MemorySegment out, long outAt, int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromMemorySegment(FLOATS, from, inAt + 4L * i, LITTLE_ENDIAN)
          .lanewise(VectorOperators.DIV, FloatVector.broadcast(FLOATS, divisors[i >>> 4]))
          .intoMemorySegment(to, outAt + 4L * i, LITTLE_ENDIAN);
    }
  }

  @Override
  public void pack8(int[] codes, MemorySegment out, long outAt, int count, int up) {
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector shift = IntVector.broadcast(INTS, up);
    IntVector c8 = IntVector.broadcast(INTS, 8);
    for (int i = 0; i < count; i += 4 * LANES) {
      IntVector word = IntVector.fromArray(INTS, codes, i).lanewise(VectorOperators.LSHL, shift);
      IntVector code =
          IntVector.fromArray(INTS, codes, i + LANES).lanewise(VectorOperators.LSHL, shift);
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      code = IntVector.fromArray(INTS, codes, i + 2 * LANES).lanewise(VectorOperators.LSHL, shift);
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      code = IntVector.fromArray(INTS, codes, i + 3 * LANES).lanewise(VectorOperators.LSHL, shift);
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      word.reinterpretAsBytes().rearrange(SPREAD).intoMemorySegment(to, outAt + i, LITTLE_ENDIAN);
    }
  }

  @Override
  public void pack4(MemorySegment in, MemorySegment out, long outAt, int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector even = IntVector.broadcast(INTS, 0x000F_000F);
    IntVector odd = IntVector.broadcast(INTS, 0x00F0_00F0);
    IntVector c4 = IntVector.broadcast(INTS, 4);
    IntVector c8 = IntVector.broadcast(INTS, 8);
    for (int i = 0; i < count; i += 2 * VECTOR) {
      IntVector bytes = IntVector.fromMemorySegment(INTS, from, i, LITTLE_ENDIAN);
      IntVector pairs =
          bytes
              .lanewise(VectorOperators.LSHR, c4)
              .lanewise(VectorOperators.AND, even)
              .lanewise(
                  VectorOperators.OR,
                  bytes.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.AND, odd));
      bytes = IntVector.fromMemorySegment(INTS, from, (long) i + VECTOR, LITTLE_ENDIAN);
      bytes
          .lanewise(VectorOperators.LSHR, c4)
          .lanewise(VectorOperators.AND, even)
          .lanewise(
              VectorOperators.OR,
              bytes.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.AND, odd))
          .lanewise(VectorOperators.LSHL, c8)
          .lanewise(VectorOperators.OR, pairs)
          .reinterpretAsBytes()
          .rearrange(SPREAD_PAIRS)
          .intoMemorySegment(to, outAt + (i >> 1), LITTLE_ENDIAN);
    }
  }

  @Override
  public void pack16(int[] codes, MemorySegment out, long outAt, int count) {
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector low = IntVector.broadcast(INTS, 0xFFFF);
    IntVector c16 = IntVector.broadcast(INTS, 16);
    for (int i = 0; i < count; i += 2 * LANES) {
      IntVector.fromArray(INTS, codes, i)
          .lanewise(VectorOperators.AND, low)
          .lanewise(
              VectorOperators.OR,
              IntVector.fromArray(INTS, codes, i + LANES).lanewise(VectorOperators.LSHL, c16))
          .reinterpretAsShorts()
          .rearrange(SPREAD_SHORTS)
          .intoMemorySegment(to, outAt + 2L * i, LITTLE_ENDIAN);
    }
  }
}
