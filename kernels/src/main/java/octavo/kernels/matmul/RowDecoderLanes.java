package octavo.kernels.matmul;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** The decoder: a template, copied for each width. */
final class RowDecoderLanes implements RowDecoder {
  /*
   * From arrays to arrays, for tiles read arrays: octavo.kernels.codec decodes off-heap memory, and
   * taking that way and copying its numbers costs 0.33 ns each on a Zen 3, this one 0.20.
   *
   * The magnitude of a normal number lies right in FP32 once it is shifted to the top of the
   * mantissa and the difference of the exponent biases is added: u. A subnormal one comes out with an
   * implicit one too much and an exponent too small by one; 2 u - minNormal is what it means. That
   * is less than u just where u is less than minNormal, so that the smaller of the two is right for
   * all; neither is negative, so that integers compare as they do. A conversion of subnormal
   * magnitudes, multiplied and blended in, takes two steps more. The shortest way, shift and multiply
   * by 2^(127 - bias), feeds FP32 subnormals to the multiplication, for which Intel takes an assist
   * of some hundred cycles each.
   *
   * NaN and infinity of formats that have them at the top betray themselves by the largest
   * magnitude; the caller decodes such lines again, with the table.
   *
   * Abstract methods of vectors only, no conveniences: see EncoderLanes.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final VectorSpecies<Byte> BYTES = Species.quarter(MethodHandles.lookup());
  private static final VectorSpecies<Short> SHORTS = Species.half(MethodHandles.lookup());
  private static final int LANES = FLOATS.length();

  /** Made once per copy. */
  RowDecoderLanes() {}

  @Override
  public int bytes(
      byte[] codes,
      int at,
      int count,
      int magnitudes,
      int shift,
      int offset,
      float minNormal,
      int signShift,
      float[] to,
      int toAt) {
    IntVector mask = IntVector.broadcast(INTS, magnitudes);
    IntVector left = IntVector.broadcast(INTS, shift);
    IntVector bias = IntVector.broadcast(INTS, offset);
    FloatVector two = FloatVector.broadcast(FLOATS, 2.0f);
    FloatVector least = FloatVector.broadcast(FLOATS, -minNormal);
    IntVector signLeft = IntVector.broadcast(INTS, signShift);
    IntVector top = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < count; i += LANES) {
      IntVector x = (IntVector) ByteVector.fromArray(BYTES, codes, at + i).castShape(INTS, 0);
      IntVector magnitude = x.lanewise(VectorOperators.AND, mask);
      largest = largest.lanewise(VectorOperators.MAX, magnitude);
      IntVector u =
          magnitude.lanewise(VectorOperators.LSHL, left).lanewise(VectorOperators.ADD, bias);
      u.reinterpretAsFloats()
          .lanewise(VectorOperators.FMA, two, least)
          .reinterpretAsInts()
          .lanewise(VectorOperators.MIN, u)
          .lanewise(
              VectorOperators.OR,
              x.lanewise(VectorOperators.LSHL, signLeft).lanewise(VectorOperators.AND, top))
          .reinterpretAsFloats()
          .intoArray(to, toAt + i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public int scaledBytes(
      byte[] codes,
      int at,
      int count,
      int magnitudes,
      int shift,
      int offset,
      float minNormal,
      int signShift,
      float[] scales,
      int run,
      float[] to,
      int toAt) {
    IntVector mask = IntVector.broadcast(INTS, magnitudes);
    IntVector left = IntVector.broadcast(INTS, shift);
    IntVector bias = IntVector.broadcast(INTS, offset);
    FloatVector two = FloatVector.broadcast(FLOATS, 2.0f);
    FloatVector least = FloatVector.broadcast(FLOATS, -minNormal);
    IntVector signLeft = IntVector.broadcast(INTS, signShift);
    IntVector top = IntVector.broadcast(INTS, Integer.MIN_VALUE);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < count; i += LANES) {
      IntVector x = (IntVector) ByteVector.fromArray(BYTES, codes, at + i).castShape(INTS, 0);
      IntVector magnitude = x.lanewise(VectorOperators.AND, mask);
      largest = largest.lanewise(VectorOperators.MAX, magnitude);
      IntVector u =
          magnitude.lanewise(VectorOperators.LSHL, left).lanewise(VectorOperators.ADD, bias);
      u.reinterpretAsFloats()
          .lanewise(VectorOperators.FMA, two, least)
          .reinterpretAsInts()
          .lanewise(VectorOperators.MIN, u)
          .lanewise(
              VectorOperators.OR,
              x.lanewise(VectorOperators.LSHL, signLeft).lanewise(VectorOperators.AND, top))
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, FloatVector.broadcast(FLOATS, scales[i >> run]))
          .intoArray(to, toAt + i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  @Override
  public void bf16(short[] codes, int at, int count, float[] to, int toAt) {
    IntVector left = IntVector.broadcast(INTS, 16);
    for (int i = 0; i < count; i += LANES) {
      ((IntVector) ShortVector.fromArray(SHORTS, codes, at + i).castShape(INTS, 0))
          .lanewise(VectorOperators.LSHL, left)
          .reinterpretAsFloats()
          .intoArray(to, toAt + i);
    }
  }
}
