package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Views: slices, reshapes, transposes, matrices; they share memory and find the right elements. */
class TensorViewTest {

  private static final ElementFormat[] WIDTHS = {
    Formats.E2M1, Formats.E3M2, Formats.E4M3FN, Formats.BF16, Formats.FP32
  };

  /** Fills a tensor so that the code of element i, counted row-major, is i modulo 13. */
  private static Tensor numbered(ElementFormat format, long... shape) {
    Tensor tensor = Tensor.allocateHeap(format, shape);
    long[] index = new long[shape.length];
    for (int i = 0; i < tensor.size(); i++) {
      tensor.setCode(i % 13, index);
      for (int d = shape.length - 1; d >= 0 && ++index[d] == shape[d]; d--) {
        index[d] = 0;
      }
    }
    return tensor;
  }

  private static void forEach(long[] shape, java.util.function.Consumer<long[]> action) {
    if (Arrays.stream(shape).anyMatch(dimension -> dimension == 0)) {
      return;
    }
    long[] index = new long[shape.length];
    while (index[0] < shape[0]) {
      action.accept(index.clone());
      int d = shape.length - 1;
      while (d > 0 && ++index[d] == shape[d]) {
        index[d--] = 0;
      }
      if (d == 0) {
        index[0]++;
      }
    }
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void everySliceOfEveryRank(int rank) {
    long[] shape = Arrays.copyOfRange(new long[] {2, 1, 2, 1, 2, 1, 3, 5}, 8 - rank, 8);
    for (ElementFormat format : WIDTHS) {
      Tensor tensor = numbered(format, shape);
      for (int d = 0; d < rank; d++) {
        for (long from = 0; from <= shape[d]; from++) {
          for (long to = from; to <= shape[d]; to++) {
            int dimension = d;
            long start = from;
            boolean cutsByte = format.storageBits() == 4 && d == rank - 1 && from % 2 != 0;
            if (cutsByte) {
              long end = to;
              refused(
                  "slice [%d, %d) of dimension %d starts within a byte of two E2M1 codes; start at an even index"
                      .formatted(from, to, d),
                  () -> tensor.slice(dimension, start, end));
              continue;
            }
            Tensor slice = tensor.slice(d, from, to);
            assertEquals(to - from, slice.dimension(d));
            forEach(
                slice.shape(),
                index -> {
                  int code = slice.code(index);
                  index[dimension] += start;
                  assertEquals(tensor.code(index), code);
                });
          }
        }
      }
    }
  }

  @Test
  void slicesWriteToTheSameMemory() {
    for (ElementFormat format : WIDTHS) {
      Tensor tensor = numbered(format, 4, 6);
      Tensor slice = tensor.slice(0, 1, 3).slice(1, 2, 5);
      slice.setCode(14, 1, 2);
      assertEquals(14, tensor.code(2, 4));
      assertEquals((2 * 6 + 3) % 13, tensor.code(2, 3));
      assertEquals((2 * 6 + 5) % 13, tensor.code(2, 5));
      assertTrue(slice.unitColumnStride());
      assertEquals(6, slice.stride(0));
    }
  }

  @Test
  void nibblesLowHalfFirstAndRowsOnWholeBytes() {
    byte[] bytes = new byte[6];
    Tensor tensor = Tensor.of(Formats.E2M1, MemorySegment.ofArray(bytes), 2, 5);
    for (int k = 0; k < 5; k++) {
      tensor.setCode(k + 1, 0, k);
      tensor.setCode(0xF - k, 1, k);
    }
    assertArrayEquals(new byte[] {0x21, 0x43, 0x05, (byte) 0xEF, (byte) 0xCD, 0x0B}, bytes);
    assertEquals(6, tensor.stride(0));
    tensor.setCode(0, 0, 1);
    assertEquals(0x01, bytes[0]);
    tensor.setCode(0xFF, 0, 0); // only the low bits count
    assertEquals(0x0F, bytes[0]);
    assertEquals(0xF, tensor.code(0, 0));
    assertEquals(0, tensor.code(0, 1));
  }

  @Test
  void oddColumnsOfNibbles() {
    // The last row takes no padding byte when its columns are one: 3 rows of one byte.
    Tensor tensor = numbered(Formats.E2M1, 3, 1);
    assertEquals(3, tensor.data().byteSize());
    assertArrayEquals(
        new int[] {0, 1, 2}, IntStream.range(0, 3).map(i -> tensor.code(i, 0)).toArray());
    Tensor cube = numbered(Formats.E2M1, 2, 3, 7);
    assertEquals(2 * 3 * 4, cube.data().byteSize());
    Tensor row = cube.slice(0, 1, 2).slice(1, 2, 3);
    for (int k = 0; k < 7; k++) {
      assertEquals((35 + k) % 13, row.code(0, 0, k));
    }
  }

  @Test
  void sixBitCodesHaveAByteEach() {
    byte[] bytes = new byte[3];
    Tensor tensor = Tensor.of(Formats.E2M3, MemorySegment.ofArray(bytes), 3);
    tensor.setCode(0x3F, 1);
    assertArrayEquals(new byte[] {0, 0x3F, 0}, bytes);
    assertEquals(-7.5f, tensor.get(1));
    assertEquals(3, tensor.byteSize());
  }

  @Test
  void transposeExchangesRowsAndColumns() {
    for (ElementFormat format :
        new ElementFormat[] {Formats.E4M3FN, Formats.E3M2, Formats.FP16, Formats.FP32}) {
      Tensor tensor = numbered(format, 3, 5);
      Tensor transposed = tensor.transpose();
      assertArrayEquals(new long[] {5, 3}, transposed.shape());
      forEach(
          transposed.shape(),
          index -> assertEquals(tensor.code(index[1], index[0]), transposed.code(index)));
      assertFalse(transposed.unitColumnStride());
      assertArrayEquals(tensor.shape(), transposed.transpose().shape());
      Tensor part = transposed.slice(0, 1, 4).slice(1, 1, 3);
      assertEquals(tensor.code(2, 3), part.code(2, 1));
      part.setCode(1, 2, 1);
      assertEquals(1, tensor.code(2, 3));
    }
    refused(
        "cannot transpose E2M1 [2, 4]: it takes a matrix of whole-byte codes without scales",
        () -> Tensor.allocateHeap(Formats.E2M1, 2, 4).transpose());
    refused(
        "cannot transpose MXFP8_E4M3 [2, 32]: it takes a matrix of whole-byte codes without scales",
        () -> Tensor.allocateHeap(Formats.MXFP8_E4M3, 2, 32).transpose());
    refused(
        "cannot transpose FP32 [2, 3, 4]: it takes a matrix of whole-byte codes without scales",
        () -> Tensor.allocateHeap(Formats.FP32, 2, 3, 4).transpose());
  }

  @Test
  void unitStrideOfSingleColumns() {
    Tensor column = Tensor.allocateHeap(Formats.FP32, 4, 3).slice(1, 2, 3);
    assertTrue(column.unitColumnStride());
    assertTrue(Tensor.allocateHeap(Formats.FP32, 1, 3).transpose().unitColumnStride());
    assertFalse(Tensor.allocateHeap(Formats.FP32, 2, 3).transpose().unitColumnStride());
  }

  @Test
  void reshapeKeepsTheOrder() {
    for (ElementFormat format : WIDTHS) {
      Tensor tensor = numbered(format, 4, 6);
      for (long[] shape :
          new long[][] {{24}, {2, 2, 6}, {2, 12}, {1, 1, 4, 6}, {4, 1, 6}, {3, 8}, {1, 24}}) {
        Tensor reshaped = tensor.reshape(shape);
        assertArrayEquals(shape, reshaped.shape());
        int[] next = new int[1];
        forEach(shape, index -> assertEquals(next[0]++ % 13, reshaped.code(index)));
        assertArrayEquals(new long[] {4, 6}, reshaped.reshape(4, 6).shape());
      }
    }
  }

  @Test
  void reshapeOfASliceOfOneRow() {
    Tensor tensor = numbered(Formats.FP32, 3, 8);
    Tensor head = tensor.slice(0, 1, 2).slice(1, 0, 4).reshape(2, 2);
    assertEquals(11, head.code(1, 1));
    Tensor column = Tensor.of(new float[] {1, 2, 3}, 1, 3).transpose().reshape(3);
    assertArrayEquals(new float[] {1, 2, 3}, column.toArray());
  }

  @Test
  void reshapeRefuses() {
    Tensor tensor = Tensor.allocateHeap(Formats.FP32, 4, 6);
    refused(
        "cannot reshape FP32 [4, 6] to [5, 5]: 24 elements against 25", () -> tensor.reshape(5, 5));
    refused(
        "cannot reshape FP32 [6, 4] to [24]: its elements are not consecutive in memory; copy it first",
        () -> tensor.transpose().reshape(24));
    refused(
        "cannot reshape FP32 [4, 3] to [12]: its elements are not consecutive in memory; copy it first",
        () -> tensor.slice(1, 0, 3).reshape(12));
    refused(
        "cannot reshape E2M1 [2, 3] to [3, 2]: its elements are not consecutive in memory; copy it first",
        () -> Tensor.allocateHeap(Formats.E2M1, 2, 3).reshape(3, 2));
    refused("shape [-1, 24] has a negative dimension", () -> tensor.reshape(-1, 24));
    refused(
        "cannot reshape MXFP4 [2, 64] to [4, 32]: that would regroup its blocks",
        () -> Tensor.allocateHeap(Formats.MXFP4, 2, 64).reshape(4, 32));
    refused(
        "cannot reshape E4M3FN_128X128 [256, 128] to [2, 128, 128]: that would regroup its blocks",
        () -> Tensor.allocateHeap(Formats.E4M3FN_128X128, 256, 128).reshape(2, 128, 128));
    refused(
        "cannot reshape E4M3FN_ROW [2, 6] to [3, 4]: that would regroup its blocks",
        () -> Tensor.allocateHeap(Formats.E4M3FN_ROW, 2, 6).reshape(3, 4));
    refused(
        "MXFP4 has blocks of 32; a last dimension of 16 leaves 16 over: pad it to 32",
        () -> Tensor.allocateHeap(Formats.MXFP4, 2, 32).reshape(4, 16));
  }

  @Test
  void reshapeOfBlocksKeepsScalesWithTheirRows() {
    Tensor tensor = Tensor.allocateHeap(Formats.MXFP4, 4, 64);
    tensor.scales().setCode(130, 3, 1); // 8
    tensor.setCode(2, 3, 40); // 1
    Tensor cube = tensor.reshape(2, 2, 64);
    assertArrayEquals(new long[] {2, 2, 2}, cube.scales().shape());
    assertEquals(8.0f, cube.get(1, 1, 40));
    Tensor whole = Tensor.allocateHeap(Formats.E4M3FN_TENSOR, 4, 6);
    whole.scales().setCode(Float.floatToRawIntBits(3), 0);
    whole.setCode(0x38, 3, 5);
    assertEquals(3.0f, whole.reshape(8, 3).get(7, 2));
  }

  @Test
  void matrixMergesLeadingDimensions() {
    Tensor square = Tensor.allocateHeap(Formats.FP32, 2, 3);
    assertSame(square, square.matrix());
    Tensor vector = numbered(Formats.E2M1, 5).matrix();
    assertArrayEquals(new long[] {1, 5}, vector.shape());
    assertEquals(4, vector.code(0, 4));
    for (ElementFormat format : WIDTHS) {
      Tensor tensor = numbered(format, 2, 3, 4, 5);
      Tensor matrix = tensor.matrix();
      assertArrayEquals(new long[] {24, 5}, matrix.shape());
      assertSame(matrix, tensor.matrix());
      int[] next = new int[1];
      forEach(matrix.shape(), index -> assertEquals(next[0]++ % 13, matrix.code(index)));
    }
    // Slices of the last dimension, or of the first, leave rows at equal distances.
    Tensor tensor = numbered(Formats.FP32, 2, 3, 4);
    assertEquals(tensor.code(1, 2, 3), tensor.slice(2, 2, 4).matrix().code(5, 1));
    assertEquals(tensor.code(1, 2, 3), tensor.slice(0, 1, 2).matrix().code(2, 3));
    // So do slices that leave one index of a dimension.
    Tensor middle = tensor.slice(1, 1, 2).matrix();
    assertArrayEquals(new long[] {2, 4}, middle.shape());
    assertEquals(tensor.code(1, 1, 3), middle.code(1, 3));
    refused(
        "FP32 [2, 2, 4] is no matrix: its rows do not lie at equal distances; take slices of it",
        () -> tensor.slice(1, 0, 2).matrix());
  }

  @Test
  void matrixOfBlocks() {
    Tensor tensor = Tensor.allocateHeap(Formats.NVFP4, 2, 3, 32);
    tensor.setTensorScale(2);
    tensor.scales().setCode(0x38, 1, 2, 1); // 1
    tensor.setCode(7, 1, 2, 31); // 6
    Tensor matrix = tensor.matrix();
    assertArrayEquals(new long[] {6, 2}, matrix.scales().shape());
    assertEquals(12.0f, matrix.get(5, 31));
    Tensor whole = Tensor.allocateHeap(Formats.E4M3FN_TENSOR, 2, 3, 4);
    assertSame(whole.scales(), whole.matrix().scales());
    Tensor tiles = Tensor.allocateHeap(Formats.E4M3FN_128X128, 2, 256, 130);
    assertArrayEquals(new long[] {4, 2}, tiles.matrix().scales().shape());
    refused(
        "E4M3FN_128X128 [2, 200, 128] is no matrix: its blocks of 128 rows would cross its outer dimensions; take slices of it",
        () -> Tensor.allocateHeap(Formats.E4M3FN_128X128, 2, 200, 128).matrix());
    assertArrayEquals(
        new long[] {2, 1},
        Tensor.allocateHeap(Formats.E4M3FN_128X128, 2, 200, 128)
            .slice(0, 1, 2)
            .matrix()
            .scales()
            .shape());
  }

  @Test
  void slicesOfBlocksTakeTheirScalesAlong() {
    Tensor tensor = Tensor.allocateHeap(Formats.MXFP8_E5M2, 4, 96);
    for (int i = 0; i < 4; i++) {
      for (int b = 0; b < 3; b++) {
        tensor.scales().setCode(127 + 3 * i + b, i, b);
      }
    }
    tensor.setCode(0x3C, 2, 70); // 1
    Tensor slice = tensor.slice(0, 1, 4).slice(1, 32, 96);
    assertArrayEquals(new long[] {3, 2}, slice.scales().shape());
    assertEquals(256.0f, slice.scale(1, 38));
    assertEquals(256.0f, slice.get(1, 38));
    refused(
        "slice [16, 64) of dimension 1 cuts a block of MXFP8_E5M2; use multiples of 32",
        () -> tensor.slice(1, 16, 64));
    refused(
        "slice [0, 40) of dimension 1 cuts a block of MXFP8_E5M2; use multiples of 32",
        () -> tensor.slice(1, 0, 40));
  }

  @Test
  void tilesWithPartialEdges() {
    Tensor tensor = Tensor.allocateHeap(Formats.E4M3FN_128X128, 300, 200);
    for (int i = 0; i < 3; i++) {
      for (int b = 0; b < 2; b++) {
        tensor.scales().setCode(Float.floatToRawIntBits(10 * i + b + 1), i, b);
      }
    }
    tensor.setCode(0x38, 299, 199); // 1
    assertEquals(22.0f, tensor.get(299, 199));
    assertEquals(1.0f, tensor.scale(127, 127));
    assertEquals(2.0f, tensor.scale(127, 128));
    assertEquals(11.0f, tensor.scale(128, 127));
    assertEquals(21.0f, tensor.scale(256, 0));
    Tensor corner = tensor.slice(0, 256, 300).slice(1, 128, 200);
    assertArrayEquals(new long[] {44, 72}, corner.shape());
    assertArrayEquals(new long[] {1, 1}, corner.scales().shape());
    assertEquals(22.0f, corner.get(43, 71));
    refused(
        "slice [128, 299) of dimension 0 cuts a block of E4M3FN_128X128; use multiples of 128",
        () -> tensor.slice(0, 128, 299));
    refused(
        "slice [1, 300) of dimension 0 cuts a block of E4M3FN_128X128; use multiples of 128",
        () -> tensor.slice(0, 1, 300));
  }

  @Test
  void slicesWithOneScalePerRowOrTensor() {
    Tensor rows = Tensor.allocateHeap(Formats.E4M3FN_ROW, 3, 7);
    rows.scales().setCode(Float.floatToRawIntBits(5), 2, 0);
    rows.setCode(0x38, 2, 6);
    Tensor part = rows.slice(0, 2, 3).slice(1, 3, 7);
    assertEquals(5.0f, part.get(0, 3));
    assertArrayEquals(new long[] {1, 1}, part.scales().shape());
    Tensor whole = Tensor.allocateHeap(Formats.E4M3FN_TENSOR, 3, 7);
    assertSame(whole.scales(), whole.slice(1, 2, 3).scales());
  }

  @Test
  void theTensorScaleBelongsToAllViews() {
    Tensor tensor = Tensor.allocateHeap(Formats.NVFP4, 2, 2, 32);
    tensor.slice(0, 1, 2).setTensorScale(4);
    assertEquals(4.0f, tensor.tensorScale());
    assertEquals(4.0f, tensor.matrix().tensorScale());
    assertEquals(4.0f, tensor.reshape(4, 32).tensorScale());
  }

  @Test
  void theProductOfScalesIsRoundedFirst() {
    Tensor tensor = Tensor.allocateHeap(Formats.NVFP4, 1, 16);
    tensor.setTensorScale(0x1p-149f);
    tensor.scales().setCode(0x3C, 0, 0); // 1.5
    tensor.setCode(3, 0, 0); // 1.5
    // 1.5 * 2^-149 is a tie and goes to 2 * 2^-149; times 1.5 that is exact.
    assertEquals(3 * 0x1p-149f, tensor.get(0, 0));
  }

  @Test
  void indicesAreChecked() {
    Tensor tensor = Tensor.allocateHeap(Formats.MXFP4, 2, 32);
    Tensor whole = Tensor.allocateHeap(Formats.E4M3FN_TENSOR, 2, 3);
    for (Executable call :
        new Executable[] {
          () -> tensor.code(2, 0),
          () -> tensor.code(0, 32),
          () -> tensor.code(-1, 0),
          () -> tensor.setCode(1, 0, 32),
          () -> tensor.get(0, 32),
          () -> tensor.scale(0, 32),
          () -> whole.scale(0, 3),
          () -> whole.scale(2, 0),
          () -> tensor.slice(2, 0, 1),
          () -> tensor.slice(-1, 0, 1),
          () -> tensor.slice(0, 1, 3),
          () -> tensor.slice(0, -1, 1),
          () -> tensor.slice(0, 2, 1),
          () -> tensor.dimension(2),
          () -> tensor.stride(-1)
        }) {
      assertThrows(IndexOutOfBoundsException.class, call);
    }
    assertEquals(
        "3 indices for MXFP4 [2, 32]",
        assertThrows(IndexOutOfBoundsException.class, () -> tensor.code(0, 0, 0)).getMessage());
  }

  @Test
  void shapesAreCopied() {
    long[] shape = {2, 3};
    Tensor tensor = Tensor.allocateHeap(Formats.FP32, shape);
    shape[0] = 99;
    tensor.shape()[1] = 99;
    assertArrayEquals(new long[] {2, 3}, tensor.shape());
    long[] index = {1, 2};
    tensor.scale(index);
    assertArrayEquals(new long[] {1, 2}, index);
  }

  @Test
  void overlaps() {
    Tensor tensor = Tensor.allocateHeap(Formats.FP32, 4, 6);
    assertTrue(tensor.overlaps(tensor));
    assertTrue(tensor.overlaps(tensor.slice(0, 1, 2)));
    assertTrue(tensor.slice(0, 1, 2).overlaps(tensor.transpose()));
    assertFalse(tensor.slice(0, 0, 2).overlaps(tensor.slice(0, 2, 4)));
    assertFalse(tensor.slice(0, 2, 4).overlaps(tensor.slice(0, 0, 2)));
    assertFalse(tensor.overlaps(Tensor.allocateHeap(Formats.FP32, 4, 6)));
    assertFalse(tensor.overlaps(tensor.slice(0, 1, 1)));
    float[] array = new float[8];
    MemorySegment segment = MemorySegment.ofArray(array);
    Tensor first = Tensor.of(Formats.FP32, segment.asSlice(0, 16), 4);
    assertFalse(first.overlaps(Tensor.of(Formats.FP32, segment.asSlice(16, 16), 4)));
    assertTrue(first.overlaps(Tensor.of(Formats.E4M3FN, segment.asSlice(15, 3), 3)));
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      Tensor here = Tensor.allocate(confined, Formats.BF16, 8);
      Tensor there = Tensor.allocate(shared, Formats.BF16, 8);
      assertFalse(here.overlaps(there));
      assertFalse(here.overlaps(tensor));
      assertTrue(here.overlaps(here.slice(0, 7, 8)));
    }
  }

  @Test
  void overlapsThroughScales() {
    BlockFormat format = Formats.MXFP4;
    Tensor scales = Tensor.allocateHeap(Formats.E8M0, 2, 1);
    Tensor one =
        Tensor.ofBlocks(
            format, MemorySegment.ofArray(new byte[32]), scales, MemorySegment.NULL, 2, 32);
    Tensor two =
        Tensor.ofBlocks(
            format, MemorySegment.ofArray(new byte[32]), scales, MemorySegment.NULL, 2, 32);
    assertTrue(one.overlaps(two));
    assertTrue(one.overlaps(scales));
    assertTrue(scales.overlaps(one));
    assertFalse(one.slice(0, 0, 1).overlaps(two.slice(0, 1, 2)));
    assertFalse(one.overlaps(Tensor.allocateHeap(format, 2, 32)));
  }

  @Test
  void copyToAnArrayFollowsTheView() {
    Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, tensor.transpose().toArray());
    assertArrayEquals(new float[] {2, 3, 5, 6}, tensor.slice(1, 1, 3).toArray());
    assertArrayEquals(new float[0], tensor.slice(0, 1, 1).toArray());
  }
}
