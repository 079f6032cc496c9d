package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedFileTest {

  @TempDir private Path folder;

  private static PackedMatrix packed(Format format, long rows, long columns, Packing packing) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, rows, columns);
    SplittableRandom random = new SplittableRandom(rows);
    for (long i = 0; i < rows; i++) {
      for (long k = 0; k < columns; k++) {
        tensor.setCode(random.nextInt(), i, k);
      }
    }
    if (format instanceof BlockFormat block && block.tensorScale()) {
      tensor.setTensorScale(0.125f);
    }
    MatrixPacker packer = MatrixPacker.of(tensor, packing, Arena.ofAuto());
    for (long panel = 0; panel < packer.packed().panels(); panel++) {
      packer.pack(panel);
    }
    return packer.packed();
  }

  private Map<String, PackedMatrix> some() {
    Map<String, PackedMatrix> matrices = new LinkedHashMap<>();
    int i = 0;
    for (Format format : Formats.all()) {
      matrices.put("layer." + i++ + ".é", packed(format, 37, 128, new Packing(16, 4, 2)));
    }
    matrices.put("", packed(Formats.FP32, 0, 5, new Packing(8, 1, 1)));
    return matrices;
  }

  @Test
  void mapsWhatWasWritten() throws IOException {
    Path file = folder.resolve("weights.octavo");
    Files.writeString(file, "something older");
    Map<String, PackedMatrix> written = some();
    PackedFile.write(file, written);
    try (Arena arena = Arena.ofConfined()) {
      Map<String, PackedMatrix> read = PackedFile.map(file, arena);
      assertEquals(List.copyOf(written.keySet()), List.copyOf(read.keySet()));
      written.forEach((name, expected) -> {
        PackedMatrix actual = read.get(name);
        assertEquals(expected.toString(), actual.toString());
        assertEquals(expected.format(), actual.format());
        assertEquals(expected.tensorScale(), actual.tensorScale());
        assertEquals(-1, expected.data().mismatch(actual.data()));
        assertEquals(0, actual.data().address() % 64);
        if (expected.hasScales()) {
          assertArrayEquals(expected.scales().shape(), actual.scales().shape());
          assertEquals(-1, expected.scales().data().mismatch(actual.scales().data()));
        }
        assertThrows(UnsupportedOperationException.class, () -> write(actual));
      });
    }
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  private static void write(PackedMatrix matrix) {
    if (matrix.data().isReadOnly()) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    Path file = folder.resolve("weights.octavo");
    PackedFile.write(file, some());
    byte[] good = Files.readAllBytes(file);
    SplittableRandom random = new SplittableRandom(1);
    long table = java.nio.ByteBuffer.wrap(good).getLong(16);
    for (int trial = 0; trial < 2000; trial++) {
      byte[] bad = good.clone();
      int at = random.nextInt(24 + (int) table);
      bad[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, bad);
      assertRefused(file);
    }
    for (int length : new int[] {0, 7, 23, 24, 30, 24 + (int) table, good.length / 2}) {
      Files.write(file, java.util.Arrays.copyOf(good, length));
      assertRefused(file);
    }
  }

  private static void assertRefused(Path file) {
    try (Arena arena = Arena.ofConfined()) {
      IOException refused = assertThrows(IOException.class, () -> PackedFile.map(file, arena));
      assertTrue(refused.getMessage().startsWith(file.toString()), refused.getMessage());
    }
  }

  @Test
  void aFailedWriteLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("weights.octavo");
    PackedFile.write(file, some());
    byte[] before = Files.readAllBytes(file);
    Map<String, PackedMatrix> bad = new LinkedHashMap<>(some());
    Format unnamed = Formats.scaled(Formats.E4M3FN, 1, 48);
    bad.put("last", packed(unnamed, 4, 96, new Packing(4, 1, 1)));
    assertThrows(IllegalArgumentException.class, () -> PackedFile.write(file, bad));
    assertArrayEquals(before, Files.readAllBytes(file));
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }
}
