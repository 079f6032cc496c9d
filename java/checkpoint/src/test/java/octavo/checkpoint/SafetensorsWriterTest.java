package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import octavo.checkpoint.SafetensorsWriter.Content;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {

  private static final Content ZEROS = (offset, target) -> target.fill((byte) 0);

  @TempDir Path folder;

  private List<String> files() throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Typed from the format's description. */
  @Test
  void theBytesAreThoseOfTheDescription() throws IOException {
    Path file = folder.resolve("m.safetensors");
    new SafetensorsWriter()
        .metadata("format", "pt")
        .add("codes", SafetensorsType.U8, new long[] {1, 3}, Content.of(bytes(1, 2, 3)))
        .add("scale", Tensor.of(new float[] {1}, 1))
        .write(file);

    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"scale\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"codes\":{\"dtype\":\"U8\",\"shape\":[1,3],\"data_offsets\":[4,7]}}";
    int padded = (header.length() + 7) / 8 * 8;
    byte[] expected =
        SafetensorsBytes.of(
            header + " ".repeat(padded - header.length()), 0, 0, 0x80, 0x3f, 1, 2, 3);
    assertArrayEquals(expected, Files.readAllBytes(file));
    assertEquals(List.of("m.safetensors"), files());
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    Path file = folder.resolve("m.safetensors");
    var writer = new SafetensorsWriter().metadata("a\"\n", "é");
    try (Arena arena = Arena.ofConfined()) {
      for (SafetensorsType type : SafetensorsType.values()) {
        MemorySegment data = arena.allocate(type.bits());
        for (int i = 0; i < type.bits(); i++) {
          data.set(ValueLayout.JAVA_BYTE, i, (byte) (i + type.bits()));
        }
        writer.add("t\u0001/" + type, type, new long[] {2, 2, 2}, Content.of(data));
      }
      writer.add("scalar", SafetensorsType.F64, new long[0], ZEROS);
      writer.add("empty", SafetensorsType.F64, new long[] {7, 0}, ZEROS);
      writer.write(file);

      var model = SafetensorsCheckpoint.open(file, arena);
      assertEquals(Map.of("a\"\n", "é"), model.metadata());
      assertEquals(SafetensorsType.values().length + 2, model.entries().size());
      for (SafetensorsType type : SafetensorsType.values()) {
        SafetensorsEntry entry = model.entry("t\u0001/" + type);
        assertEquals(type, entry.type());
        assertArrayEquals(new long[] {2, 2, 2}, entry.shape());
        for (int i = 0; i < type.bits(); i++) {
          assertEquals((byte) (i + type.bits()), entry.data().get(ValueLayout.JAVA_BYTE, i));
        }
        if (type.bits() >= 8) {
          assertEquals(0, entry.data().address() % (type.bits() / 8), "aligned: " + type);
        }
      }
      assertArrayEquals(new long[0], model.entry("scalar").shape());
      assertArrayEquals(new long[] {7, 0}, model.entry("empty").shape());
    }
  }

  @Test
  void contentIsAskedForInPiecesInOrder() throws IOException {
    Path file = folder.resolve("m.safetensors");
    long size = (9L << 20) + 5;
    long[] next = {0};
    long[] told = {0};
    new SafetensorsWriter()
        .add(
            "t",
            SafetensorsType.U8,
            new long[] {size},
            (offset, target) -> {
              assertEquals(next[0], offset);
              assertTrue(target.byteSize() <= 4 << 20);
              for (long i = 0; i < target.byteSize(); i++) {
                target.set(ValueLayout.JAVA_BYTE, i, (byte) ((offset + i) % 251));
              }
              next[0] += target.byteSize();
            })
        .write(file, bytes -> told[0] += bytes);
    assertEquals(size, next[0]);
    assertEquals(size, told[0]);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = SafetensorsCheckpoint.open(file, arena).entry("t").data();
      for (long i = 0; i < size; i++) {
        assertEquals((byte) (i % 251), data.get(ValueLayout.JAVA_BYTE, i));
      }
    }
  }

  @Test
  void aFailureLeavesWhatWasThere() throws IOException {
    Path file = Files.writeString(folder.resolve("m.safetensors"), "old", StandardCharsets.UTF_8);
    var writer =
        new SafetensorsWriter()
            .add("good", SafetensorsType.U8, new long[] {5 << 20}, ZEROS)
            .add(
                "bad",
                SafetensorsType.U8,
                new long[] {3},
                (offset, target) -> {
                  throw new IOException("gone");
                });
    assertEquals("gone", assertThrows(IOException.class, () -> writer.write(file)).getMessage());
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("m.safetensors"), files());
  }

  @Test
  void aFileInTheWayIsReplacedAndStaysReadable() throws IOException {
    Path file = folder.resolve("m.safetensors");
    new SafetensorsWriter().add("t", Tensor.of(new float[] {1}, 1)).write(file);
    try (Arena arena = Arena.ofConfined()) {
      var before = SafetensorsCheckpoint.open(file, arena);
      new SafetensorsWriter().add("t", Tensor.of(new float[] {2}, 1)).write(file);
      assertEquals(1, before.tensor("t").get(0), "the old mapping");
      assertEquals(2, SafetensorsCheckpoint.open(file, arena).tensor("t").get(0));
    }
  }

  @Test
  void aFolderThatIsMissingIsRefused() {
    assertThrows(
        NoSuchFileException.class,
        () -> new SafetensorsWriter().write(folder.resolve("none/m.safetensors")));
  }

  @Test
  void declarationsAreChecked() {
    var writer = new SafetensorsWriter().add("t", SafetensorsType.U8, new long[] {1}, ZEROS);
    refused(
        "there is a tensor called 't' already",
        () -> writer.add("t", SafetensorsType.U8, new long[] {1}, ZEROS));
    refused(
        "must not be called __metadata__",
        () -> writer.add("__metadata__", SafetensorsType.U8, new long[] {1}, ZEROS));
    refused(
        "shape [-1] has a negative dimension",
        () -> writer.add("n", SafetensorsType.U8, new long[] {-1}, ZEROS));
    refused(
        "'n' U8[4611686018427387904, 2] has more than 2^63 bits",
        () -> writer.add("n", SafetensorsType.U8, new long[] {1L << 62, 2}, ZEROS));
    refused(
        "3 elements of F4 are 12 bits",
        () -> writer.add("n", SafetensorsType.F4, new long[] {3}, ZEROS));
    refused(
        "'n' E4M3 [1, 1]: safetensors files have no type for that format",
        () -> writer.add("n", Tensor.allocateHeap(Formats.E4M3, 1, 1)));
    refused(
        "'n' MXFP4 [1, 32]: safetensors files have no type for that format",
        () -> writer.add("n", Tensor.allocateHeap(Formats.MXFP4, 1, 32)));
    Tensor part = Tensor.allocateHeap(Formats.FP32, 4, 4).slice(1, 0, 2);
    refused("'n' FP32 [4, 2] is a view with gaps", () -> writer.add("n", part));
    Tensor turned = Tensor.allocateHeap(Formats.FP32, 4, 4).transpose();
    refused("'n' FP32 [4, 4] is a view with gaps", () -> writer.add("n", turned));
  }

  private static void refused(String part, Runnable action) {
    var e = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static MemorySegment bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return MemorySegment.ofArray(bytes);
  }
}
