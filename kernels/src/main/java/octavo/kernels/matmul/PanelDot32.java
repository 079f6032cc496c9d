package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** FP32 numbers: a template, copied for each width. */
final class PanelDot32 implements PanelDot {
  /* Nothing to decode: two vectors of FP32 numbers a column. */

  private static final VectorSpecies<Float> FLOATS =
      Species.of(MethodHandles.lookup(), float.class);
  private static final int LANES = FLOATS.length();

  /** The bytes of a column of a panel. */
  private static final int BYTES = 8 * LANES;

  /** Made once per copy. */
  PanelDot32() {}

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
      int length,
      float[] x,
      int xAt,
      float[] start,
      int startAt,
      float[] sums,
      int sumsAt,
      int panelStep,
      int runStep) {
    int at = sumsAt;
    for (int run = from; run < to; run += length) {
      int end = Math.min(to, run + length);
      FloatVector c000 = FloatVector.fromArray(FLOATS, start, startAt);
      FloatVector c001 = FloatVector.fromArray(FLOATS, start, startAt + LANES);
      FloatVector c100 = FloatVector.fromArray(FLOATS, start, startAt + panelStep);
      FloatVector c101 = FloatVector.fromArray(FLOATS, start, startAt + panelStep + LANES);
      FloatVector c200 = FloatVector.fromArray(FLOATS, start, startAt + 2 * panelStep);
      FloatVector c201 = FloatVector.fromArray(FLOATS, start, startAt + 2 * panelStep + LANES);
      FloatVector c300 = FloatVector.fromArray(FLOATS, start, startAt + 3 * panelStep);
      FloatVector c301 = FloatVector.fromArray(FLOATS, start, startAt + 3 * panelStep + LANES);
      for (int k = run; k < end; k++) {
        FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
        c000 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c000);
        c001 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c001);
        c100 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c100);
        c101 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at1, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c101);
        c200 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c200);
        c201 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at2, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c201);
        c300 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c300);
        c301 =
            FloatVector.fromMemorySegment(
                    FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at3, ByteOrder.LITTLE_ENDIAN)
                .fma(x00, c301);
      }
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      c100.intoArray(sums, at + panelStep);
      c101.intoArray(sums, at + panelStep + LANES);
      c200.intoArray(sums, at + 2 * panelStep);
      c201.intoArray(sums, at + 2 * panelStep + LANES);
      c300.intoArray(sums, at + 3 * panelStep);
      c301.intoArray(sums, at + 3 * panelStep + LANES);
      at += runStep;
    }
  }

  @Override
  public void two(
      MemorySegment codes,
      long at0,
      long at1,
      int from,
      int to,
      int length,
      float[] x,
      int xAt,
      int xStep,
      float[] start,
      int startAt,
      float[] sums,
      int sumsAt,
      int panelStep,
      int runStep) {
    int at = sumsAt;
    for (int run = from; run < to; run += length) {
      int end = Math.min(to, run + length);
      FloatVector c000 = FloatVector.fromArray(FLOATS, start, startAt);
      FloatVector c001 = FloatVector.fromArray(FLOATS, start, startAt + LANES);
      FloatVector c010 = FloatVector.fromArray(FLOATS, start, startAt + 2 * LANES);
      FloatVector c011 = FloatVector.fromArray(FLOATS, start, startAt + 3 * LANES);
      FloatVector c100 = FloatVector.fromArray(FLOATS, start, startAt + panelStep);
      FloatVector c101 = FloatVector.fromArray(FLOATS, start, startAt + panelStep + LANES);
      FloatVector c110 = FloatVector.fromArray(FLOATS, start, startAt + panelStep + 2 * LANES);
      FloatVector c111 = FloatVector.fromArray(FLOATS, start, startAt + panelStep + 3 * LANES);
      for (int k = run; k < end; k++) {
        FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
        FloatVector x10 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep]);
        FloatVector w000 =
            FloatVector.fromMemorySegment(
                FLOATS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
        c000 = w000.fma(x00, c000);
        c010 = w000.fma(x10, c010);
        FloatVector w001 =
            FloatVector.fromMemorySegment(
                FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN);
        c001 = w001.fma(x00, c001);
        c011 = w001.fma(x10, c011);
        FloatVector w100 =
            FloatVector.fromMemorySegment(
                FLOATS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN);
        c100 = w100.fma(x00, c100);
        c110 = w100.fma(x10, c110);
        FloatVector w101 =
            FloatVector.fromMemorySegment(
                FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at1, ByteOrder.LITTLE_ENDIAN);
        c101 = w101.fma(x00, c101);
        c111 = w101.fma(x10, c111);
      }
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      c010.intoArray(sums, at + 2 * LANES);
      c011.intoArray(sums, at + 3 * LANES);
      c100.intoArray(sums, at + panelStep);
      c101.intoArray(sums, at + panelStep + LANES);
      c110.intoArray(sums, at + panelStep + 2 * LANES);
      c111.intoArray(sums, at + panelStep + 3 * LANES);
      at += runStep;
    }
  }

  @Override
  public void four(
      MemorySegment codes,
      long at0,
      int from,
      int to,
      int length,
      float[] x,
      int xAt,
      int xStep,
      float[] start,
      int startAt,
      float[] sums,
      int sumsAt,
      int runStep) {
    int at = sumsAt;
    for (int run = from; run < to; run += length) {
      int end = Math.min(to, run + length);
      FloatVector c000 = FloatVector.fromArray(FLOATS, start, startAt);
      FloatVector c001 = FloatVector.fromArray(FLOATS, start, startAt + LANES);
      FloatVector c010 = FloatVector.fromArray(FLOATS, start, startAt + 2 * LANES);
      FloatVector c011 = FloatVector.fromArray(FLOATS, start, startAt + 3 * LANES);
      FloatVector c020 = FloatVector.fromArray(FLOATS, start, startAt + 4 * LANES);
      FloatVector c021 = FloatVector.fromArray(FLOATS, start, startAt + 5 * LANES);
      FloatVector c030 = FloatVector.fromArray(FLOATS, start, startAt + 6 * LANES);
      FloatVector c031 = FloatVector.fromArray(FLOATS, start, startAt + 7 * LANES);
      for (int k = run; k < end; k++) {
        FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
        FloatVector x10 = FloatVector.broadcast(FLOATS, x[xAt + k + xStep]);
        FloatVector x20 = FloatVector.broadcast(FLOATS, x[xAt + k + 2 * xStep]);
        FloatVector x30 = FloatVector.broadcast(FLOATS, x[xAt + k + 3 * xStep]);
        FloatVector w000 =
            FloatVector.fromMemorySegment(
                FLOATS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
        c000 = w000.fma(x00, c000);
        c010 = w000.fma(x10, c010);
        c020 = w000.fma(x20, c020);
        c030 = w000.fma(x30, c030);
        FloatVector w001 =
            FloatVector.fromMemorySegment(
                FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN);
        c001 = w001.fma(x00, c001);
        c011 = w001.fma(x10, c011);
        c021 = w001.fma(x20, c021);
        c031 = w001.fma(x30, c031);
      }
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      c010.intoArray(sums, at + 2 * LANES);
      c011.intoArray(sums, at + 3 * LANES);
      c020.intoArray(sums, at + 4 * LANES);
      c021.intoArray(sums, at + 5 * LANES);
      c030.intoArray(sums, at + 6 * LANES);
      c031.intoArray(sums, at + 7 * LANES);
      at += runStep;
    }
  }
}
