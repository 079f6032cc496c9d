package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import octavo.checkpoint.SafetensorsCheckpoint;
import octavo.checkpoint.SafetensorsType;
import octavo.checkpoint.SafetensorsWriter;
import octavo.checkpoint.SafetensorsWriter.Content;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code octavo audit} and {@code octavo rescale}, on files made here. */
class AuditTest {

  @TempDir Path folder;

  private static Content bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Content.of(MemorySegment.ofArray(bytes));
  }

  private Path model() throws IOException {
    Path file = folder.resolve("model.safetensors");
    new SafetensorsWriter()
        .add("a.weight", SafetensorsType.F8_E4M3, new long[] {2, 2}, bytes(0x7E, 0xF8, 0x38, 0x7F))
        .add("a.weight_scale", Tensor.of(new float[] {3}, 1))
        .add("b.weight", SafetensorsType.F8_E4M3, new long[] {1, 2}, bytes(0x77, 0x01))
        .add("norm", Tensor.of(new float[] {500}, 1))
        .write(file);
    return file;
  }

  @Test
  void theReportNamesWhatExceeds() throws IOException {
    Path file = model();
    Cli audit = Cli.run("audit", file.toString());

    assertEquals(3, audit.status(), audit.err());
    assertEquals("", audit.err());
    assertTrue(audit.out().startsWith(file + ": 4 tensors in 1 file\n"), audit.out());
    String flat = audit.out().replaceAll("[ |]+", " ");
    assertTrue(flat.contains("2 tensors are F8_E4M3 (E4M3FN), with 6 numbers"), audit.out());
    assertTrue(flat.contains("1 of the numbers are NaN already"), audit.out());
    assertTrue(
        flat.contains(
            "2 numbers (33.3%) in 1 tensors exceed 240: read as Trainium's E4M3, 1 are infinite and"
                + " 1 NaN"),
        audit.out());
    assertTrue(flat.contains("\n a.weight 2x2 448 2 50.0% 1 1 "), audit.out());
    assertFalse(flat.contains("b.weight"), audit.out());
    assertTrue(Cli.run("audit", file.toString(), "--all").out().contains(" b.weight "));
  }

  @Test
  void namesDoNotSteerTheTerminal() throws IOException {
    Path file = folder.resolve("strange.safetensors");
    new SafetensorsWriter()
        .add("w\u001b[31m\n", SafetensorsType.F8_E4M3, new long[] {1}, bytes(0x7E))
        .write(file);
    Cli audit = Cli.run("audit", file.toString());
    assertEquals(3, audit.status(), audit.err());
    assertTrue(audit.out().contains(" w?[31m? "), audit.out());
    assertTrue(audit.out().contains("could take the factor: w?[31m?\n"), audit.out());
    assertFalse(audit.out().contains("\u001b"));
  }

  @Test
  void theJsonHasEveryTensor() throws IOException {
    Cli audit = Cli.run("audit", model().toString(), "--json");

    assertEquals(3, audit.status(), audit.err());
    JsonNode json = JsonMapper.shared().readTree(audit.out());
    assertEquals(2, json.get("exceeding").asLong());
    assertEquals(6, json.get("values").asLong());
    assertEquals(4, json.get("tensorCount").asInt());
    JsonNode a = json.get("tensors").get(0);
    assertEquals("a.weight", a.get("name").asString());
    assertEquals("a.weight_scale", a.get("scale").asString());
    assertEquals("F32", a.get("scaleType").asString());
    assertEquals(448, a.get("audit").get("largest").asDouble());
    assertEquals(1, a.get("audit").get("toInfinity").asLong());
    JsonNode b = json.get("tensors").get(1);
    assertTrue(b.get("scale").isNull());
    assertEquals(0, b.get("audit").get("exceeding").asLong());
    assertTrue(b.get("audit").get("documented").get("largestRelative").asDouble() > 0.8);
  }

  @Test
  void rescaledFilesPassTheAudit() throws IOException {
    Path file = model();
    Path out = folder.resolve("out.safetensors");
    Cli rescale = Cli.run("rescale", file.toString(), out.toString());

    assertEquals(0, rescale.status(), rescale.err());
    assertEquals(
        out
            + ": 1 tensors divided by 448/240, their scales multiplied by it; 14 bytes written\n"
            + "1 tensors without a scale fit and were kept\n",
        rescale.out());
    Cli audit = Cli.run("audit", out.toString());
    assertEquals(0, audit.status(), audit.err());
    assertTrue(audit.out().contains("no number exceeds 240"), audit.out());
    try (Arena arena = Arena.ofConfined()) {
      var model = SafetensorsCheckpoint.open(out, arena);
      assertArrayEquals(
          new byte[] {0x77, (byte) 0xF1, 0x31, 0x7F},
          model.entry("a.weight").data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(3 * (448.0f / 240.0f), model.tensor("a.weight_scale").get(0));
    }
  }

  @Test
  void halvingAndJson() throws IOException {
    Path out = folder.resolve("out.safetensors");
    Cli rescale =
        Cli.run("rescale", "--remedy", "halve", "--json", model().toString(), out.toString());

    assertEquals(0, rescale.status(), rescale.err());
    JsonNode json = JsonMapper.shared().readTree(rescale.out());
    assertEquals("2", json.get("remedy").asString());
    assertEquals(1, json.get("rescaled").asInt());
    assertEquals(14, json.get("bytes").asLong());
    try (Arena arena = Arena.ofConfined()) {
      var model = SafetensorsCheckpoint.open(out, arena);
      assertEquals(0x76, model.tensor("a.weight").code(0, 0));
      assertEquals(6, model.tensor("a.weight_scale").get(0));
    }
  }

  @Test
  void whatIsThereIsReplacedOnDemandOnly() throws IOException {
    String in = model().toString();
    Path out = Files.writeString(folder.resolve("out.safetensors"), "old");
    Cli refused = Cli.run("rescale", in, out.toString());

    assertEquals(1, refused.status());
    assertEquals(
        "octavo rescale: " + out + " is there already; --force replaces it\n", refused.err());
    assertEquals("old", Files.readString(out));
    assertEquals(0, Cli.run("rescale", "--force", in, out.toString()).status());
    assertEquals(0, Cli.run("audit", out.toString()).status());
    assertEquals(1, Cli.run("rescale", "--force", in, folder.toString()).status());
  }

  @Test
  void mistakesAreSaidInOneLine() throws IOException {
    Path text = Files.writeString(folder.resolve("text.safetensors"), "no such file at all");
    mistake(2, "Missing required parameter: 'FILE'", "audit");
    mistake(2, "Missing required parameter: 'OUT'", "rescale", "x");
    mistake(2, "--remedy", "rescale", "--remedy", "none", "x", "y");
    mistake(1, "no such file: nowhere", "audit", "nowhere");
    mistake(1, "no such file: nowhere", "rescale", "nowhere", "out");
    mistake(1, "text.safetensors: at byte 0: a header of ", "audit", text.toString());
    Path none = Files.createDirectory(folder.resolve("none"));
    mistake(1, "no file in this folder ends in .safetensors", "audit", none.toString());
    Path plain = folder.resolve("plain.safetensors");
    new SafetensorsWriter().add("x", Tensor.of(new float[] {1}, 1)).write(plain);
    mistake(
        1,
        "has no F8_E4M3 tensor; there is nothing to rescale",
        "rescale",
        plain.toString(),
        folder.resolve("o").toString());
    Cli audit = Cli.run("audit", plain.toString());
    assertEquals(0, audit.status());
    assertTrue(audit.out().endsWith("no F8_E4M3 tensors: nothing to check\n"), audit.out());
  }

  private static void mistake(int status, String message, String... arguments) {
    Cli result = Cli.run(arguments);
    assertEquals(status, result.status(), result.err());
    assertEquals("", result.out());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(message), result.err());
  }

  @Test
  void twoThousandTensorsInTwoFiles() throws IOException {
    int count = 2000;
    Path many = Files.createDirectory(folder.resolve("many"));
    var weights = new SafetensorsWriter();
    var scales = new SafetensorsWriter();
    for (int i = 0; i < count; i++) {
      String name = "model.layers." + i + ".mlp.weight";
      int code = i % 2 == 0 ? 0x7E : 0x77;
      weights.add(
          name,
          SafetensorsType.F8_E4M3,
          new long[] {8, 129},
          (offset, target) -> target.fill((byte) code));
      scales.add(name + "_scale_inv", Tensor.of(new float[] {i, i + 1}, 1, 2));
    }
    weights.write(many.resolve("model-00001-of-00002.safetensors"));
    scales.write(many.resolve("model-00002-of-00002.safetensors"));
    Cli audit = Cli.run("audit", many.toString());

    assertEquals(3, audit.status(), audit.err());
    assertTrue(audit.out().contains("4,000 tensors in 2 files"), audit.out());
    assertTrue(audit.out().contains("1,032,000 numbers (50.0%) in 1,000 tensors"), audit.out());
    assertTrue(audit.out().contains("and 960 more: --all lists every tensor"), audit.out());
    Path out = folder.resolve("out");
    Cli rescale = Cli.run("rescale", many.toString(), out.toString());
    assertEquals(0, rescale.status(), rescale.err());
    assertTrue(rescale.out().contains(": 2,000 tensors divided by 448/240"), rescale.out());
    assertEquals(0, Cli.run("audit", out.toString()).status());
  }

  @Test
  void aFileBeyondTwoGibibytes() throws IOException {
    long large = (9L << 30) / 4;
    String header =
        "{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(large, large);
    Path file = folder.resolve("large.safetensors");
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] start = header.getBytes(StandardCharsets.UTF_8);
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(start.length).array());
      out.write(start);
      out.seek(8 + start.length + large - 1);
      out.write(0x7E);
    }
    Cli audit = Cli.run("audit", file.toString());
    assertEquals(3, audit.status(), audit.err());
    assertTrue(audit.out().contains("with 2,415,919,104 numbers"), audit.out());
    assertTrue(audit.out().contains("1 of the tensors have no scale"), audit.out());
    Cli rescale = Cli.run("rescale", file.toString(), folder.resolve("out").toString());
    assertEquals(1, rescale.status());
    assertTrue(rescale.err().contains("has no scale, and 1 numbers beyond 240"), rescale.err());
  }
}
