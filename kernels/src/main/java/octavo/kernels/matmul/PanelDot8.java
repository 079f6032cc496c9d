package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;
import octavo.kernels.vector.WidthCopies;

/** Codes of eight bits of a float format: a template, copied for each width and format. */
@SuppressWarnings("NarrowCalculation") // Constants: a few vectors of bytes.
final class PanelDot8 implements PanelDot {
  /*
   * One byte of four at the top of each 32-bit lane, what lies below it masked away: sign-extended by
   * 8 - e bits (e the exponent's), the code's exponent and mantissa stand where FP32 has the lowest
   * bits of the one and the highest of the other, and the lane is the code's number times 2^(bias -
   * 127), subnormals included. SkinnyProduct makes up for that power of two in x.
   *
   * The byte gets to the top by a load one, two or three bytes earlier, not by a shift: shifts have
   * half the throughput, and no vector of codes has to stay in a register while its bytes are used,
   * so that C2 spills none of the eight sums. One row, codes from L2: 20 GB/s, with shifts 12 to 17.
   *
   * Four panels at once for one row: a core prefetches each as a stream of its own. From DRAM one
   * stream came at 13 GB/s, two at 16, four at 17; C with prefetch instructions and huge pages had
   * 18 (Zen 3).
   */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final VectorSpecies<Integer> INTS = Species.of(MethodHandles.lookup(), int.class);
  private static final int LANES = FLOATS.length();

  /** The bytes of a column of a panel. */
  private static final int BYTES = 2 * LANES;

  private static final InPlace FORMAT =
      WidthCopies.constants(MethodHandles.lookup(), InPlace.class);
  private static final int SHIFT = FORMAT.shift();
  private static final int MASK = FORMAT.mask();

  /** Made once per copy. */
  PanelDot8() {}

  @Override
  public int lanes() {
    return LANES;
  }

