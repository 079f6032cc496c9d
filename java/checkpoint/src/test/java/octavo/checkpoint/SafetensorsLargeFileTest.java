package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of more than 2 GiB, nearly all of them holes, and files of many tensors. */
class SafetensorsLargeFileTest {

  private static final long LARGE = (5L << 30) / 2;

  @TempDir Path folder;

  @Test
  void tensorsBeyondTwoGibibytesAreMapped() throws IOException {
    Path file = folder.resolve("large.safetensors");
    byte[] start =
        SafetensorsBytes.of(
            "{"
                + SafetensorsBytes.tensor("large", "F8_E4M3", "[2560,1048576]", 0, LARGE)
                + ","
                + SafetensorsBytes.tensor("after", "F8_E4M3", "[1]", LARGE, LARGE + 1)
                + "}");
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(start);
      out.seek(start.length + LARGE - 1);
      out.write(new byte[] {0x38, 0x40});
    }
    try (Arena arena = Arena.ofConfined()) {
      var model = SafetensorsCheckpoint.open(file, arena);
      Tensor large = model.tensor("large");
      assertEquals(Formats.E4M3FN, large.format());
      assertEquals(LARGE, large.size());
      assertEquals(0, large.get(0, 0));
      assertEquals(1, large.get(2559, 1048575));
      assertEquals(2, model.tensor("after").get(0));
    }
    try (var channel = new RandomAccessFile(file.toFile(), "rw")) {
      channel.setLength(start.length + LARGE);
    }
    var e =
        Refusal.of(() -> SafetensorsCheckpoint.open(file, Arena.ofAuto()), "the data of 'after'");
    assertTrue(
        e.getMessage()
            .contains(
                "end at %d; after its header the file has %d bytes".formatted(LARGE + 1, LARGE)),
        e.getMessage());
  }

  @Test
  void thousandsOfTensorsKeepTheirOrderAndData() throws IOException {
    int count = 5000;
    Path file = folder.resolve("many.safetensors");
    var writer = new SafetensorsWriter();
    for (int i = 0; i < count; i++) {
      writer.add("model.layers." + i + ".weight", Tensor.of(new float[] {i, -i}, 1, 2));
    }
    writer.write(file);
    try (Arena arena = Arena.ofConfined()) {
      var entries = SafetensorsCheckpoint.open(file, arena).entries();
      assertEquals(count, entries.size());
      for (int i = 0; i < count; i++) {
        assertEquals("model.layers." + i + ".weight", entries.get(i).name());
        assertArrayEquals(new float[] {i, -i}, entries.get(i).tensor().toArray());
        assertEquals(0, entries.get(i).data().address() % ValueLayout.JAVA_FLOAT.byteSize());
      }
    }
  }
}
