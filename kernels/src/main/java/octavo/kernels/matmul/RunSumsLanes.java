package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.NativeMemory;
import octavo.kernels.vector.Species;

/** Scales and sums of runs: a template, copied for each width. */
final class RunSumsLanes implements RunSums {
  /*
   * E8M0: the code is the exponent field. Code 0 is 2^-127, an FP32 subnormal with the bits
   * 0x00400000, which the largest of both gives; code 255 is NaN, which gets its quiet bit from the
   * carry of code + 1.
   *
   * E4M3FN: as in PanelDotCode, then times 2^120, which is exact; NaN codes, all ones but for the sign,
   * get all of FP32's from the carry of magnitude + 1.
   *
   * add() has its eight sums in registers over all runs of a chunk. The sums of runs wait in memory
   * for that, in L1: adding each run's to sums in memory at once cost a tenth of the time.
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final VectorSpecies<Byte> BYTES = Species.quarter(MethodHandles.lookup());
  private static final int LANES = FLOATS.length();
  private static final int STEP = BYTES.length();
  private static final boolean TWO_PARTS = STEP > LANES;

  /** Made once per copy. */
  RunSumsLanes() {}

  @Override
  public void powers(MemorySegment in, long at, int count, float[] to, int toAt) {
    MemorySegment codes = NativeMemory.SEGMENT.cast(in);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector least = IntVector.broadcast(INTS, 0x0040_0000);
    for (int i = 0; i < count; i += STEP) {
      ByteVector codesHere =
          ByteVector.fromMemorySegment(BYTES, codes, (long) i + at, ByteOrder.LITTLE_ENDIAN);
      IntVector a = (IntVector) codesHere.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
      IntVector an =
          a.lanewise(VectorOperators.ADD, one)
              .lanewise(VectorOperators.LSHR, 8)
              .lanewise(VectorOperators.LSHL, 22);
      a.lanewise(VectorOperators.LSHL, 23)
          .lanewise(VectorOperators.MAX, least)
          .lanewise(VectorOperators.OR, an)
          .reinterpretAsFloats()
          .intoArray(to, toAt + i);
      if (TWO_PARTS) {
        IntVector b = (IntVector) codesHere.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 1);
        IntVector bn =
            b.lanewise(VectorOperators.ADD, one)
                .lanewise(VectorOperators.LSHR, 8)
                .lanewise(VectorOperators.LSHL, 22);
        b.lanewise(VectorOperators.LSHL, 23)
            .lanewise(VectorOperators.MAX, least)
            .lanewise(VectorOperators.OR, bn)
            .reinterpretAsFloats()
            .intoArray(to, toAt + i + LANES);
      }
    }
  }

  @Override
  public void floats(MemorySegment in, long at, int count, float[] to, int toAt) {
    MemorySegment codes = NativeMemory.SEGMENT.cast(in);
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector zero = IntVector.zero(INTS);
    IntVector magnitude = IntVector.broadcast(INTS, 0x7F);
    IntVector nan = IntVector.broadcast(INTS, 0x7FC0_0000);
    IntVector mask = IntVector.broadcast(INTS, 0x87F0_0000);
    FloatVector up = FloatVector.broadcast(FLOATS, 0x1p120f);
    for (int i = 0; i < count; i += STEP) {
      ByteVector codesHere =
          ByteVector.fromMemorySegment(BYTES, codes, (long) i + at, ByteOrder.LITTLE_ENDIAN);
      IntVector a = (IntVector) codesHere.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 0);
      IntVector an =
          zero.lanewise(
                  VectorOperators.SUB,
                  a.lanewise(VectorOperators.AND, magnitude)
                      .lanewise(VectorOperators.ADD, one)
                      .lanewise(VectorOperators.LSHR, 7))
              .lanewise(VectorOperators.AND, nan);
      a.lanewise(VectorOperators.LSHL, 24)
          .lanewise(VectorOperators.ASHR, 4)
          .lanewise(VectorOperators.AND, mask)
          .reinterpretAsFloats()
          .lanewise(VectorOperators.MUL, up)
          .reinterpretAsInts()
          .lanewise(VectorOperators.OR, an)
          .reinterpretAsFloats()
          .intoArray(to, toAt + i);
      if (TWO_PARTS) {
        IntVector b = (IntVector) codesHere.convertShape(VectorOperators.ZERO_EXTEND_B2I, INTS, 1);
        IntVector bn =
            zero.lanewise(
                    VectorOperators.SUB,
                    b.lanewise(VectorOperators.AND, magnitude)
                        .lanewise(VectorOperators.ADD, one)
                        .lanewise(VectorOperators.LSHR, 7))
                .lanewise(VectorOperators.AND, nan);
        b.lanewise(VectorOperators.LSHL, 24)
            .lanewise(VectorOperators.ASHR, 4)
            .lanewise(VectorOperators.AND, mask)
            .reinterpretAsFloats()
            .lanewise(VectorOperators.MUL, up)
            .reinterpretAsInts()
            .lanewise(VectorOperators.OR, bn)
            .reinterpretAsFloats()
            .intoArray(to, toAt + i + LANES);
      }
    }
  }

  @Override
  public void add(
      int runs,
      float[] p,
      int at,
      int panelStep,
      int runStep,
      float factor,
      float[] scalesA,
      int scalesAAt,
      float[] scalesB,
      int scalesBStep,
      float[] acc) {
    FloatVector up = FloatVector.broadcast(FLOATS, factor);
    FloatVector c00 = FloatVector.fromArray(FLOATS, acc, at);
    FloatVector c01 = FloatVector.fromArray(FLOATS, acc, at + LANES);
    FloatVector c10 = FloatVector.fromArray(FLOATS, acc, at + panelStep);
    FloatVector c11 = FloatVector.fromArray(FLOATS, acc, at + panelStep + LANES);
    FloatVector c20 = FloatVector.fromArray(FLOATS, acc, at + 2 * panelStep);
    FloatVector c21 = FloatVector.fromArray(FLOATS, acc, at + 2 * panelStep + LANES);
    FloatVector c30 = FloatVector.fromArray(FLOATS, acc, at + 3 * panelStep);
    FloatVector c31 = FloatVector.fromArray(FLOATS, acc, at + 3 * panelStep + LANES);
    for (int run = 0; run < runs; run++) {
      FloatVector a = FloatVector.broadcast(FLOATS, scalesA[scalesAAt + run]);
      int from = at + run * runStep;
      int b = run * 2 * LANES;
      c00 =
          FloatVector.fromArray(FLOATS, p, from)
              .lanewise(VectorOperators.MUL, up)
              .fma(a.lanewise(VectorOperators.MUL, FloatVector.fromArray(FLOATS, scalesB, b)), c00);
      c01 =
          FloatVector.fromArray(FLOATS, p, from + LANES)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL, FloatVector.fromArray(FLOATS, scalesB, b + LANES)),
                  c01);
      c10 =
          FloatVector.fromArray(FLOATS, p, from + panelStep)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL, FloatVector.fromArray(FLOATS, scalesB, b + scalesBStep)),
                  c10);
      c11 =
          FloatVector.fromArray(FLOATS, p, from + panelStep + LANES)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL,
                      FloatVector.fromArray(FLOATS, scalesB, b + scalesBStep + LANES)),
                  c11);
      c20 =
          FloatVector.fromArray(FLOATS, p, from + 2 * panelStep)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL,
                      FloatVector.fromArray(FLOATS, scalesB, b + 2 * scalesBStep)),
                  c20);
      c21 =
          FloatVector.fromArray(FLOATS, p, from + 2 * panelStep + LANES)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL,
                      FloatVector.fromArray(FLOATS, scalesB, b + 2 * scalesBStep + LANES)),
                  c21);
      c30 =
          FloatVector.fromArray(FLOATS, p, from + 3 * panelStep)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL,
                      FloatVector.fromArray(FLOATS, scalesB, b + 3 * scalesBStep)),
                  c30);
      c31 =
          FloatVector.fromArray(FLOATS, p, from + 3 * panelStep + LANES)
              .lanewise(VectorOperators.MUL, up)
              .fma(
                  a.lanewise(
                      VectorOperators.MUL,
                      FloatVector.fromArray(FLOATS, scalesB, b + 3 * scalesBStep + LANES)),
                  c31);
    }
    c00.intoArray(acc, at);
    c01.intoArray(acc, at + LANES);
    c10.intoArray(acc, at + panelStep);
    c11.intoArray(acc, at + panelStep + LANES);
    c20.intoArray(acc, at + 2 * panelStep);
    c21.intoArray(acc, at + 2 * panelStep + LANES);
    c30.intoArray(acc, at + 3 * panelStep);
    c31.intoArray(acc, at + 3 * panelStep + LANES);
  }
}