  @Override
  public void one(
      MemorySegment codes,
      long at0,
      long at1,
      long at2,
      long at3,
      int from,
      int to,
      float[] x,
      int xAt,
      float[] sums,
      int sumsAt,
      int panelStep) {
    IntVector mask = IntVector.broadcast(INTS, MASK);
    FloatVector c000 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector c001 = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector c100 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep);
    FloatVector c101 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + LANES);
    FloatVector c200 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * panelStep);
    FloatVector c201 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * panelStep + LANES);
    FloatVector c300 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * panelStep);
    FloatVector c301 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * panelStep + LANES);
    for (int k = from; k < to; k += 2) {
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      c000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c000);
      c001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c001);
      c100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c100);
      c101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c101);
      c200 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c200);
      c201 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c201);
      c300 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c300);
      c301 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c301);
      c000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c000);
      c001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c001);
      c100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c100);
      c101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c101);
      c200 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c200);
      c201 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c201);
      c300 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c300);
      c301 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c301);
    }
    c000.intoArray(sums, sumsAt);
    c001.intoArray(sums, sumsAt + LANES);
    c100.intoArray(sums, sumsAt + panelStep);
    c101.intoArray(sums, sumsAt + panelStep + LANES);
    c200.intoArray(sums, sumsAt + 2 * panelStep);
    c201.intoArray(sums, sumsAt + 2 * panelStep + LANES);
    c300.intoArray(sums, sumsAt + 3 * panelStep);
    c301.intoArray(sums, sumsAt + 3 * panelStep + LANES);
  }

  @Override
  public void oneInRuns(
      MemorySegment codes,
      long at0,
      long at1,
      long at2,
      long at3,
      int from,
      int to,
      float[] x,
      int xAt,
      float[] sums,
      int sumsAt,
      int panelStep,
      int lengthShift,
      int runStep) {
    IntVector mask = IntVector.broadcast(INTS, MASK);
    for (int k = from; k < to; k += 4) {
      int at = sumsAt + (k >> lengthShift) * runStep;
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      FloatVector x02 = FloatVector.broadcast(FLOATS, x[xAt + k + 2]);
      FloatVector x03 = FloatVector.broadcast(FLOATS, x[xAt + k + 3]);
      FloatVector c000 = FloatVector.fromArray(FLOATS, sums, at);
      FloatVector c001 = FloatVector.fromArray(FLOATS, sums, at + LANES);
      c000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c000);
      c001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c001);
      c000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c000);
      c001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c001);
      c000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c000);
      c001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c001);
      c000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c000);
      c001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c001);
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      FloatVector c100 = FloatVector.fromArray(FLOATS, sums, at + panelStep);
      FloatVector c101 = FloatVector.fromArray(FLOATS, sums, at + panelStep + LANES);
      c100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c100);
      c101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c101);
      c100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c100);
      c101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c101);
      c100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c100);
      c101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c101);
      c100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c100);
      c101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c101);
      c100.intoArray(sums, at + panelStep);
      c101.intoArray(sums, at + panelStep + LANES);
      FloatVector c200 = FloatVector.fromArray(FLOATS, sums, at + 2 * panelStep);
      FloatVector c201 = FloatVector.fromArray(FLOATS, sums, at + 2 * panelStep + LANES);
      c200 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c200);
      c201 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c201);
      c200 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c200);
      c201 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c201);
      c200 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c200);
      c201 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c201);
      c200 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c200);
      c201 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c201);
      c200.intoArray(sums, at + 2 * panelStep);
      c201.intoArray(sums, at + 2 * panelStep + LANES);
      FloatVector c300 = FloatVector.fromArray(FLOATS, sums, at + 3 * panelStep);
      FloatVector c301 = FloatVector.fromArray(FLOATS, sums, at + 3 * panelStep + LANES);
      c300 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c300);
      c301 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x00, c301);
      c300 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c300);
      c301 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x01, c301);
      c300 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c300);
      c301 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x02, c301);
      c300 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c300);
      c301 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats()
              .fma(x03, c301);
      c300.intoArray(sums, at + 3 * panelStep);
      c301.intoArray(sums, at + 3 * panelStep + LANES);
    }
  }

  @Override
  public void two(
      MemorySegment codes,
      long at0,
      long at1,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt,
      int panelStep) {
    IntVector mask = IntVector.broadcast(INTS, MASK);
    FloatVector c000 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector c001 = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector c010 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * LANES);
    FloatVector c011 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * LANES);
    FloatVector c100 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep);
    FloatVector c101 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + LANES);
    FloatVector c110 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + 2 * LANES);
    FloatVector c111 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + 3 * LANES);
    for (int k = from; k < to; k += 2) {
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x10 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      FloatVector x11 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 1]);
      FloatVector w000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w000.fma(x00, c000);
      c010 = w000.fma(x10, c010);
      FloatVector w001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w001.fma(x00, c001);
      c011 = w001.fma(x10, c011);
      FloatVector w100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c100 = w100.fma(x00, c100);
      c110 = w100.fma(x10, c110);
      FloatVector w101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c101 = w101.fma(x00, c101);
      c111 = w101.fma(x10, c111);
      FloatVector w010 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w010.fma(x01, c000);
      c010 = w010.fma(x11, c010);
      FloatVector w011 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w011.fma(x01, c001);
      c011 = w011.fma(x11, c011);
      FloatVector w110 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c100 = w110.fma(x01, c100);
      c110 = w110.fma(x11, c110);
      FloatVector w111 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c101 = w111.fma(x01, c101);
      c111 = w111.fma(x11, c111);
    }
    c000.intoArray(sums, sumsAt);
    c001.intoArray(sums, sumsAt + LANES);
    c010.intoArray(sums, sumsAt + 2 * LANES);
    c011.intoArray(sums, sumsAt + 3 * LANES);
    c100.intoArray(sums, sumsAt + panelStep);
    c101.intoArray(sums, sumsAt + panelStep + LANES);
    c110.intoArray(sums, sumsAt + panelStep + 2 * LANES);
    c111.intoArray(sums, sumsAt + panelStep + 3 * LANES);
  }

  @Override
  public void twoInRuns(
      MemorySegment codes,
      long at0,
      long at1,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt,
      int panelStep,
      int lengthShift,
      int runStep) {
    IntVector mask = IntVector.broadcast(INTS, MASK);
    for (int k = from; k < to; k += 4) {
      int at = sumsAt + (k >> lengthShift) * runStep;
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x10 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      FloatVector x11 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 1]);
      FloatVector x02 = FloatVector.broadcast(FLOATS, x[xAt + k + 2]);
      FloatVector x12 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 2]);
      FloatVector x03 = FloatVector.broadcast(FLOATS, x[xAt + k + 3]);
      FloatVector x13 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 3]);
      FloatVector c000 = FloatVector.fromArray(FLOATS, sums, at);
      FloatVector c001 = FloatVector.fromArray(FLOATS, sums, at + LANES);
      FloatVector c010 = FloatVector.fromArray(FLOATS, sums, at + 2 * LANES);
      FloatVector c011 = FloatVector.fromArray(FLOATS, sums, at + 3 * LANES);
      FloatVector w000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w000.fma(x00, c000);
      c010 = w000.fma(x10, c010);
      FloatVector w001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w001.fma(x00, c001);
      c011 = w001.fma(x10, c011);
      FloatVector w010 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w010.fma(x01, c000);
      c010 = w010.fma(x11, c010);
      FloatVector w011 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w011.fma(x01, c001);
      c011 = w011.fma(x11, c011);
      FloatVector w020 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w020.fma(x02, c000);
      c010 = w020.fma(x12, c010);
      FloatVector w021 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w021.fma(x02, c001);
      c011 = w021.fma(x12, c011);
      FloatVector w030 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w030.fma(x03, c000);
      c010 = w030.fma(x13, c010);
      FloatVector w031 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w031.fma(x03, c001);
      c011 = w031.fma(x13, c011);
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      c010.intoArray(sums, at + 2 * LANES);
      c011.intoArray(sums, at + 3 * LANES);
      FloatVector c100 = FloatVector.fromArray(FLOATS, sums, at + panelStep);
      FloatVector c101 = FloatVector.fromArray(FLOATS, sums, at + panelStep + LANES);
      FloatVector c110 = FloatVector.fromArray(FLOATS, sums, at + panelStep + 2 * LANES);
      FloatVector c111 = FloatVector.fromArray(FLOATS, sums, at + panelStep + 3 * LANES);
      FloatVector w100 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c100 = w100.fma(x00, c100);
      c110 = w100.fma(x10, c110);
      FloatVector w101 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c101 = w101.fma(x00, c101);
      c111 = w101.fma(x10, c111);
      FloatVector w110 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c100 = w110.fma(x01, c100);
      c110 = w110.fma(x11, c110);
      FloatVector w111 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c101 = w111.fma(x01, c101);
      c111 = w111.fma(x11, c111);
      FloatVector w120 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c100 = w120.fma(x02, c100);
      c110 = w120.fma(x12, c110);
      FloatVector w121 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c101 = w121.fma(x02, c101);
      c111 = w121.fma(x12, c111);
      FloatVector w130 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c100 = w130.fma(x03, c100);
      c110 = w130.fma(x13, c110);
      FloatVector w131 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c101 = w131.fma(x03, c101);
      c111 = w131.fma(x13, c111);
      c100.intoArray(sums, at + panelStep);
      c101.intoArray(sums, at + panelStep + LANES);
      c110.intoArray(sums, at + panelStep + 2 * LANES);
      c111.intoArray(sums, at + panelStep + 3 * LANES);
    }
  }

  @Override
  public void four(
      MemorySegment codes,
      long at0,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt) {
    IntVector mask = IntVector.broadcast(INTS, MASK);
    FloatVector c000 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector c001 = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector c010 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * LANES);
    FloatVector c011 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * LANES);
    FloatVector c020 = FloatVector.fromArray(FLOATS, sums, sumsAt + 4 * LANES);
    FloatVector c021 = FloatVector.fromArray(FLOATS, sums, sumsAt + 5 * LANES);
    FloatVector c030 = FloatVector.fromArray(FLOATS, sums, sumsAt + 6 * LANES);
    FloatVector c031 = FloatVector.fromArray(FLOATS, sums, sumsAt + 7 * LANES);
    for (int k = from; k < to; k += 2) {
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x10 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep]);
      FloatVector x20 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep]);
      FloatVector x30 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      FloatVector x11 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 1]);
      FloatVector x21 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep + 1]);
      FloatVector x31 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep + 1]);
      FloatVector w000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w000.fma(x00, c000);
      c010 = w000.fma(x10, c010);
      c020 = w000.fma(x20, c020);
      c030 = w000.fma(x30, c030);
      FloatVector w001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w001.fma(x00, c001);
      c011 = w001.fma(x10, c011);
      c021 = w001.fma(x20, c021);
      c031 = w001.fma(x30, c031);
      FloatVector w010 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w010.fma(x01, c000);
      c010 = w010.fma(x11, c010);
      c020 = w010.fma(x21, c020);
      c030 = w010.fma(x31, c030);
      FloatVector w011 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w011.fma(x01, c001);
      c011 = w011.fma(x11, c011);
      c021 = w011.fma(x21, c021);
      c031 = w011.fma(x31, c031);
    }
    c000.intoArray(sums, sumsAt);
    c001.intoArray(sums, sumsAt + LANES);
    c010.intoArray(sums, sumsAt + 2 * LANES);
    c011.intoArray(sums, sumsAt + 3 * LANES);
    c020.intoArray(sums, sumsAt + 4 * LANES);
    c021.intoArray(sums, sumsAt + 5 * LANES);
    c030.intoArray(sums, sumsAt + 6 * LANES);
    c031.intoArray(sums, sumsAt + 7 * LANES);
  }

  @Override
  public void fourInRuns(
      MemorySegment codes,
      long at0,
      int from,
      int to,
      float[] x,
      int xAt,
      int xStep,
      float[] sums,
      int sumsAt,
      int lengthShift,
      int runStep) {
    IntVector mask = IntVector.broadcast(INTS, MASK);
    for (int k = from; k < to; k += 4) {
      int at = sumsAt + (k >> lengthShift) * runStep;
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x10 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep]);
      FloatVector x20 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep]);
      FloatVector x30 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      FloatVector x11 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 1]);
      FloatVector x21 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep + 1]);
      FloatVector x31 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep + 1]);
      FloatVector x02 = FloatVector.broadcast(FLOATS, x[xAt + k + 2]);
      FloatVector x12 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 2]);
      FloatVector x22 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep + 2]);
      FloatVector x32 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep + 2]);
      FloatVector x03 = FloatVector.broadcast(FLOATS, x[xAt + k + 3]);
      FloatVector x13 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep + 3]);
      FloatVector x23 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep + 3]);
      FloatVector x33 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep + 3]);
      FloatVector c000 = FloatVector.fromArray(FLOATS, sums, at);
      FloatVector c001 = FloatVector.fromArray(FLOATS, sums, at + LANES);
      FloatVector c010 = FloatVector.fromArray(FLOATS, sums, at + 2 * LANES);
      FloatVector c011 = FloatVector.fromArray(FLOATS, sums, at + 3 * LANES);
      FloatVector c020 = FloatVector.fromArray(FLOATS, sums, at + 4 * LANES);
      FloatVector c021 = FloatVector.fromArray(FLOATS, sums, at + 5 * LANES);
      FloatVector c030 = FloatVector.fromArray(FLOATS, sums, at + 6 * LANES);
      FloatVector c031 = FloatVector.fromArray(FLOATS, sums, at + 7 * LANES);
      FloatVector w000 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w000.fma(x00, c000);
      c010 = w000.fma(x10, c010);
      c020 = w000.fma(x20, c020);
      c030 = w000.fma(x30, c030);
      FloatVector w001 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w001.fma(x00, c001);
      c011 = w001.fma(x10, c011);
      c021 = w001.fma(x20, c021);
      c031 = w001.fma(x30, c031);
      FloatVector w010 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w010.fma(x01, c000);
      c010 = w010.fma(x11, c010);
      c020 = w010.fma(x21, c020);
      c030 = w010.fma(x31, c030);
      FloatVector w011 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w011.fma(x01, c001);
      c011 = w011.fma(x11, c011);
      c021 = w011.fma(x21, c021);
      c031 = w011.fma(x31, c031);
      FloatVector w020 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 3) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w020.fma(x02, c000);
      c010 = w020.fma(x12, c010);
      c020 = w020.fma(x22, c020);
      c030 = w020.fma(x32, c030);
      FloatVector w021 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 1) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w021.fma(x02, c001);
      c011 = w021.fma(x12, c011);
      c021 = w021.fma(x22, c021);
      c031 = w021.fma(x32, c031);
      FloatVector w030 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES - 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c000 = w030.fma(x03, c000);
      c010 = w030.fma(x13, c010);
      c020 = w030.fma(x23, c020);
      c030 = w030.fma(x33, c030);
      FloatVector w031 =
          IntVector.fromMemorySegment(
                  INTS, codes, ((long) k * BYTES + 2 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .lanewise(VectorOperators.ASHR, SHIFT)
              .lanewise(VectorOperators.AND, mask)
              .reinterpretAsFloats();
      c001 = w031.fma(x03, c001);
      c011 = w031.fma(x13, c011);
      c021 = w031.fma(x23, c021);
      c031 = w031.fma(x33, c031);
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      c010.intoArray(sums, at + 2 * LANES);
      c011.intoArray(sums, at + 3 * LANES);
      c020.intoArray(sums, at + 4 * LANES);
      c021.intoArray(sums, at + 5 * LANES);
      c030.intoArray(sums, at + 6 * LANES);
      c031.intoArray(sums, at + 7 * LANES);
    }
  }
}
