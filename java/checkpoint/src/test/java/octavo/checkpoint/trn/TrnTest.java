package octavo.checkpoint.trn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrnTest {

  private static byte[] allCodes() {
    byte[] codes = new byte[256];
    for (int code = 0; code < 256; code++) {
      codes[code] = (byte) code;
    }
    return codes;
  }

  private static byte[] apply(TrnRemedy remedy, byte[] codes) {
    byte[] out = new byte[codes.length];
    remedy.codes(MemorySegment.ofArray(codes), MemorySegment.ofArray(out));
    return out;
  }

  /** The script of AWS run with ml_dtypes, on the non-negative finite codes. */
  @Test
  void theDocumentedCodesAreThoseOfTheScript() {
    byte[] changed = apply(TrnRemedy.DOCUMENTED, allCodes());
    var crc = new CRC32();
    crc.update(changed, 0, 127);
    assertEquals(0x2e47db96L, crc.getValue());
    int[] first = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8};
    for (int code = 0; code < first.length; code++) {
      assertEquals(first[code], changed[code]);
    }
    assertEquals(0x77, changed[0x7E], "448 to 240");
    assertEquals(240, Formats.E4M3.decode(changed[0x7E]));
  }

  @ParameterizedTest
  @EnumSource
  void codesInBulkAreThoseOfTheDefinition(TrnRemedy remedy) {
    var random = new Random(5);
    for (int size : new int[] {0, 1, 7, 8, 9, 256, 8191, 8192, 8193, 30_001}) {
      byte[] codes = new byte[size];
      random.nextBytes(codes);
      byte[] changed = apply(remedy, codes);
      for (int i = 0; i < size; i++) {
        assertEquals((byte) remedy.code(codes[i] & 0xff), changed[i], "code " + (codes[i] & 0xff));
      }
    }
    byte[] changed = apply(remedy, allCodes());
    for (int code = 0; code < 256; code++) {
      assertEquals((byte) remedy.code(code), changed[code], "code " + code);
    }
  }

  @ParameterizedTest
  @EnumSource
  void noCodeIsInfinityOrNewlyNanToTheHardware(TrnRemedy remedy) {
    for (int code = 0; code < 256; code++) {
      float before = Formats.E4M3FN.decode(code);
      float after = Formats.E4M3.decode(remedy.code(code));
      assertFalse(Float.isInfinite(after), "code " + code);
      assertEquals(Float.isNaN(before), Float.isNaN(after), "code " + code);
      assertEquals(Math.signum(before), Math.signum(after), code == 1 || code == 129 ? 1 : 0);
    }
  }

  @Test
  void halvingIsExactFromTwoToTheMinusFiveOn() {
    for (int code = 0; code < 0x7F; code++) {
      float before = Formats.E4M3FN.decode(code);
      float after = Formats.E4M3.decode(TrnRemedy.HALVE.code(code)) * 2;
      if (before >= 0x1p-5f || code % 2 == 0) {
        assertEquals(before, after, "code " + code);
      }
    }
  }

  @Test
  void changingCodesInPlaceIsAllowed() {
    byte[] codes = allCodes();
    byte[] expected = apply(TrnRemedy.HALVE, codes);
    TrnRemedy.HALVE.codes(MemorySegment.ofArray(codes), MemorySegment.ofArray(codes));
    assertArrayEquals(expected, codes);
    assertThrows(
        IndexOutOfBoundsException.class,
        () ->
            TrnRemedy.HALVE.codes(
                MemorySegment.ofArray(codes), MemorySegment.ofArray(new byte[255])));
  }

  /** Typed from the two formats' tables: 78 is 256 or infinity, 79 to 7E are 288 to 448 or NaN. */
  @Test
  void theAuditOfEveryCodeOnce() {
    TrnAudit audit = Trn.audit(Tensor.of(Formats.E4M3FN, MemorySegment.ofArray(allCodes()), 256));

    assertEquals(256, audit.values());
    assertEquals(2, audit.nan());
    assertEquals(14, audit.exceeding());
    assertEquals(2, audit.toInfinity());
    assertEquals(12, audit.toNan());
    assertEquals(448, audit.largest());
    assertFalse(audit.fits());
    assertEquals(0, audit.documented().toZero());
    // 2^-9 * 448/240 of an old 2^-9, and 8 of 14 steps of 448/240: by hand from the codes above.
    assertEquals(448.0f / 240.0f - 1, audit.documented().largestRelative(), 1e-7);
    assertEquals(2, audit.halved().toZero());
    assertEquals(1, audit.halved().largestRelative());
    assertTrue(audit.halved().rms() < 1e-4 && audit.documented().rms() > 0.01);
  }

  @Test
  void theErrorOfOneNumberIsWhatHandArithmeticGives() {
    // 1.0 is 0x38; 0x31 is 0.5625, times 448/240 = 1.05.
    TrnAudit audit = Trn.audit(codes(0x38));
    assertEquals(0.05, audit.documented().rms(), 1e-6);
    assertEquals(0.05, audit.documented().largestRelative(), 1e-6);
    assertEquals(0, audit.halved().rms());
    assertTrue(audit.fits());
    assertEquals(1, audit.largest());
  }

  /** As TrnRemedy says: 5 % at most from code 0x0F on, where codes fall by 7. */
  @Test
  void theErrorOfTheDocumentedRemedyHasALimit() {
    for (int code = 0x0F; code < 0x7F; code++) {
      assertEquals(code - 7, TrnRemedy.DOCUMENTED.code(code));
      double error = Trn.audit(codes(code)).documented().largestRelative();
      assertTrue(error < 0.0500001, "code " + code + ": " + error);
    }
  }

  @Test
  void nothingAndZerosAndNanHaveNoError() {
    assertEquals(new TrnAudit.RemedyError(0, 0, 0), Trn.audit(codes()).documented());
    TrnAudit audit = Trn.audit(codes(0, 0x80, 0x7F, 0xFF));
    assertEquals(2, audit.nan());
    assertEquals(0, audit.largest());
    assertEquals(new TrnAudit.RemedyError(0, 0, 0), audit.documented());
    assertTrue(audit.fits(), "NaN is NaN to both");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 65535, 65536, 65537, 1 << 20, (8 << 20) + 3, (17 << 20) + 1})
  void countsOfAnySizeAndArena(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    long exceeding = 0;
    for (byte code : bytes) {
      exceeding += Math.abs(Formats.E4M3FN.decode(code)) > 240 ? 1 : 0;
    }
    MemorySegment heap = MemorySegment.ofArray(bytes);
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      for (MemorySegment data :
          new MemorySegment[] {
            heap,
            confined.allocate(size + 1).asSlice(1).copyFrom(heap),
            shared.allocate(size).copyFrom(heap)
          }) {
        TrnAudit audit = Trn.audit(Tensor.of(Formats.E4M3FN, data, size));
        assertEquals(size, audit.values());
        assertEquals(exceeding, audit.exceeding());
      }
    }
  }

  /** What a call allocates does not grow with its data. */
  @Test
  void memoryDoesNotGrowWithTheData() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofConfined()) {
      Tensor small = Tensor.allocate(arena, Formats.E4M3FN, 1 << 20);
      Tensor large = Tensor.allocate(arena, Formats.E4M3FN, 64 << 20);
      long[] allocated = new long[2];
      for (int round = 0; round < 3; round++) {
        for (Tensor tensor : new Tensor[] {small, large}) {
          long before = threads.getCurrentThreadAllocatedBytes();
          Trn.audit(tensor);
          TrnRemedy.DOCUMENTED.codes(tensor.data(), tensor.data());
          allocated[tensor == small ? 0 : 1] = threads.getCurrentThreadAllocatedBytes() - before;
        }
      }
      assertTrue(allocated[1] - allocated[0] < 64 << 10, () -> Arrays.toString(allocated));
    }
  }

  @Test
  void viewsWithGapsBetweenRowsCountTheirOwnCodesOnly() {
    Tensor whole = Tensor.allocateHeap(Formats.E4M3FN, 4, 100);
    whole.data().fill((byte) 0x7E);
    Tensor part = whole.slice(1, 10, 20).slice(0, 1, 3);
    assertEquals(20, Trn.audit(part).exceeding());
  }

  @Test
  void rescalingATensorChangesCodesAndScales() {
    try (Arena arena = Arena.ofConfined()) {
      Tensor in = Tensor.allocate(arena, Formats.E4M3FN_ROW, 3, 5);
      for (int i = 0; i < 3; i++) {
        in.scales().setCode(Float.floatToRawIntBits(i + 1), i, 0);
        for (int k = 0; k < 5; k++) {
          in.setCode(0x7E - i - 16 * k, i, k);
        }
      }
      for (Tensor view : new Tensor[] {in, in.slice(0, 1, 3)}) {
        Tensor out = Trn.rescale(view, TrnRemedy.DOCUMENTED, arena);
        assertEquals(Formats.E4M3_ROW, out.format());
        for (int i = 0; i < view.dimension(0); i++) {
          assertEquals(view.scale(i, 0) * (448.0f / 240.0f), out.scale(i, 0));
          for (int k = 0; k < 5; k++) {
            assertEquals(view.code(i, k) - 7, out.code(i, k));
          }
        }
      }
      assertEquals(448, Trn.rescale(in, TrnRemedy.DOCUMENTED, arena).get(0, 0), 1e-3);
    }
  }

  @Test
  void otherFormatsAreRefused() {
    for (Format format : new Format[] {Formats.E5M2, Formats.E4M3, Formats.BF16, Formats.MXFP4}) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> Trn.audit(Tensor.allocateHeap(format, 1, 32)));
      assertEquals(
          format + " [1, 32]: only E4M3FN has numbers that Trainium's E4M3 lacks the codes of",
          e.getMessage());
    }
    var unscaled =
        assertThrows(
            IllegalArgumentException.class,
            () -> Trn.rescale(codes(1), TrnRemedy.HALVE, Arena.ofAuto()));
    assertTrue(unscaled.getMessage().startsWith("E4M3FN [1] has no FP32 scales"));
    Tensor turned = Tensor.allocateHeap(Formats.E4M3FN, 2, 3).transpose();
    assertThrows(IllegalArgumentException.class, () -> Trn.audit(turned));
  }

  @Test
  void aClosedArenaIsTheJdksOwnException() {
    Arena arena = Arena.ofShared();
    Tensor tensor = Tensor.allocate(arena, Formats.E4M3FN, 1, 32 << 20);
    arena.close();
    assertThrows(IllegalStateException.class, () -> Trn.audit(tensor));
  }

  private static Tensor codes(int... values) {
    MemorySegment data = MemorySegment.ofArray(new byte[values.length]);
    for (int i = 0; i < values.length; i++) {
      data.set(ValueLayout.JAVA_BYTE, i, (byte) values[i]);
    }
    return Tensor.of(Formats.E4M3FN, data, values.length);
  }
}
