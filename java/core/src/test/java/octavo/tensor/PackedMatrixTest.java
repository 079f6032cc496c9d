package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PackedMatrixTest {

  private static final List<Packing> PACKINGS =
      List.of(
          new Packing(1, 1, 2),
          new Packing(16, 1, 1),
          new Packing(64, 4, 1),
          new Packing(8, 2, 4),
          new Packing(6, 3, 2));

  static Stream<Format> formats() {
    return Stream.concat(Formats.elements().stream(), Formats.blocks().stream());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void holdsTheSameNumbersAndComesBackCodeForCode(Format format) {
    int columns = format instanceof BlockFormat block && !block.partialBlocks() ? 96 : 77;
    for (Packing packing : PACKINGS) {
      for (long rows : new long[] {0, 1, 5, 64, 131}) {
        Tensor source = random(format, rows, columns);
        MatrixPacker packer = MatrixPacker.of(source, packing, Arena.ofAuto());
        for (long panel = 0; panel < packer.packed().panels(); panel++) {
          packer.pack(panel);
        }
        PackedMatrix packed = packer.packed();
        for (long i = 0; i < rows; i++) {
          for (long k = 0; k < columns; k++) {
            assertEquals(source.code(i, k), packed.code(i, k));
            assertEquals(source.scale(i, k), packed.scale(i, k));
            assertEquals(source.get(i, k), packed.get(i, k));
          }
        }
        MatrixPacker back = MatrixPacker.of(packed, Arena.ofAuto());
        for (long panel = 0; panel < packed.panels(); panel++) {
          back.unpack(panel);
        }
        assertEquals(-1, source.data().mismatch(back.rows().data()));
        assertEquals(source.tensorScale(), back.rows().tensorScale());
        if (format instanceof BlockFormat) {
          assertEquals(-1, source.scales().data().mismatch(back.rows().scales().data()));
        }
      }
    }
  }

  static Stream<Arguments> longRows() {
    return Stream.of(
        Arguments.of(Formats.E4M3FN, new Packing(16, 2, 2), 40, 4999),
        Arguments.of(Formats.E4M3FN, new Packing(64, 4, 1), 70, 1027),
        Arguments.of(Formats.E4M3FN, new Packing(16, 1, 16), 17, 4100),
        Arguments.of(Formats.E2M1, new Packing(16, 2, 4), 33, 9002),
        Arguments.of(Formats.E2M1, new Packing(8, 1, 32), 9, 20_001),
        Arguments.of(Formats.BF16, new Packing(16, 2, 1), 20, 3001),
        Arguments.of(Formats.FP32, new Packing(16, 1, 1), 20, 1501),
        Arguments.of(Formats.FP32, new Packing(4, 2, 4), 6, 9003),
        Arguments.of(Formats.MXFP8_E4M3, new Packing(16, 2, 2), 19, 72_000),
        Arguments.of(Formats.NVFP4, new Packing(16, 2, 4), 19, 40_000));
  }

  /** Rows that take several chunks of scratch memory, their tails, and rows of a larger matrix. */
  @ParameterizedTest
  @MethodSource("longRows")
  void longRowsAndViewsComeBackCodeForCode(
      Format format, Packing packing, long rows, long columns) {
    Tensor source = random(format, rows, columns);
    checkPacked(source, packing);
    if (format instanceof ElementFormat) {
      checkPacked(source.slice(0, 3, rows).slice(1, 2, columns - 31), packing);
      if (format.element().storageBits() >= 8) {
        checkPacked(source.transpose(), packing);
      }
    }
  }

  private static void checkPacked(Tensor source, Packing packing) {
    MatrixPacker packer = MatrixPacker.of(source, packing, Arena.ofAuto());
    PackedMatrix packed = packer.packed();
    packed.data().fill((byte) 0);
    for (long panel = packed.panels() - 1; panel >= 0; panel--) {
      packer.pack(panel);
    }
    MatrixPacker back = MatrixPacker.of(packed, Arena.ofAuto());
    for (long panel = 0; panel < packed.panels(); panel++) {
      back.unpack(panel);
    }
    for (long i = 0; i < source.rows(); i++) {
      for (long k = 0; k < source.columns(); k++) {
        int code = source.code(i, k);
        if (code != packed.code(i, k) || code != back.rows().code(i, k)) {
          fail(
              "row %d, column %d: %x, packed %x, back %x"
                  .formatted(i, k, code, packed.code(i, k), back.rows().code(i, k)));
        }
      }
    }
    if (source.format() instanceof BlockFormat) {
      assertEquals(-1, source.scales().data().mismatch(back.rows().scales().data()));
      for (long i = 0; i < source.rows(); i++) {
        for (long k = 0; k < source.columns(); k += 16) {
          assertEquals(source.scale(i, k), packed.scale(i, k));
        }
      }
    }
    assertZeros(packed, source.element().storageBits());
  }

  /** The places of columns and rows that are not there hold zeros. */
  private static void assertZeros(PackedMatrix packed, int bits) {
    Packing packing = packed.packing();
    long codes = packing.panelCodes(packed.columns());
    for (long panel = 0; panel < packed.panels(); panel++) {
      for (int r = 0; r < packing.panelRows(); r++) {
        boolean missing = panel * packing.panelRows() + r >= packed.rows();
        long whole = codes / packing.panelRows();
        for (long k = missing ? 0 : packed.columns(); k < whole; k++) {
          long group = k / packing.group() * packing.panelRows() + packing.position(r);
          long at = panel * codes + group * packing.group() + k % packing.group();
          int code =
              packed.data().get(ValueLayout.JAVA_BYTE, at * bits / 8) >>> (at * bits % 8) & 0xF;
          assertEquals(0, code);
        }
      }
    }
  }

  private static Tensor random(Format format, long rows, long columns) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, rows, columns);
    SplittableRandom random = new SplittableRandom(rows * 31 + columns);
    for (long i = 0; i < rows; i++) {
      for (long k = 0; k < columns; k++) {
        tensor.setCode(random.nextInt(), i, k);
      }
    }
    if (format instanceof BlockFormat block) {
      Tensor scales = tensor.scales();
      for (long at = 0; at < scales.data().byteSize(); at++) {
        // No NaN scale: NaN differs from itself.
        scales.data().set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(0x3F));
      }
      if (block.tensorScale()) {
        tensor.setTensorScale(0.375f);
      }
    }
    return tensor;
  }

  /** The order of the codes, worked out by hand from the definition. */
  @Test
  void orderOfBytes() {
    Tensor source = Tensor.allocateHeap(Formats.E4M3FN, 5, 3);
    for (long i = 0; i < 5; i++) {
      for (long k = 0; k < 3; k++) {
        source.setCode((int) (16 * i + k), i, k);
      }
    }
    MatrixPacker packer = MatrixPacker.of(source, new Packing(4, 2, 2), Arena.ofAuto());
    packer.pack(0);
    packer.pack(1);
    // Rows 0, 2, 1, 3 in turn, two columns each.
    byte[] expected = {
      0x00, 0x01, 0x20, 0x21, 0x10, 0x11, 0x30, 0x31, 0x02, 0, 0x22, 0, 0x12, 0, 0x32, 0,
      0x40, 0x41, 0, 0, 0, 0, 0, 0, 0x42, 0, 0, 0, 0, 0, 0, 0
    };
    assertEquals(
        -1, packer.packed().data().mismatch(java.lang.foreign.MemorySegment.ofArray(expected)));
  }

  @Test
  void fourBitCodesFillBytes() {
    Tensor source = Tensor.allocateHeap(Formats.E2M1, 2, 3);
    for (long i = 0; i < 2; i++) {
      for (long k = 0; k < 3; k++) {
        source.setCode((int) (4 * i + k + 1), i, k);
      }
    }
    MatrixPacker packer = MatrixPacker.of(source, new Packing(2, 1, 1), Arena.ofAuto());
    packer.pack(0);
    byte[] expected = {0x51, 0x62, 0x73};
    assertEquals(
        -1, packer.packed().data().mismatch(java.lang.foreign.MemorySegment.ofArray(expected)));
    IllegalArgumentException odd =
        assertThrows(
            IllegalArgumentException.class,
            () -> MatrixPacker.of(source, new Packing(3, 1, 1), Arena.ofAuto()));
    assertEquals(
        "packed 3/1/1: a group of 3 codes of E2M1 ends within a byte; take an even number of rows or columns",
        odd.getMessage());
  }

  @Test
  void packingsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> new Packing(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Packing(16, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> new Packing(16, 1, 5000));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            PackedMatrix.of(
                Formats.E4M3FN,
                new Packing(16, 1, 1),
                5,
                5,
                java.lang.foreign.MemorySegment.ofArray(new byte[79]),
                null,
                1));
  }
}
