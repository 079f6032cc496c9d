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

/** The quantizer: a template, copied for each width. */
final class QuantizerLanes implements Quantizer {
  /*
   * Everything about a block while it is in registers: its largest magnitude, the scale, looked up
   * by scalar code whose latency the neighbouring blocks cover, and the codes, as EncoderLanes has
   * them. The memory is read once and continuously, while the loop computes: with a pass for the
   * magnitudes and one for the codes, line by line, reading from DRAM and computing took turns
   * (0.66 against 0.45 ns per element of MXFP8).
   *
   * Four vectors are a block at 256 bits only; other widths take the two passes.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final VectorShuffle<Byte> SPREAD = Species.spread(MethodHandles.lookup(), 4);

  private static final int LANES = FLOATS.length();
  private static final int VECTOR = 4 * LANES; // bytes
  private static final int BLOCK = 32;

  /** Made once per copy. */
  QuantizerLanes() {}

  @Override
  public boolean takesBlocks() {
    return 4 * LANES == BLOCK;
  }

  @Override
  public int blocks32(
      MemorySegment in,
      long inAt,
      MemorySegment out,
      long outAt,
      int count,
      Encoding encoding,
      int[] steps,
      int[] thresholds,
      float[] factors,
      byte[] scales) {
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
    long last = (long) count - BLOCK;
    IntVector u =
        IntVector.fromMemorySegment(INTS, from, inAt + 0L, LITTLE_ENDIAN)
            .lanewise(VectorOperators.AND, magnitude);
    u =
        u.lanewise(
            VectorOperators.MAX,
            IntVector.fromMemorySegment(INTS, from, inAt + 0L + VECTOR, LITTLE_ENDIAN)
                .lanewise(VectorOperators.AND, magnitude));
    u =
        u.lanewise(
            VectorOperators.MAX,
            IntVector.fromMemorySegment(INTS, from, inAt + 0L + 2L * VECTOR, LITTLE_ENDIAN)
                .lanewise(VectorOperators.AND, magnitude));
    u =
        u.lanewise(
            VectorOperators.MAX,
            IntVector.fromMemorySegment(INTS, from, inAt + 0L + 3L * VECTOR, LITTLE_ENDIAN)
                .lanewise(VectorOperators.AND, magnitude));
    int largest = u.reduceLanes(VectorOperators.MAX);
    int most = largest;
    for (long i = 0; i < count; i += BLOCK) {
      int binade = largest >>> 23;
      int scale = steps[binade] + (largest > thresholds[binade] ? 1 : 0);
      scales[(int) (i >>> 5)] = (byte) scale;
      FloatVector factor = FloatVector.broadcast(FLOATS, factors[scale]);
      long next = 4 * Math.min(i + BLOCK, last);
      u =
          IntVector.fromMemorySegment(INTS, from, inAt + next, LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      u =
          u.lanewise(
              VectorOperators.MAX,
              IntVector.fromMemorySegment(INTS, from, inAt + next + VECTOR, LITTLE_ENDIAN)
                  .lanewise(VectorOperators.AND, magnitude));
      u =
          u.lanewise(
              VectorOperators.MAX,
              IntVector.fromMemorySegment(INTS, from, inAt + next + 2L * VECTOR, LITTLE_ENDIAN)
                  .lanewise(VectorOperators.AND, magnitude));
      u =
          u.lanewise(
              VectorOperators.MAX,
              IntVector.fromMemorySegment(INTS, from, inAt + next + 3L * VECTOR, LITTLE_ENDIAN)
                  .lanewise(VectorOperators.AND, magnitude));
      largest = u.reduceLanes(VectorOperators.MAX);
      most = Math.max(most, largest);
      IntVector bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN);
      IntVector scaled =
          bits.lanewise(VectorOperators.AND, magnitude)
              .reinterpretAsFloats()
              .lanewise(VectorOperators.MUL, factor)
              .reinterpretAsInts()
              .lanewise(VectorOperators.MIN, limit);
      IntVector exponent =
          scaled.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      IntVector word =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, scaled.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i + VECTOR, LITTLE_ENDIAN);
      scaled =
          bits.lanewise(VectorOperators.AND, magnitude)
              .reinterpretAsFloats()
              .lanewise(VectorOperators.MUL, factor)
              .reinterpretAsInts()
              .lanewise(VectorOperators.MIN, limit);
      exponent =
          scaled.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      IntVector code =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, scaled.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i + 2L * VECTOR, LITTLE_ENDIAN);
      scaled =
          bits.lanewise(VectorOperators.AND, magnitude)
              .reinterpretAsFloats()
              .lanewise(VectorOperators.MUL, factor)
              .reinterpretAsInts()
              .lanewise(VectorOperators.MIN, limit);
      exponent =
          scaled.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      code =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, scaled.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      bits = IntVector.fromMemorySegment(INTS, from, inAt + 4 * i + 3L * VECTOR, LITTLE_ENDIAN);
      scaled =
          bits.lanewise(VectorOperators.AND, magnitude)
              .reinterpretAsFloats()
              .lanewise(VectorOperators.MUL, factor)
              .reinterpretAsInts()
              .lanewise(VectorOperators.MIN, limit);
      exponent =
          scaled.lanewise(VectorOperators.AND, field).lanewise(VectorOperators.MAX, minNormal);
      code =
          exponent
              .reinterpretAsFloats()
              .lanewise(VectorOperators.FMA, magic, scaled.reinterpretAsFloats())
              .reinterpretAsInts()
              .lanewise(VectorOperators.ADD, exponent.lanewise(VectorOperators.LSHR, shift))
              .lanewise(VectorOperators.LSHL, up)
              .lanewise(VectorOperators.OR, bits.lanewise(VectorOperators.AND, sign));
      word = word.lanewise(VectorOperators.LSHR, c8).lanewise(VectorOperators.OR, code);
      word.reinterpretAsBytes().rearrange(SPREAD).intoMemorySegment(to, outAt + i, LITTLE_ENDIAN);
    }
    return most;
  }
}
