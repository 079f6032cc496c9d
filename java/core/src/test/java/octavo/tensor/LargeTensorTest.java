package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors beyond 2 GiB and beyond 2^31 elements, in sparse files that take almost no disk. */
class LargeTensorTest {

  private static MemorySegment sparse(Path file, long bytes, Arena arena) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      return channel.map(MapMode.READ_WRITE, 0, bytes, arena);
    }
  }

  @Test
  void threeGigabytesOfBf16(@TempDir Path folder) throws IOException {
    long rows = 50_000;
    long columns = 32_768;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = sparse(folder.resolve("bf16"), rows * columns * 2, arena);
      Tensor tensor = Tensor.of(Formats.BF16, memory, rows, columns);
      assertEquals(3_276_800_000L, tensor.byteSize());
      tensor.setCode(0x3F80, rows - 1, columns - 1);
      Tensor lastRow = tensor.slice(0, rows - 1, rows);
      assertEquals(1.0f, lastRow.get(0, columns - 1));
      Tensor corner = lastRow.slice(1, columns - 2, columns);
      assertArrayEquals(new float[] {0, 1}, corner.toArray());
      corner.setCode(0x4000, 0, 0);
      assertEquals(2.0f, tensor.transpose().get(columns - 2, rows - 1));
      assertEquals(2.0f, tensor.reshape(rows * columns).get(rows * columns - 2));
      Tensor cube = tensor.reshape(50, 1_000, columns);
      assertEquals(1.0f, cube.get(49, 999, columns - 1));
      assertEquals(1.0f, cube.matrix().get(rows - 1, columns - 1));
      assertEquals(0.0f, tensor.get(0, columns - 1));
    }
  }

  @Test
  void moreThan2To31CodesOfMxfp4(@TempDir Path folder) throws IOException {
    long rows = 70_000;
    long columns = 32_768;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment codes = sparse(folder.resolve("codes"), rows * columns / 2, arena);
      MemorySegment scaleCodes = sparse(folder.resolve("scales"), rows * columns / 32, arena);
      Tensor scales = Tensor.of(Formats.E8M0, scaleCodes, rows, columns / 32);
      Tensor tensor =
          Tensor.ofBlocks(Formats.MXFP4, codes, scales, MemorySegment.NULL, rows, columns);
      assertEquals(2_293_760_000L, tensor.size());
      tensor.setCode(7, rows - 1, columns - 1); // 6
      tensor.setCode(0xA, rows - 1, columns - 2); // -1
      scales.setCode(130, rows - 1, columns / 32 - 1); // 8
      assertEquals(48.0f, tensor.get(rows - 1, columns - 1));
      assertEquals(-8.0f, tensor.get(rows - 1, columns - 2));
      Tensor block = tensor.slice(0, rows - 1, rows).slice(1, columns - 32, columns);
      assertEquals(48.0f, block.get(0, 31));
      assertEquals(-8.0f, block.get(0, 30));
      assertEquals(0.0f, block.get(0, 29));
      Tensor cube = tensor.reshape(7, 10_000, columns);
      assertEquals(48.0f, cube.get(6, 9_999, columns - 1));
      assertEquals(48.0f, cube.matrix().get(rows - 1, columns - 1));
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, tensor::toArray);
      assertEquals(
          "MXFP4 [70000, 32768] has more elements than a Java array; take slices of it",
          e.getMessage());
    }
  }
}
