package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DemoTest {

  private static final List<String> FORMATS =
      List.of("FP32", "E4M3FN_ROW", "MXFP8_E4M3", "NVFP4", "MXFP4");

  @TempDir private static Path folder;

  private static Path model;

  @BeforeAll
  static void writeModel() throws IOException {
    model =
        new TinyModel()
            .layer("first", 64, 48)
            .layer("odd", 40, 8)
            .layer("second", 128, 16)
            .write(folder.resolve("tiny.onnx"));
  }

  private static JsonNode json(String... more) {
    String[] arguments = new String[4 + more.length];
    System.arraycopy(
        new String[] {"demo", "--json", "--model", model.toString()}, 0, arguments, 0, 4);
    System.arraycopy(more, 0, arguments, 4, more.length);
    Cli demo = Cli.run(arguments);
    assertEquals(0, demo.status(), demo.err());
    assertEquals("", demo.err());
    return JsonMapper.shared().readTree(demo.out());
  }

  private static Set<String> names(JsonNode object) {
    return new HashSet<>(object.propertyNames());
  }

  @Test
  void jsonHasTheDocumentedFields() {
    JsonNode report = json("--rows", "4");

    assertEquals(
        Set.of(
            "schema",
            "model",
            "activations",
            "machine",
            "backends",
            "formats",
            "bits",
            "explain",
            "seconds"),
        names(report));
    assertEquals(1, report.get("schema").asInt());
    assertEquals(
        Set.of("file", "matrices", "parameters", "parametersOfModel", "skipped"),
        names(report.get("model")));
    assertEquals(Set.of("rows", "seed", "distribution"), names(report.get("activations")));
    assertEquals(
        Set.of("os", "arch", "jdk", "processors", "cpuFeatures"), names(report.get("machine")));
    for (JsonNode backend : report.get("backends")) {
      assertEquals(Set.of("name", "ran", "detail"), names(backend));
    }
    for (JsonNode format : report.get("formats")) {
      assertEquals(
          Set.of(
              "format",
              "bitsPerWeight",
              "compression",
              "weightSqnrDb",
              "outputError",
              "runs",
              "bits"),
          names(format));
      for (JsonNode run : format.get("runs")) {
        assertEquals(
            Set.of("backend", "kernels", "milliseconds", "passes", "sha256", "mismatches", "note"),
            names(run));
      }
    }
  }

  @Test
  void reportSaysWhatWasUsedAndWhatWasNot() {
    JsonNode report = json("--rows", "3", "--seed", "5");

    assertEquals(2, report.at("/model/matrices").asInt());
    assertEquals(64 * 48 + 128 * 16, report.at("/model/parameters").asInt());
    assertEquals(64 * 48 + 40 * 8 + 128 * 16, report.at("/model/parametersOfModel").asInt());
    assertEquals("odd", report.at("/model/skipped/0/matrix").asString());
    assertEquals(
        "40 inputs (not a multiple of 32)", report.at("/model/skipped/0/reason").asString());
    assertEquals(3, report.at("/activations/rows").asInt());
    assertEquals(5, report.at("/activations/seed").asInt());
  }

  @Test
  void memoryCountsScales() {
    JsonNode formats = json("--rows", "1").get("formats");

    assertEquals(FORMATS, formats.valueStream().map(f -> f.get("format").asString()).toList());
    double weights = 64 * 48 + 128 * 16;
    // 32 bits for each of 64 rows; 8 bits per 32; 8 bits per 16, and 32 for each of two matrices.
    double[] bits = {
      32, 8 + 32 * 64 / weights, 8.25, 4 + 8 / 16.0 + 2 * 32 / weights, 4.25,
    };
    for (int f = 0; f < bits.length; f++) {
      assertEquals(bits[f], formats.get(f).get("bitsPerWeight").asDouble(), 1e-9);
      assertEquals(32 / bits[f], formats.get(f).get("compression").asDouble(), 1e-9);
    }
  }

  @Test
  void accuracyFallsWithTheBits() {
    JsonNode formats = json("--rows", "8").get("formats");

    assertTrue(formats.get(0).get("weightSqnrDb").isNull());
    assertEquals(0, formats.get(0).get("outputError").asDouble());
    for (int f = 1; f < FORMATS.size(); f++) {
      boolean eightBits = f <= 2;
      double sqnr = formats.get(f).get("weightSqnrDb").asDouble();
      double error = formats.get(f).get("outputError").asDouble();
      assertTrue(eightBits ? sqnr > 20 && sqnr < 45 : sqnr > 12 && sqnr < 28, "SQNR " + sqnr);
      assertTrue(eightBits ? error < 0.1 : error > 0.03 && error < 0.3, "error " + error);
    }
  }

  @Test
  void weightsThatAFormatHasAreExact() throws IOException {
    float[] powers = new float[32 * 4];
    for (int i = 0; i < powers.length; i++) {
      powers[i] = (i % 3 - 1) * 0.5f;
    }
    Path exact = new TinyModel().layer("powers", 32, 4, powers).write(folder.resolve("exact.onnx"));
    Cli demo = Cli.run("demo", "--json", "--model", exact.toString(), "--rows", "2");
    JsonNode formats = JsonMapper.shared().readTree(demo.out()).get("formats");

    JsonNode mxfp4 = formats.get(FORMATS.indexOf("MXFP4"));
    assertTrue(mxfp4.get("weightSqnrDb").isNull());
    assertEquals(0, mxfp4.get("outputError").asDouble());
  }

  @Test
  void everyBackendThatRanHasARunOfEveryFormat() {
    JsonNode report = json("--rows", "2");
    List<String> ran =
        report
            .get("backends")
            .valueStream()
            .filter(backend -> backend.get("ran").asBoolean())
            .map(backend -> backend.get("name").asString())
            .toList();

    assertTrue(ran.contains("reference"), ran::toString);
    for (JsonNode format : report.get("formats")) {
      List<String> runs =
          format.get("runs").valueStream().map(run -> run.get("backend").asString()).toList();
      assertEquals(ran, runs);
      assertNotEquals("different", format.get("bits").asString());
      Set<String> digests = new HashSet<>();
      for (JsonNode run : format.get("runs")) {
        if (!run.get("milliseconds").isNull()) {
          digests.add(run.get("sha256").asString());
          assertTrue(run.get("milliseconds").asDouble() > 0);
          assertTrue(
              run.at("/kernels/0").asString().startsWith(run.get("backend").asString() + "/"));
        }
      }
      assertEquals(1, digests.size());
    }
  }

  @Test
  void excludedBackendsDoNotRun() {
    JsonNode report = json("--rows", "1", "-Doctavo.backend=reference");

    for (JsonNode backend : report.get("backends")) {
      assertEquals(
          backend.get("name").asString().equals("reference"), backend.get("ran").asBoolean());
    }
    assertEquals("not compared", report.get("bits").asString());
  }

  @Test
  void equalSeedsGiveEqualBits() {
    String digest = "/formats/4/runs/0/sha256";
    String first = json("--rows", "2", "--seed", "1").at(digest).asString();

    assertEquals(first, json("--rows", "2", "--seed", "1").at(digest).asString());
    assertNotEquals(first, json("--rows", "2", "--seed", "2").at(digest).asString());
  }

  @Test
  void maxParametersLeavesOutWhatIsBeyond() {
    JsonNode report = json("--rows", "1", "--max-parameters", "4000");

    assertEquals(1, report.at("/model/matrices").asInt());
    assertTrue(
        report.at("/model/skipped").toString().contains("weights beyond 4000 in all"),
        report::toString);
  }

  @Test
  void textShowsTableVerdictAndPlan() {
    Cli demo = Cli.run("demo", "--model", model.toString(), "--rows", "2");

    assertEquals(0, demo.status(), demo.err());
    assertEquals("", demo.err());
    for (String format : FORMATS) {
      assertTrue(
          demo.out().lines().anyMatch(line -> line.startsWith(" " + format + " ")), demo.out());
    }
    assertTrue(demo.out().contains("2 matrices, 5,120 of the model's 5,440 parameters"));
    assertTrue(
        demo.out().contains("left out     1 with 40 inputs (not a multiple of 32): odd\n"),
        demo.out());
    assertTrue(demo.out().contains("\nBits: "), demo.out());
    assertTrue(demo.out().contains("  chosen    "), demo.out());
    assertFalse(demo.out().contains("null"), demo.out());
  }

  @Test
  void aModelInAJarIsUnpackedToTheCacheAndGivesTheSameBits() throws IOException {
    Path jar =
        new TinyModel()
            .layer("first", 64, 48)
            .layer("odd", 40, 8)
            .layer("second", 128, 16)
            .writeJar(folder.resolve("tiny.jar"), "models/tiny.onnx");
    Path cache = folder.resolve("cache");
    Cli demo =
        Cli.run(
            "demo",
            "--json",
            "--rows",
            "2",
            "--model",
            jar.toString(),
            "--cache",
            cache.toString());

    assertEquals(0, demo.status(), demo.err());
    String digest = "/formats/1/runs/0/sha256";
    assertEquals(
        json("--rows", "2").at(digest).asString(),
        JsonMapper.shared().readTree(demo.out()).at(digest).asString());
    try (var files = Files.list(cache)) {
      assertEquals(1, files.count());
    }
  }
}
