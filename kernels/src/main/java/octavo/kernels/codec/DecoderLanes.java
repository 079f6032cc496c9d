package octavo.kernels.codec;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.NativeMemory;
import octavo.kernels.vector.Species;

/** The decoder: a template, copied for each width. */
final class DecoderLanes implements Decoder {
  /*
   * Floats: the code is brought to the top of its lane, exponent and mantissa to where FP32 has
   * them, and the difference of the biases is added to the exponent. That is the number, unless the
   * code is subnormal: then u, read as FP32, has an implicit one too much and an exponent too small
   * by one, u = minNormal / 2 * (1 + f) where minNormal * f is meant. u - (minNormal - u) is that,
   * exactly, and max(minNormal - u, 0) changes nothing in normal numbers; as the bits of a negative
   * float are a negative int, the maximum is one of ints, which is one instruction. (Shifting
   * without rebasing and multiplying by a power of two takes two steps less, but FP32 subnormals:
   * Intel's processors take an assist of some hundred cycles for each.)
   *
   * Infinity and NaN are rare in tensors: floats8() only keeps the largest u and leaves it to the
   * caller to run specialFloats8(), which is a quarter slower.
   *
   * Four vectors come out of one vector of bytes. rearrange() brings byte q * LANES + j to byte q
   * of lane j, so that each of the four is a shift of the same word; widening casts, one for each,
   * ran at half the speed (0.44 against 0.31 ns per element).
   *
   * Pairs of four-bit codes: the byte of a code comes to its lane twice, the even lanes are shifted
   * up by four, and the top four bits of a lane are its code. Of eight magnitudes a vector of eight
   * lanes is the table (selectFrom), with sixteen lanes it holds the signs too.
   *
   * Integers become floats by an addition to the bits of 1.5 * 2^23 and a subtraction.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final VectorSpecies<Short> SHORTS =
      Species.of(MethodHandles.lookup(), short.class);
  private static final VectorSpecies<Byte> BYTES = Species.of(MethodHandles.lookup(), byte.class);

  /** Byte q * LANES + j goes to byte {@code q} of int {@code j}. */
  private static final VectorShuffle<Byte> GATHER = Species.gather(MethodHandles.lookup(), 4);

  /** Short q * LANES + j goes to short {@code q} of int {@code j}. */
  private static final VectorShuffle<Short> GATHER_SHORTS =
      Species.gatherShorts(MethodHandles.lookup());

  /**
   * The byte of the code q * LANES + j, a pair in each byte of a half, goes to byte q of lane j.
   */
  private static final VectorShuffle<Byte> LOWER_PAIRS =
      Species.gatherPairs(MethodHandles.lookup(), 0);

  /** As {@link #LOWER_PAIRS}, of the upper half. */
  private static final VectorShuffle<Byte> UPPER_PAIRS =
      Species.gatherPairs(MethodHandles.lookup(), 1);

  /** Byte {@code j} of the lower half goes to both bytes of short {@code j}. */
  private static final VectorShuffle<Byte> LOWER = Species.doubled(MethodHandles.lookup(), 0);

  /** Byte {@code j} of the upper half goes to both bytes of short {@code j}. */
  private static final VectorShuffle<Byte> UPPER = Species.doubled(MethodHandles.lookup(), 1);

  private static final int LANES = FLOATS.length();
  private static final int VECTOR = 4 * LANES; // bytes
  private static final int Q1 = LANES / Line.GROUP; // groups until the second of four vectors
  private static final int Q2 = 2 * LANES / Line.GROUP;
  private static final int Q3 = 3 * LANES / Line.GROUP;
  private static final int GROUPS = 4 * LANES / Line.GROUP; // in four vectors

  private static final float MAGIC = 0x1.8p23f;

  /** Made once per copy. */
  DecoderLanes() {}

  @Override
  public boolean takesPairs() {
    return LANES >= 8;
  }

