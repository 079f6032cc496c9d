package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Making tensors: sizes, alignment, storage, and what is refused. */
class TensorAllocationTest {

  static List<Format> formats() {
    return Formats.all();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void freshTensorsAreZeroAndAligned(Format format) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor tensor = Tensor.allocate(arena, format, 3, 256);
      assertEquals(0, tensor.data().address() % 64);
      assertEquals(Storage.CONFINED, tensor.storage());
      check(tensor);
      if (format instanceof BlockFormat) {
        assertEquals(0, tensor.scales().data().address() % 64);
      }
    }
    Tensor heap = Tensor.allocateHeap(format, 3, 256);
    assertEquals(Storage.HEAP, heap.storage());
    check(heap);
  }

  private static void check(Tensor tensor) {
    assertArrayEquals(new long[] {3, 256}, tensor.shape());
    assertEquals(2, tensor.rank());
    assertEquals(768, tensor.size());
    assertEquals(3, tensor.rows());
    assertEquals(256, tensor.columns());
    assertEquals(256, tensor.stride(0));
    assertEquals(1, tensor.stride(1));
    assertTrue(tensor.unitColumnStride());
    long bytes = 768L * tensor.element().storageBits() / 8;
    assertEquals(bytes, tensor.data().byteSize());
    assertEquals(1.0f, tensor.tensorScale());
    assertEquals(-1, tensor.data().mismatch(MemorySegment.ofArray(new byte[(int) bytes])));
    assertEquals(0, tensor.code(2, 255));
    assertEquals(tensor.format() + " [3, 256]", tensor.toString());
  }

  @Test
  void storageFollowsTheArena() {
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      assertEquals(Storage.CONFINED, Tensor.allocate(confined, Formats.FP32, 4).storage());
      assertEquals(Storage.SHARED, Tensor.allocate(shared, Formats.FP32, 4).storage());
    }
    assertEquals(Storage.AUTOMATIC, Tensor.allocate(Arena.ofAuto(), Formats.FP32, 4).storage());
    assertEquals(Storage.GLOBAL, Tensor.allocate(Arena.global(), Formats.FP32, 4).storage());
    assertEquals(Storage.HEAP, Tensor.of(new float[4], 4).storage());
  }

  @Test
  void mappedFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("weights");
    try (Arena arena = Arena.ofConfined();
        FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      MemorySegment mapped = channel.map(MapMode.READ_WRITE, 0, 2 * 3 * 2, arena);
      Tensor tensor = Tensor.of(Formats.BF16, mapped, 2, 3);
      tensor.setCode(0x4040, 1, 2);
      assertEquals(3.0f, tensor.get(1, 2));
      assertEquals(Storage.CONFINED, tensor.storage());
      mapped.force();
    }
    // Little endian, at the end of the file.
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        Arena arena = Arena.ofShared()) {
      MemorySegment mapped = channel.map(MapMode.READ_ONLY, 0, 12, arena);
      assertEquals(0x40, mapped.get(ValueLayout.JAVA_BYTE, 10));
      assertEquals(0x40, mapped.get(ValueLayout.JAVA_BYTE, 11));
      Tensor tensor = Tensor.of(Formats.BF16, mapped, 2, 3);
      assertEquals(Storage.SHARED, tensor.storage());
      assertEquals(3.0f, tensor.get(1, 2));
      assertThrows(IllegalArgumentException.class, () -> tensor.setCode(0, 0, 0));
    }
  }

  @Test
  void codesMayLieAtAnyAddress() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(64, 64);
      Tensor fp32 = Tensor.of(Formats.FP32, memory.asSlice(1, 8), 2);
      Tensor fp16 = Tensor.of(Formats.FP16, memory.asSlice(33, 4), 2);
      fp32.setCode(0x3FC0_0000, 1);
      fp16.setCode(0xC000, 1);
      assertArrayEquals(new float[] {0, 1.5f}, fp32.toArray());
      assertArrayEquals(new float[] {0, -2}, fp16.toArray());
      assertEquals((byte) 0x3F, memory.get(ValueLayout.JAVA_BYTE, 8));
      assertEquals((byte) 0xC0, memory.get(ValueLayout.JAVA_BYTE, 36));
    }
  }

  @Test
  void fp32SharesTheArray() {
    float[] values = {1, 2, 3, 4, 5, 6};
    Tensor tensor = Tensor.of(values, 2, 3);
    values[4] = -5;
    assertEquals(-5, tensor.get(1, 1));
    tensor.setCode(Float.floatToRawIntBits(9), 0, 2);
    assertEquals(9, values[2]);
    assertArrayEquals(values, tensor.toArray());
  }

  @Test
  void shapeOfScales() {
    assertScales(Formats.MXFP4, new long[] {3, 64}, 3, 2);
    assertScales(Formats.MXFP4, new long[] {64}, 2);
    assertScales(Formats.MXFP8_E4M3, new long[] {2, 3, 4, 96}, 2, 3, 4, 3);
    assertScales(Formats.NVFP4, new long[] {2, 32}, 2, 2);
    assertScales(Formats.E4M3FN_TENSOR, new long[] {7, 5}, 1);
    assertScales(Formats.E4M3FN_TENSOR, new long[] {2, 7, 5}, 1);
    assertScales(Formats.E4M3FN_ROW, new long[] {7, 5}, 7, 1);
    assertScales(Formats.E4M3FN_ROW, new long[] {2, 7, 5}, 2, 7, 1);
    assertScales(Formats.E4M3FN_ROW, new long[] {5}, 1);
    assertScales(Formats.E4M3FN_1X128, new long[] {2, 129}, 2, 2);
    assertScales(Formats.E4M3FN_128X128, new long[] {129, 300}, 2, 3);
    assertScales(Formats.E4M3FN_128X128, new long[] {2, 129, 300}, 2, 2, 3);
    assertScales(Formats.E4M3FN_128X128, new long[] {300}, 3);
    assertScales(Formats.INT8_1X32, new long[] {1, 33}, 1, 2);
    assertScales(Formats.MXFP4, new long[] {0, 64}, 0, 2);
    assertScales(Formats.MXFP4, new long[] {2, 0}, 2, 0);
    assertScales(Formats.E4M3FN_ROW, new long[] {2, 0}, 2, 1);
  }

  private static void assertScales(BlockFormat format, long[] shape, long... scales) {
    Tensor tensor = Tensor.allocateHeap(format, shape);
    assertArrayEquals(scales, tensor.scales().shape());
    assertEquals(format.scale(), tensor.scales().format());
    long bytes =
        tensor.data().byteSize()
            + tensor.scales().data().byteSize()
            + (format.tensorScale() ? 4 : 0);
    assertEquals(bytes, tensor.byteSize());
  }

  @Test
  void emptyTensors() {
    for (Format format : Formats.all()) {
      for (long[] shape : new long[][] {{0}, {0, 32}, {2, 0}, {2, 0, 64}, {0, 3, 0}}) {
        Tensor tensor = Tensor.allocateHeap(format, shape);
        assertEquals(0, tensor.size());
        assertEquals(0, tensor.data().byteSize());
        assertEquals(0, tensor.toArray().length);
        assertEquals(0, tensor.matrix().size());
        assertEquals(tensor.rows(), tensor.matrix().rows());
        assertFalse(tensor.overlaps(tensor) && !(format instanceof BlockFormat));
      }
    }
    long huge = 1L << 62;
    assertEquals(0, Tensor.allocateHeap(Formats.FP32, huge, huge, 0).size());
    assertEquals(0, Tensor.allocateHeap(Formats.FP32, 0, huge, huge).size());
    assertEquals(0, Tensor.allocateHeap(Formats.E2M1, 0, huge, 3).matrix().size());
    assertEquals(0, Tensor.of(new float[0], 0).size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FP32   | ''                 | a tensor has 1 to 8 dimensions, not 0",
        "FP32   | 1,1,1,1,1,1,1,1,1  | a tensor has 1 to 8 dimensions, not 9",
        "FP32   | 2,-3               | shape [2, -3] has a negative dimension",
        "E4M3FN | 4294967296,4294967296 | shape [4294967296, 4294967296] has more than 2^63 elements",
        "FP32   | 4611686018427387904 | FP32 [4611686018427387904] has 4611686018427387904 codes of 32 bits: more than 2^63 bytes",
        "MXFP4  | 2,40               | MXFP4 has blocks of 32; a last dimension of 40 leaves 8 over: pad it to 64",
        "NVFP4  | 24                 | NVFP4 has blocks of 16; a last dimension of 24 leaves 8 over: pad it to 32",
        "E4M3FN | 3,1073741824       | 3221225472 bytes exceed a Java array (2147483639); allocate the tensor in an Arena"
      })
  void refusedShapes(String format, String shape, String message) {
    long[] dimensions =
        shape.isEmpty()
            ? new long[0]
            : List.of(shape.split(",")).stream().mapToLong(Long::parseLong).toArray();
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Tensor.allocateHeap(Formats.byName(format), dimensions));
    assertEquals(message, e.getMessage());
  }

  @Test
  void largestElementCountIsCheckedWithItsPadding() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Tensor.allocateHeap(Formats.E2M1, Long.MAX_VALUE / 3, 3));
    assertEquals("shape [3074457345618258602, 3] has more than 2^63 elements", e.getMessage());
  }

  @Test
  void segmentsOfAnotherSizeAreRefused() {
    assertMessage(
        "segment of 5 bytes; E2M1 [3, 3] needs 6",
        () -> Tensor.of(Formats.E2M1, MemorySegment.ofArray(new byte[5]), 3, 3));
    assertMessage("segment of 24 bytes; FP32 [2, 4] needs 32", () -> Tensor.of(new float[6], 2, 4));
    assertMessage(
        "segment of 33 bytes; E4M3FN [1, 32] needs 32",
        () ->
            Tensor.ofBlocks(
                Formats.MXFP8_E4M3,
                MemorySegment.ofArray(new byte[33]),
                Tensor.allocateHeap(Formats.E8M0, 1, 1),
                MemorySegment.NULL,
                1,
                32));
  }

  private static void assertMessage(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @Test
  void blocksOverExistingMemory() {
    MemorySegment data = MemorySegment.ofArray(new byte[32]);
    Tensor scales = Tensor.allocateHeap(Formats.E4M3FN, 2, 2);
    MemorySegment factor = MemorySegment.ofArray(new float[] {0.5f});
    Tensor tensor = Tensor.ofBlocks(Formats.NVFP4, data, scales, factor, 2, 32);
    scales.setCode(0x40, 1, 0); // 2
    tensor.setCode(5, 1, 15); // 3
    assertEquals(3.0f, tensor.get(1, 15));
    assertEquals(2.0f, tensor.scale(1, 15));
    assertEquals(0.5f, tensor.tensorScale());
    tensor.setTensorScale(0.25f);
    assertEquals(0.25f, factor.get(ValueLayout.JAVA_FLOAT, 0));
    assertEquals(1.5f, tensor.get(1, 15));
    Tensor plain = Tensor.ofBlocks(Formats.NVFP4, data, scales, MemorySegment.NULL, 2, 32);
    assertEquals(1.0f, plain.tensorScale());
    assertEquals(6.0f, plain.get(1, 15));
  }

  @Test
  void scalesThatDoNotFitAreRefused() {
    MemorySegment data = MemorySegment.ofArray(new byte[32]);
    IllegalArgumentException shape =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Tensor.ofBlocks(
                    Formats.MXFP4,
                    data,
                    Tensor.allocateHeap(Formats.E8M0, 2, 1),
                    MemorySegment.NULL,
                    1,
                    64));
    assertEquals("scales are E8M0 [2, 1]; MXFP4 [1, 64] needs E8M0 [1, 2]", shape.getMessage());
    IllegalArgumentException format =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Tensor.ofBlocks(
                    Formats.NVFP4,
                    data,
                    Tensor.allocateHeap(Formats.E8M0, 1, 4),
                    MemorySegment.NULL,
                    1,
                    64));
    assertEquals("scales are E8M0 [1, 4]; NVFP4 [1, 64] needs E4M3FN [1, 4]", format.getMessage());
    IllegalArgumentException factor =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Tensor.ofBlocks(
                    Formats.NVFP4,
                    data,
                    Tensor.allocateHeap(Formats.E4M3FN, 1, 4),
                    MemorySegment.ofArray(new float[2]),
                    1,
                    64));
    assertEquals("the tensor scale is 8 bytes; one FP32 number has 4", factor.getMessage());
  }

  @Test
  void formatsWithoutScalesHaveNone() {
    Tensor tensor = Tensor.allocateHeap(Formats.E4M3FN, 2, 2);
    assertEquals(
        "E4M3FN has no scales",
        assertThrows(UnsupportedOperationException.class, tensor::scales).getMessage());
    assertEquals(
        "E4M3FN has no tensor scale",
        assertThrows(UnsupportedOperationException.class, () -> tensor.setTensorScale(2))
            .getMessage());
    assertEquals(1.0f, tensor.scale(1, 1));
    assertEquals(
        "MXFP4 has no tensor scale",
        assertThrows(
                UnsupportedOperationException.class,
                () -> Tensor.allocateHeap(Formats.MXFP4, 32).setTensorScale(2))
            .getMessage());
  }
}
