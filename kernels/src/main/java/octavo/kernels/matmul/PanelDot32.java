package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import octavo.kernels.vector.Species;

/** FP32 numbers: a template, copied for each width. */
@SuppressWarnings("NarrowCalculation") // Constants: a few vectors of bytes.
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
      float[] x,
      int xAt,
      float[] sums,
      int sumsAt,
      int panelStep) {
    FloatVector c000 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector c001 = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector c100 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep);
    FloatVector c101 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + LANES);
    FloatVector c200 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * panelStep);
    FloatVector c201 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * panelStep + LANES);
    FloatVector c300 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * panelStep);
    FloatVector c301 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * panelStep + LANES);
    for (int k = from; k < to; k++) {
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
    for (int k = from; k < to; k += 4) {
      int at = sumsAt + (k >> lengthShift) * runStep;
      FloatVector x00 = FloatVector.broadcast(FLOATS, x[xAt + k]);
      FloatVector x01 = FloatVector.broadcast(FLOATS, x[xAt + k + 1]);
      FloatVector x02 = FloatVector.broadcast(FLOATS, x[xAt + k + 2]);
      FloatVector x03 = FloatVector.broadcast(FLOATS, x[xAt + k + 3]);
      FloatVector c000 = FloatVector.fromArray(FLOATS, sums, at);
      FloatVector c001 = FloatVector.fromArray(FLOATS, sums, at + LANES);
      c000 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c000);
      c001 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c001);
      c000 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c000);
      c001 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + BYTES + BYTES / 2) + at0,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c001);
      c000 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c000);
      c001 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at0,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c001);
      c000 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c000);
      c001 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at0,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c001);
      c000.intoArray(sums, at);
      c001.intoArray(sums, at + LANES);
      FloatVector c100 = FloatVector.fromArray(FLOATS, sums, at + panelStep);
      FloatVector c101 = FloatVector.fromArray(FLOATS, sums, at + panelStep + LANES);
      c100 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c100);
      c101 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at1, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c101);
      c100 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c100);
      c101 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + BYTES + BYTES / 2) + at1,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c101);
      c100 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c100);
      c101 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at1,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c101);
      c100 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at1, ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c100);
      c101 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at1,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c101);
      c100.intoArray(sums, at + panelStep);
      c101.intoArray(sums, at + panelStep + LANES);
      FloatVector c200 = FloatVector.fromArray(FLOATS, sums, at + 2 * panelStep);
      FloatVector c201 = FloatVector.fromArray(FLOATS, sums, at + 2 * panelStep + LANES);
      c200 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c200);
      c201 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at2, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c201);
      c200 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c200);
      c201 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + BYTES + BYTES / 2) + at2,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c201);
      c200 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c200);
      c201 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at2,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c201);
      c200 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at2, ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c200);
      c201 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at2,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c201);
      c200.intoArray(sums, at + 2 * panelStep);
      c201.intoArray(sums, at + 2 * panelStep + LANES);
      FloatVector c300 = FloatVector.fromArray(FLOATS, sums, at + 3 * panelStep);
      FloatVector c301 = FloatVector.fromArray(FLOATS, sums, at + 3 * panelStep + LANES);
      c300 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c300);
      c301 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at3, ByteOrder.LITTLE_ENDIAN)
              .fma(x00, c301);
      c300 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c300);
      c301 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + BYTES + BYTES / 2) + at3,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x01, c301);
      c300 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c300);
      c301 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at3,
                  ByteOrder.LITTLE_ENDIAN)
              .fma(x02, c301);
      c300 =
          FloatVector.fromMemorySegment(
                  FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at3, ByteOrder.LITTLE_ENDIAN)
              .fma(x03, c300);
      c301 =
          FloatVector.fromMemorySegment(
                  FLOATS,
                  codes,
                  ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at3,
                  ByteOrder.LITTLE_ENDIAN)
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
    FloatVector c000 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector c001 = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector c010 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * LANES);
    FloatVector c011 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * LANES);
    FloatVector c100 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep);
    FloatVector c101 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + LANES);
    FloatVector c110 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + 2 * LANES);
    FloatVector c111 = FloatVector.fromArray(FLOATS, sums, sumsAt + panelStep + 3 * LANES);
    for (int k = from; k < to; k++) {
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
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w000.fma(x00, c000);
      c010 = w000.fma(x10, c010);
      FloatVector w001 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN);
      c001 = w001.fma(x00, c001);
      c011 = w001.fma(x10, c011);
      FloatVector w010 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w010.fma(x01, c000);
      c010 = w010.fma(x11, c010);
      FloatVector w011 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN);
      c001 = w011.fma(x01, c001);
      c011 = w011.fma(x11, c011);
      FloatVector w020 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w020.fma(x02, c000);
      c010 = w020.fma(x12, c010);
      FloatVector w021 =
          FloatVector.fromMemorySegment(
              FLOATS,
              codes,
              ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at0,
              ByteOrder.LITTLE_ENDIAN);
      c001 = w021.fma(x02, c001);
      c011 = w021.fma(x12, c011);
      FloatVector w030 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w030.fma(x03, c000);
      c010 = w030.fma(x13, c010);
      FloatVector w031 =
          FloatVector.fromMemorySegment(
              FLOATS,
              codes,
              ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at0,
              ByteOrder.LITTLE_ENDIAN);
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
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES) + at1, ByteOrder.LITTLE_ENDIAN);
      c100 = w100.fma(x00, c100);
      c110 = w100.fma(x10, c110);
      FloatVector w101 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES / 2) + at1, ByteOrder.LITTLE_ENDIAN);
      c101 = w101.fma(x00, c101);
      c111 = w101.fma(x10, c111);
      FloatVector w110 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES) + at1, ByteOrder.LITTLE_ENDIAN);
      c100 = w110.fma(x01, c100);
      c110 = w110.fma(x11, c110);
      FloatVector w111 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES + BYTES / 2) + at1, ByteOrder.LITTLE_ENDIAN);
      c101 = w111.fma(x01, c101);
      c111 = w111.fma(x11, c111);
      FloatVector w120 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at1, ByteOrder.LITTLE_ENDIAN);
      c100 = w120.fma(x02, c100);
      c110 = w120.fma(x12, c110);
      FloatVector w121 =
          FloatVector.fromMemorySegment(
              FLOATS,
              codes,
              ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at1,
              ByteOrder.LITTLE_ENDIAN);
      c101 = w121.fma(x02, c101);
      c111 = w121.fma(x12, c111);
      FloatVector w130 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at1, ByteOrder.LITTLE_ENDIAN);
      c100 = w130.fma(x03, c100);
      c110 = w130.fma(x13, c110);
      FloatVector w131 =
          FloatVector.fromMemorySegment(
              FLOATS,
              codes,
              ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at1,
              ByteOrder.LITTLE_ENDIAN);
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
    FloatVector c000 = FloatVector.fromArray(FLOATS, sums, sumsAt);
    FloatVector c001 = FloatVector.fromArray(FLOATS, sums, sumsAt + LANES);
    FloatVector c010 = FloatVector.fromArray(FLOATS, sums, sumsAt + 2 * LANES);
    FloatVector c011 = FloatVector.fromArray(FLOATS, sums, sumsAt + 3 * LANES);
    FloatVector c020 = FloatVector.fromArray(FLOATS, sums, sumsAt + 4 * LANES);
    FloatVector c021 = FloatVector.fromArray(FLOATS, sums, sumsAt + 5 * LANES);
    FloatVector c030 = FloatVector.fromArray(FLOATS, sums, sumsAt + 6 * LANES);
    FloatVector c031 = FloatVector.fromArray(FLOATS, sums, sumsAt + 7 * LANES);
    for (int k = from; k < to; k++) {
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
      FloatVector w010 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w010.fma(x01, c000);
      c010 = w010.fma(x11, c010);
      c020 = w010.fma(x21, c020);
      c030 = w010.fma(x31, c030);
      FloatVector w011 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + BYTES + BYTES / 2) + at0, ByteOrder.LITTLE_ENDIAN);
      c001 = w011.fma(x01, c001);
      c011 = w011.fma(x11, c011);
      c021 = w011.fma(x21, c021);
      c031 = w011.fma(x31, c031);
      FloatVector w020 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + 2 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w020.fma(x02, c000);
      c010 = w020.fma(x12, c010);
      c020 = w020.fma(x22, c020);
      c030 = w020.fma(x32, c030);
      FloatVector w021 =
          FloatVector.fromMemorySegment(
              FLOATS,
              codes,
              ((long) k * BYTES + 2 * BYTES + BYTES / 2) + at0,
              ByteOrder.LITTLE_ENDIAN);
      c001 = w021.fma(x02, c001);
      c011 = w021.fma(x12, c011);
      c021 = w021.fma(x22, c021);
      c031 = w021.fma(x32, c031);
      FloatVector w030 =
          FloatVector.fromMemorySegment(
              FLOATS, codes, ((long) k * BYTES + 3 * BYTES) + at0, ByteOrder.LITTLE_ENDIAN);
      c000 = w030.fma(x03, c000);
      c010 = w030.fma(x13, c010);
      c020 = w030.fma(x23, c020);
      c030 = w030.fma(x33, c030);
      FloatVector w031 =
          FloatVector.fromMemorySegment(
              FLOATS,
              codes,
              ((long) k * BYTES + 3 * BYTES + BYTES / 2) + at0,
              ByteOrder.LITTLE_ENDIAN);
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