  @Override
  public void pairs4(
      MemorySegment in,
      long inAt,
      int[] values,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector table = IntVector.fromArray(INTS, values, 0);
    IntVector sign = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector c4 = IntVector.broadcast(INTS, 4);
    IntVector c8 = IntVector.broadcast(INTS, 8);
    IntVector c28 = IntVector.broadcast(INTS, 28);
    IntVector even =
        IntVector.zero(INTS)
            .addIndex(1)
            .lanewise(VectorOperators.NOT)
            .lanewise(VectorOperators.AND, IntVector.broadcast(INTS, 1))
            .lanewise(VectorOperators.MUL, c4);
    for (long i = 0; i < count; i += 2L * VECTOR) {
      int group = (int) (i >>> 4);
      ByteVector pairs = ByteVector.fromMemorySegment(BYTES, from, inAt + (i >>> 1), LITTLE_ENDIAN);
      IntVector word =
          pairs.rearrange(LOWER_PAIRS).reinterpretAsInts().lanewise(VectorOperators.LSHL, even);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q3]))
          .intoMemorySegment(to, outAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q2]))
          .intoMemorySegment(to, outAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q1]))
          .intoMemorySegment(to, outAt + 4 * i + VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group]))
          .intoMemorySegment(to, outAt + 4 * i, LITTLE_ENDIAN);
      word = pairs.rearrange(UPPER_PAIRS).reinterpretAsInts().lanewise(VectorOperators.LSHL, even);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + GROUPS + Q3]))
          .intoMemorySegment(to, outAt + 4 * i + 7L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + GROUPS + Q2]))
          .intoMemorySegment(to, outAt + 4 * i + 6L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + GROUPS + Q1]))
          .intoMemorySegment(to, outAt + 4 * i + 5L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      word.lanewise(VectorOperators.LSHR, c28)
          .selectFrom(table)
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + GROUPS]))
          .intoMemorySegment(to, outAt + 4 * i + 4L * VECTOR, LITTLE_ENDIAN);
    }
  }

  @Override
  public int floats8(
      MemorySegment in,
      long inAt,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count,
      Decoding decoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector zero = IntVector.zero(INTS);
    IntVector c8 = IntVector.broadcast(INTS, 8);
    IntVector sign = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector lift = IntVector.broadcast(INTS, decoding.lift());
    IntVector lifted = IntVector.broadcast(INTS, ((0xFF << decoding.lift()) & 0xFF) * 0x0101_0101);
    IntVector down = IntVector.broadcast(INTS, decoding.down());
    IntVector mask = IntVector.broadcast(INTS, decoding.mask());
    IntVector rebase = IntVector.broadcast(INTS, decoding.rebase());
    FloatVector minNormal = FloatVector.broadcast(FLOATS, decoding.minNormal());
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += 4L * LANES) {
      int group = (int) (i >>> 4);
      IntVector word =
          ByteVector.fromMemorySegment(BYTES, from, inAt + i, LITTLE_ENDIAN)
              .rearrange(GATHER)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, lift)
              .lanewise(VectorOperators.AND, lifted);
      IntVector u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      largest = largest.lanewise(VectorOperators.MAX, u);
      IntVector lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      u.reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
          .reinterpretAsInts()
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q3]))
          .intoMemorySegment(to, outAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      largest = largest.lanewise(VectorOperators.MAX, u);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      u.reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
          .reinterpretAsInts()
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q2]))
          .intoMemorySegment(to, outAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      largest = largest.lanewise(VectorOperators.MAX, u);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      u.reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
          .reinterpretAsInts()
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q1]))
          .intoMemorySegment(to, outAt + 4 * i + VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      largest = largest.lanewise(VectorOperators.MAX, u);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      u.reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
          .reinterpretAsInts()
          .lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group]))
          .intoMemorySegment(to, outAt + 4 * i, LITTLE_ENDIAN);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public void specialFloats8(
      MemorySegment in,
      long inAt,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count,
      Decoding decoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector zero = IntVector.zero(INTS);
    IntVector c8 = IntVector.broadcast(INTS, 8);
    IntVector sign = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector lift = IntVector.broadcast(INTS, decoding.lift());
    IntVector lifted = IntVector.broadcast(INTS, ((0xFF << decoding.lift()) & 0xFF) * 0x0101_0101);
    IntVector down = IntVector.broadcast(INTS, decoding.down());
    IntVector mask = IntVector.broadcast(INTS, decoding.mask());
    IntVector rebase = IntVector.broadcast(INTS, decoding.rebase());
    FloatVector minNormal = FloatVector.broadcast(FLOATS, decoding.minNormal());
    IntVector infinity = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector maxFinite = IntVector.broadcast(INTS, decoding.maxFinite());
    for (long i = 0; i < count; i += 4L * LANES) {
      int group = (int) (i >>> 4);
      IntVector word =
          ByteVector.fromMemorySegment(BYTES, from, inAt + i, LITTLE_ENDIAN)
              .rearrange(GATHER)
              .reinterpretAsInts()
              .lanewise(VectorOperators.LSHL, lift)
              .lanewise(VectorOperators.AND, lifted);
      IntVector u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      IntVector lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      IntVector bits =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
              .reinterpretAsInts();
      bits =
          bits.blend(
              bits.lanewise(VectorOperators.OR, infinity),
              u.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q3]))
          .intoMemorySegment(to, outAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      bits =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
              .reinterpretAsInts();
      bits =
          bits.blend(
              bits.lanewise(VectorOperators.OR, infinity),
              u.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q2]))
          .intoMemorySegment(to, outAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      bits =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
              .reinterpretAsInts();
      bits =
          bits.blend(
              bits.lanewise(VectorOperators.OR, infinity),
              u.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q1]))
          .intoMemorySegment(to, outAt + 4 * i + VECTOR, LITTLE_ENDIAN);
      word = word.lanewise(VectorOperators.LSHL, c8);
      u =
          word.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      bits =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
              .reinterpretAsInts();
      bits =
          bits.blend(
              bits.lanewise(VectorOperators.OR, infinity),
              u.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.OR, word.lanewise(VectorOperators.AND, sign))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group]))
          .intoMemorySegment(to, outAt + 4 * i, LITTLE_ENDIAN);
    }
  }

  @Override
  public void integers8(
      MemorySegment in,
      long inAt,
      float[] scales,
      MemorySegment out,
      long outAt,
      int count,
      Decoding decoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector up0 = IntVector.broadcast(INTS, decoding.lift() + 24);
    IntVector up1 = IntVector.broadcast(INTS, decoding.lift() + 16);
    IntVector up2 = IntVector.broadcast(INTS, decoding.lift() + 8);
    IntVector up3 = IntVector.broadcast(INTS, decoding.lift());
    IntVector down = IntVector.broadcast(INTS, decoding.down());
    IntVector magicBits = IntVector.broadcast(INTS, Float.floatToRawIntBits(MAGIC));
    FloatVector magic = FloatVector.broadcast(FLOATS, MAGIC);
    FloatVector unit = FloatVector.broadcast(FLOATS, decoding.unit());
    for (long i = 0; i < count; i += 4L * LANES) {
      int group = (int) (i >>> 4);
      IntVector word =
          ByteVector.fromMemorySegment(BYTES, from, inAt + i, LITTLE_ENDIAN)
              .rearrange(GATHER)
              .reinterpretAsInts();
      word.lanewise(VectorOperators.LSHL, up0)
          .lanewise(VectorOperators.ASHR, down)
          .lanewise(VectorOperators.ADD, magicBits)
          .reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, magic)
          .lanewise(VectorOperators.MUL, unit)
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group]))
          .intoMemorySegment(to, outAt + 4 * i, LITTLE_ENDIAN);
      word.lanewise(VectorOperators.LSHL, up1)
          .lanewise(VectorOperators.ASHR, down)
          .lanewise(VectorOperators.ADD, magicBits)
          .reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, magic)
          .lanewise(VectorOperators.MUL, unit)
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q1]))
          .intoMemorySegment(to, outAt + 4 * i + VECTOR, LITTLE_ENDIAN);
      word.lanewise(VectorOperators.LSHL, up2)
          .lanewise(VectorOperators.ASHR, down)
          .lanewise(VectorOperators.ADD, magicBits)
          .reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, magic)
          .lanewise(VectorOperators.MUL, unit)
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q2]))
          .intoMemorySegment(to, outAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN);
      word.lanewise(VectorOperators.LSHL, up3)
          .lanewise(VectorOperators.ASHR, down)
          .lanewise(VectorOperators.ADD, magicBits)
          .reinterpretAsFloats()
          .lanewise(VectorOperators.SUB, magic)
          .lanewise(VectorOperators.MUL, unit)
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[group + Q3]))
          .intoMemorySegment(to, outAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN);
    }
  }

  @Override
  public void floats16(
      MemorySegment in, long inAt, MemorySegment out, long outAt, int count, Decoding decoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector zero = IntVector.zero(INTS);
    IntVector c16 = IntVector.broadcast(INTS, 16);
    IntVector high = IntVector.broadcast(INTS, 0xFFFF_0000);
    IntVector sign = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector infinity = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector down = IntVector.broadcast(INTS, decoding.down());
    IntVector mask = IntVector.broadcast(INTS, decoding.mask());
    IntVector rebase = IntVector.broadcast(INTS, decoding.rebase());
    FloatVector minNormal = FloatVector.broadcast(FLOATS, decoding.minNormal());
    IntVector maxFinite = IntVector.broadcast(INTS, decoding.maxFinite());
    for (long i = 0; i < count; i += 2L * LANES) {
      IntVector word =
          ShortVector.fromMemorySegment(SHORTS, from, inAt + 2 * i, LITTLE_ENDIAN)
              .rearrange(GATHER_SHORTS)
              .reinterpretAsInts();
      IntVector x = word.lanewise(VectorOperators.LSHL, c16);
      IntVector u =
          x.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      IntVector lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      IntVector bits =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
              .reinterpretAsInts();
      bits =
          bits.blend(
              bits.lanewise(VectorOperators.OR, infinity),
              u.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.OR, x.lanewise(VectorOperators.AND, sign))
          .intoMemorySegment(to, outAt + 4 * i, LITTLE_ENDIAN);
      x = word.lanewise(VectorOperators.AND, high);
      u =
          x.lanewise(VectorOperators.LSHR, down)
              .lanewise(VectorOperators.AND, mask)
              .lanewise(VectorOperators.ADD, rebase);
      lacking =
          minNormal
              .lanewise(VectorOperators.SUB, u.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, zero);
      bits =
          u.reinterpretAsFloats()
              .lanewise(VectorOperators.SUB, lacking.reinterpretAsFloats())
              .reinterpretAsInts();
      bits =
          bits.blend(
              bits.lanewise(VectorOperators.OR, infinity),
              u.compare(VectorOperators.GT, maxFinite));
      bits.lanewise(VectorOperators.OR, x.lanewise(VectorOperators.AND, sign))
          .intoMemorySegment(to, outAt + 4 * i + VECTOR, LITTLE_ENDIAN);
    }
  }

  @Override
  public void floats32(
      MemorySegment in, long inAt, MemorySegment out, long outAt, int count, Decoding decoding) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector mask = IntVector.broadcast(INTS, decoding.mask() | Integer.MIN_VALUE);
    for (long i = 0; i < count; i += LANES) {
      IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
          .lanewise(VectorOperators.AND, mask)
          .intoMemorySegment(to, outAt + 4 * i, LITTLE_ENDIAN);
    }
  }

  @Override
  public void unpack4(MemorySegment in, long inAt, MemorySegment out, int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    MemorySegment to = NativeMemory.SEGMENT.cast(out);
    IntVector even = IntVector.broadcast(INTS, 0x000F_000F);
    IntVector odd = IntVector.broadcast(INTS, 0x0F00_0F00);
    IntVector c4 = IntVector.broadcast(INTS, 4);
    for (long i = 0; i < count; i += 2L * VECTOR) {
      ByteVector pairs = ByteVector.fromMemorySegment(BYTES, from, inAt + (i >>> 1), LITTLE_ENDIAN);
      IntVector twice = pairs.rearrange(LOWER).reinterpretAsInts();
      twice
          .lanewise(VectorOperators.AND, even)
          .lanewise(
              VectorOperators.OR,
              twice.lanewise(VectorOperators.LSHR, c4).lanewise(VectorOperators.AND, odd))
          .intoMemorySegment(to, i, LITTLE_ENDIAN);
      twice = pairs.rearrange(UPPER).reinterpretAsInts();
      twice
          .lanewise(VectorOperators.AND, even)
          .lanewise(
              VectorOperators.OR,
              twice.lanewise(VectorOperators.LSHR, c4).lanewise(VectorOperators.AND, odd))
          .intoMemorySegment(to, i + VECTOR, LITTLE_ENDIAN);
    }
  }
}
