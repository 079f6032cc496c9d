package octavo.checkpoint.trn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import octavo.checkpoint.SafetensorsCheckpoint;
import octavo.checkpoint.SafetensorsType;
import octavo.checkpoint.SafetensorsWriter;
import octavo.checkpoint.SafetensorsWriter.Content;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrnCheckpointTest {

  private static final float FACTOR = 448.0f / 240.0f;

  @TempDir Path folder;

  private Path write(String name, SafetensorsWriter writer) throws IOException {
    Path file = folder.resolve(name);
    writer.write(file);
    return file;
  }

  private static SafetensorsWriter codes(SafetensorsWriter writer, String name, int... codes) {
    byte[] bytes = new byte[codes.length];
    for (int i = 0; i < codes.length; i++) {
      bytes[i] = (byte) codes[i];
    }
    return writer.add(
        name,
        SafetensorsType.F8_E4M3,
        new long[] {1, codes.length},
        Content.of(MemorySegment.ofArray(bytes)));
  }

  private static SafetensorsWriter scale(SafetensorsWriter writer, String name, float value) {
    return writer.add(name, Tensor.of(new float[] {value}, 1));
  }

  private static TrnRescale.Result rescale(Path in, TrnRemedy remedy, Path out) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      var rescale = new TrnRescale(TrnCheckpoint.open(in, arena), remedy);
      long[] told = {0};
      var result = rescale.write(out, bytes -> told[0] += bytes);
      assertEquals(rescale.byteSize(), told[0]);
      return result;
    }
  }

  private void refused(String part, Path in, TrnRemedy remedy) throws IOException {
    Path out = folder.resolve("refused");
    var e = assertThrows(IOException.class, () -> rescale(in, remedy, out));
    assertTrue(e.getMessage().contains(part), e.getMessage());
    assertTrue(Files.notExists(out));
    try (var all = Files.list(folder)) {
      assertTrue(all.noneMatch(file -> file.getFileName().toString().startsWith(".")));
    }
  }

  @Test
  void theAuditOfAFile() throws IOException {
    var writer = new SafetensorsWriter();
    codes(writer, "a.weight", 0x7E, 0x78, 0x38, 0xFE, 0x7F);
    scale(writer, "a.weight_scale", 2);
    codes(writer, "b.weight", 0x77, 0xF7);
    writer.add("norm", Tensor.of(new float[] {500}, 1));
    Path file = write("m.safetensors", writer);
    try (Arena arena = Arena.ofShared()) {
      TrnCheckpoint checkpoint = TrnCheckpoint.open(file, arena);
      assertEquals(4, checkpoint.tensorCount());
      assertEquals(7, checkpoint.codeBytes());
      List<TrnCheckpoint.Audited> audits = checkpoint.audit(bytes -> {});

      assertEquals(2, audits.size());
      var a = audits.get(0);
      assertEquals("a.weight", a.name());
      assertEquals("m.safetensors", a.file());
      assertEquals(List.of(1L, 5L), a.shape());
      assertEquals("a.weight_scale", a.scale());
      assertEquals(SafetensorsType.F32, a.scaleType());
      assertEquals(3, a.audit().exceeding());
      assertEquals(1, a.audit().toInfinity());
      assertEquals(2, a.audit().toNan());
      assertEquals(1, a.audit().nan());
      assertNull(audits.get(1).scale());
      assertTrue(audits.get(1).audit().fits());
    }
  }

  @Test
  void rescalingWritesCodesScalesAndANote() throws IOException {
    var writer = new SafetensorsWriter().metadata("format", "pt");
    codes(writer, "a.weight", 0x7E, 0xF8, 0x38, 0x01, 0x7F);
    scale(writer, "a.weight_scale", 3);
    codes(writer, "d.weight", 0x7D);
    scale(writer, "d.weight_scale_inv", 5);
    codes(writer, "e.weight", 0x7C);
    scale(writer, "e.scale", 7);
    codes(writer, "free", 0x77);
    scale(writer, "a.input_scale", 11);
    writer.add("norm", Tensor.of(new float[] {500}, 1));
    Path out = folder.resolve("out.safetensors");
    var result = rescale(write("m.safetensors", writer), TrnRemedy.DOCUMENTED, out);

    assertEquals(new TrnRescale.Result(3, 1, 0), result);
    try (Arena arena = Arena.ofConfined()) {
      var model = SafetensorsCheckpoint.open(out, arena);
      assertEquals(Map.of("format", "pt", "octavo.trn.rescaled", "448/240"), model.metadata());
      assertArrayEquals(
          new byte[] {0x77, (byte) 0xF1, 0x31, 0x01, 0x7F},
          model.entry("a.weight").data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(3 * FACTOR, model.tensor("a.weight_scale").get(0));
      assertEquals(0x76, model.tensor("d.weight").code(0, 0));
      assertEquals(5 * FACTOR, model.tensor("d.weight_scale_inv").get(0));
      assertEquals(0x75, model.tensor("e.weight").code(0, 0));
      assertEquals(7 * FACTOR, model.tensor("e.scale").get(0));
      assertEquals(0x77, model.tensor("free").code(0, 0));
      assertEquals(11, model.tensor("a.input_scale").get(0), "no scale of weights");
      assertEquals(500, model.tensor("norm").get(0));
    }
    refused("was rescaled already, by 448/240", out, TrnRemedy.DOCUMENTED);
  }

  @Test
  void narrowScalesAreWidenedAndExponentsRaised() throws IOException {
    var writer = new SafetensorsWriter();
    codes(writer, "b.weight", 0x7E);
    writer.add(
        "b.weight_scale",
        SafetensorsType.BF16,
        new long[] {1, 1},
        Content.of(MemorySegment.ofArray(new byte[] {0x40, 0x40})));
    codes(writer, "x.weight", 0x7E, 0x05);
    writer.add(
        "x.weight_scale",
        SafetensorsType.F8_E8M0,
        new long[] {2},
        Content.of(MemorySegment.ofArray(new byte[] {127, (byte) 255})));
    Path in = write("m.safetensors", writer);
    Path out = folder.resolve("out.safetensors");

    assertEquals(new TrnRescale.Result(2, 0, 1), rescale(in, TrnRemedy.HALVE, out));
    try (Arena arena = Arena.ofConfined()) {
      var model = SafetensorsCheckpoint.open(out, arena);
      assertEquals(SafetensorsType.F32, model.entry("b.weight_scale").type());
      assertEquals(6, model.tensor("b.weight_scale").get(0, 0));
      assertEquals(0x76, model.tensor("b.weight").code(0, 0));
      assertEquals(128, model.tensor("x.weight_scale").code(0));
      assertEquals(255, model.tensor("x.weight_scale").code(1), "NaN stays");
      assertEquals(0x02, model.tensor("x.weight").code(0, 1));
    }
    refused(
        "the scale x.weight_scale F8_E8M0[2] holds powers of two, which 448/240 is none of",
        in,
        TrnRemedy.DOCUMENTED);
  }

  @Test
  void whatCannotBeRescaledIsRefusedAndNothingIsWritten() throws IOException {
    refused(
        "x F8_E4M3[1, 2] has no scale, and 2 numbers beyond 240",
        write("a", codes(new SafetensorsWriter(), "x", 0x7E, 0xF8)),
        TrnRemedy.DOCUMENTED);
    refused(
        "has no F8_E4M3 tensor",
        write("b", scale(new SafetensorsWriter(), "s", 1)),
        TrnRemedy.DOCUMENTED);
    refused(
        "w_scale [0] is 3.4028235E38; its product with 448/240 exceeds F32"
            .replace("w_scale ", "w_scale F32[1] "),
        write("c", scale(codes(new SafetensorsWriter(), "w", 0x7E), "w_scale", Float.MAX_VALUE)),
        TrnRemedy.DOCUMENTED);
    var doubles = codes(new SafetensorsWriter(), "w", 1);
    doubles.add("w_scale", SafetensorsType.F64, new long[] {1}, (offset, target) -> {});
    refused(
        "the scale w_scale F64[1] is none of F32, BF16, F16 and F8_E8M0",
        write("d", doubles),
        TrnRemedy.HALVE);
    var two = scale(codes(new SafetensorsWriter(), "w", 1), "w_scale", 1);
    refused(
        "'w' has two scales, w_scale F32[1] and w_scale_inv F32[1]; leave one",
        write("f", scale(two, "w_scale_inv", 1)),
        TrnRemedy.HALVE);
    var largest = codes(new SafetensorsWriter(), "w", 1);
    largest.add(
        "w_scale",
        SafetensorsType.F8_E8M0,
        new long[] {1},
        Content.of(MemorySegment.ofArray(new byte[] {(byte) 0xFE})));
    refused(
        "w_scale F8_E8M0[1] [0] is 1.7014118E38, the largest scale there is",
        write("e", largest),
        TrnRemedy.HALVE);
  }

  @Test
  void aFolderOfShardsIsRescaledAsOne() throws IOException {
    Path in = Files.createDirectories(folder.resolve("model/sub")).getParent();
    codes(new SafetensorsWriter(), "w", 0x7E).write(in.resolve("1.safetensors"));
    scale(new SafetensorsWriter(), "w_scale", 3).write(in.resolve("2.safetensors"));
    Files.writeString(in.resolve("config.json"), "{}");
    Files.writeString(in.resolve("sub/x.txt"), "x");
    Path out = folder.resolve("out");

    assertEquals(new TrnRescale.Result(1, 0, 0), rescale(in, TrnRemedy.DOCUMENTED, out));
    assertEquals("{}", Files.readString(out.resolve("config.json")));
    assertEquals("x", Files.readString(out.resolve("sub/x.txt")));
    try (Arena arena = Arena.ofShared()) {
      var done = TrnCheckpoint.open(out, arena);
      assertEquals(2, done.files().size());
      assertTrue(done.audit(bytes -> {}).getFirst().audit().fits());
      assertEquals(3 * FACTOR, done.files().get(1).tensor("w_scale").get(0));
    }
    var there = assertThrows(IOException.class, () -> rescale(in, TrnRemedy.DOCUMENTED, out));
    assertTrue(there.getMessage().endsWith("is there already; name a folder that is not"));
    codes(new SafetensorsWriter(), "w", 0x7E).write(in.resolve("3.safetensors"));
    refused("tensor 'w' is in another file of the folder too", in, TrnRemedy.DOCUMENTED);
    refused("no file in this folder ends in .safetensors", in.resolve("sub"), TrnRemedy.DOCUMENTED);
  }

  private static final long LARGE = (1L << 31) + (5L << 20);

  /** A file of holes, with two large numbers at the end of its codes and a scale of 1. */
  private Path largeFile() throws IOException {
    String header =
        ("{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[2,%d],\"data_offsets\":[0,%d]},"
                + "\"w_scale\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}")
            .formatted(LARGE / 2, LARGE, LARGE, LARGE + 4);
    Path file = folder.resolve("large.safetensors");
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] start = header.getBytes(StandardCharsets.UTF_8);
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(start.length).array());
      out.write(start);
      out.seek(8 + start.length + LARGE - 2);
      out.write(new byte[] {0x78, 0x7E, 0, 0, (byte) 0x80, 0x3f});
    }
    return file;
  }

  /** Nightly, since the test of the command does the same to such a file. */
  @Tag("nightly")
  @Test
  void filesBeyondTwoGibibytesAreAudited() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      TrnAudit audit = TrnCheckpoint.open(largeFile(), arena).audit(bytes -> {}).getFirst().audit();
      assertEquals(LARGE, audit.values());
      assertEquals(2, audit.exceeding());
      assertEquals(1, audit.toInfinity());
    }
  }

  /** Nightly, since the new file is no file of holes. */
  @Tag("nightly")
  @Test
  void filesBeyondTwoGibibytesAreRescaled() throws IOException {
    Path out = folder.resolve("out.safetensors");
    rescale(largeFile(), TrnRemedy.DOCUMENTED, out);
    try (Arena arena = Arena.ofShared()) {
      var model = SafetensorsCheckpoint.open(out, arena);
      Tensor codes = model.tensor("w");
      assertEquals(0x71, codes.code(1, LARGE / 2 - 2));
      assertEquals(0x77, codes.code(1, LARGE / 2 - 1));
      assertEquals(FACTOR, model.tensor("w_scale").get(0));
      assertEquals(0, Trn.audit(codes).exceeding());
    }
  }
}
