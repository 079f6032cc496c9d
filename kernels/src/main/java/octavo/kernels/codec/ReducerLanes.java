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

/** The reducer: a template, copied for each width. */
final class ReducerLanes implements Reducer {
  /*
   * Magnitudes are compared as ints, which keeps NaN above infinity and is one instruction, where
   * Java's float maximum takes six.
   *
   * The largest of all is found in four quarters at once: from DRAM, a core prefetches each as a
   * stream of its own.
   *
   * The largest of a block is brought to all lanes by exchanges at halving distances and stored as
   * a whole vector; the next block's overwrites what is too much. reduceLanes() and a store of one
   * int took a third longer.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);

  private static final VectorShuffle<Integer> SWAP1 = Species.swap(MethodHandles.lookup(), 1);
  private static final VectorShuffle<Integer> SWAP2 = Species.swap(MethodHandles.lookup(), 2);
  private static final VectorShuffle<Integer> SWAP4 = Species.swap(MethodHandles.lookup(), 4);
  private static final VectorShuffle<Integer> SWAP8 = Species.swap(MethodHandles.lookup(), 8);

  private static final int LANES = INTS.length();

  /** Made once per copy. */
  ReducerLanes() {}

  @Override
  public int largest(MemorySegment in, long inAt, int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector largest = IntVector.zero(INTS);
    long quarter = (long) count >>> 2;
    for (long i = 0; i < quarter; i += LANES) {
      IntVector a =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      IntVector b =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + quarter), LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      IntVector c =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + 2 * quarter), LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      IntVector d =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + 3 * quarter), LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      largest =
          largest.lanewise(
              VectorOperators.MAX,
              a.lanewise(VectorOperators.MAX, b)
                  .lanewise(VectorOperators.MAX, c.lanewise(VectorOperators.MAX, d)));
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int largestFinite(MemorySegment in, long inAt, int count) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    IntVector infinity = IntVector.broadcast(INTS, Encoding.INFINITY);
    IntVector zero = IntVector.zero(INTS);
    IntVector largest = IntVector.zero(INTS);
    for (long i = 0; i < count; i += LANES) {
      IntVector u =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      largest =
          largest.lanewise(
              VectorOperators.MAX, zero.blend(u, u.compare(VectorOperators.LT, infinity)));
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public void largestOf16(MemorySegment in, long inAt, int count, int[] largest) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    for (long i = 0; i < count; i += 16) {
      IntVector u =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      if (LANES <= 8) {
        u =
            u.lanewise(
                VectorOperators.MAX,
                IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + LANES), LITTLE_ENDIAN)
                    .lanewise(VectorOperators.AND, magnitude));
      }
      if (LANES == 4) {
        u =
            u.lanewise(
                VectorOperators.MAX,
                IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + 2L * LANES), LITTLE_ENDIAN)
                    .lanewise(VectorOperators.AND, magnitude));
        u =
            u.lanewise(
                VectorOperators.MAX,
                IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + 3L * LANES), LITTLE_ENDIAN)
                    .lanewise(VectorOperators.AND, magnitude));
      }
      if (LANES == 16) {
        u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP8));
      }
      if (LANES >= 8) {
        u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP4));
      }
      u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP2));
      u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP1));
      u.intoArray(largest, (int) (i >>> 4));
    }
  }

  @Override
  public void largestOf32(MemorySegment in, long inAt, int count, int[] largest) {
    MemorySegment from = NativeMemory.SEGMENT.cast(in);
    IntVector magnitude = IntVector.broadcast(INTS, Encoding.MAGNITUDE);
    for (long i = 0; i < count; i += 32) {
      IntVector u =
          IntVector.fromMemorySegment(INTS, from, inAt + 4 * i, LITTLE_ENDIAN)
              .lanewise(VectorOperators.AND, magnitude);
      for (int v = LANES; v < 32; v += LANES) {
        u =
            u.lanewise(
                VectorOperators.MAX,
                IntVector.fromMemorySegment(INTS, from, inAt + 4 * (i + v), LITTLE_ENDIAN)
                    .lanewise(VectorOperators.AND, magnitude));
      }
      if (LANES == 16) {
        u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP8));
      }
      if (LANES >= 8) {
        u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP4));
      }
      u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP2));
      u = u.lanewise(VectorOperators.MAX, u.rearrange(SWAP1));
      u.intoArray(largest, (int) (i >>> 5));
    }
  }

  @Override
  public void e4m3Scales(
      int[] largest, int count, float maxElement, float tensorScale, int[] codes, float[] factors) {
    FloatVector divisor = FloatVector.broadcast(FLOATS, maxElement);
    FloatVector tensor = FloatVector.broadcast(FLOATS, tensorScale);
    FloatVector inverse = FloatVector.broadcast(FLOATS, 1.0f / tensorScale);
    IntVector least = IntVector.broadcast(INTS, Float.floatToRawIntBits(0x1p-6f));
    IntVector most = IntVector.broadcast(INTS, Float.floatToRawIntBits(448.0f));
    IntVector half = IntVector.broadcast(INTS, (1 << 19) - 1);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector c20 = IntVector.broadcast(INTS, 20);
    IntVector bias = IntVector.broadcast(INTS, 120 << 3);
    for (int i = 0; i < count; i += LANES) {
      IntVector relative =
          IntVector.fromArray(INTS, largest, i)
              .reinterpretAsFloats()
              .lanewise(VectorOperators.DIV, divisor)
              .lanewise(VectorOperators.DIV, tensor)
              .reinterpretAsInts()
              .lanewise(VectorOperators.MAX, least)
              .lanewise(VectorOperators.MIN, most);
      IntVector odd =
          relative.lanewise(VectorOperators.LSHR, c20).lanewise(VectorOperators.AND, one);
      IntVector rounded =
          relative
              .lanewise(VectorOperators.ADD, half)
              .lanewise(VectorOperators.ADD, odd)
              .lanewise(VectorOperators.LSHR, c20);
      rounded.lanewise(VectorOperators.SUB, bias).intoArray(codes, i);
      inverse
          .lanewise(
              VectorOperators.DIV,
              rounded.lanewise(VectorOperators.LSHL, c20).reinterpretAsFloats())
          .intoArray(factors, i);
    }
  }
}
