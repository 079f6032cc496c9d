package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is wrong: one line on standard error, nothing else, and a status that is not 0. */
class ErrorsTest {

  private static final int FAILURE = 1;
  private static final int USAGE = 2;

  @TempDir private static Path folder;

  static Stream<Arguments> mistakes() {
    return Stream.of(
        mistake(USAGE, "no command given", ""),
        mistake(USAGE, "demmo", "demmo"),
        mistake(USAGE, "Unknown option: '--nope'", "info --nope"),
        mistake(USAGE, "Missing required option: '--b=FORMAT'", "explain -m 1 -n 1 -k 1"),
        mistake(USAGE, "no format is called 'MXFP5'", "explain --b MXFP5 -m 1 -n 1 -k 32"),
        mistake(USAGE, "leaves 4 over: pad it to 128", "explain --b MXFP4 -m 1 -n 1 -k 100"),
        mistake(USAGE, "FP32, BF16", "explain --b MXFP4 --out FP16 -m 1 -n 1 -k 32"),
        mistake(USAGE, "-m is 0; it must be at least 1", "explain --b FP32 -m 0 -n 1 -k 1"),
        mistake(USAGE, "-n is -5", "explain --b FP32 -m 1 -n -5 -k 1"),
        mistake(USAGE, "-k is 99999999999", "explain --b FP32 -m 1 -n 1 -k 99999999999"),
        mistake(USAGE, "'x' is not a long", "explain --b FP32 -m x -n 1 -k 1"),
        mistake(USAGE, "no backend is called 'foo'", "info -Doctavo.backend=foo"),
        mistake(USAGE, "valid are", "demo -Doctavo.isa.max=avx1024"),
        mistake(USAGE, "no override is called 'octavo.bakend'", "info -Doctavo.bakend=jni"),
        mistake(USAGE, "-Dfoo: a setting's name begins with octavo.", "info -Dfoo=bar"),
        mistake(USAGE, "--rows is 0; it must be 1 to 1024", "demo --rows 0"),
        mistake(USAGE, "--rows is 1025", "demo --rows 1025"),
        mistake(USAGE, "'many' is not an int", "demo --rows many"),
        mistake(FAILURE, "no such file: nowhere.onnx", "demo --model nowhere.onnx"),
        mistake(FAILURE, "no such file: nowhere.md", "matrix --write nowhere.md"));
  }

  private static Arguments mistake(int status, String message, String line) {
    return arguments(status, message, line.isEmpty() ? List.of() : List.of(line.split(" ", -1)));
  }

  private static void assertOneLine(int status, String message, Cli result) {
    assertEquals(status, result.status(), result.err());
    assertEquals("", result.out());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().startsWith("octavo"), result.err());
    assertTrue(result.err().contains(message), result.err());
    assertFalse(result.err().contains("Exception"), result.err());
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void aMistakeIsSaidInOneLine(int status, String message, List<String> line) {
    assertOneLine(status, message, Cli.run(line.toArray(String[]::new)));
  }

  @Test
  void aSystemPropertyIsCheckedLikeASetting() {
    System.setProperty("octavo.backend", "foo");
    try {
      assertOneLine(USAGE, "no backend is called 'foo'", Cli.run("info"));
    } finally {
      System.clearProperty("octavo.backend");
    }
  }

  @Test
  void aRequiredBackendThatIsAbsentIsAFailure() {
    Cli all = Cli.run("info", "-Doctavo.require=reference,vector,ffm,jni");
    Cli info = Cli.run("info");
    boolean complete = info.out().lines().noneMatch(line -> line.contains("absent: "));

    if (complete) {
      assertEquals(0, all.status(), all.err());
    } else {
      assertOneLine(FAILURE, "is required by -Doctavo.require and absent", all);
    }
  }

  @Test
  void aFileThatIsNoModelIsAFailure() throws IOException {
    Path text = Files.writeString(folder.resolve("text.onnx"), "this is not an ONNX model\n");

    assertOneLine(FAILURE, "text.onnx", Cli.run("demo", "--model", text.toString()));
  }

  @Test
  void anEmptyFileIsAFailure() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty.onnx"));

    assertOneLine(FAILURE, "empty.onnx", Cli.run("demo", "--model", empty.toString()));
  }

  @Test
  void aFolderIsAFailure() {
    assertOneLine(
        FAILURE, "is a folder", Cli.run("demo", "--model", folder.toAbsolutePath().toString()));
  }

  @Test
  void aModelCutShortIsAFailure() throws IOException {
    byte[] whole = new TinyModel().layer("w", 32, 8).bytes();
    for (int length : new int[] {1, 10, whole.length / 2, whole.length - 1}) {
      Path cut = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, length));

      assertOneLine(FAILURE, "cut.onnx", Cli.run("demo", "--model", cut.toString()));
    }
  }

  @Test
  void aDamagedJarIsAFailure() throws IOException {
    Path jar = new TinyModel().layer("w", 32, 8).writeJar(folder.resolve("whole.jar"), "m.onnx");
    byte[] bytes = Files.readAllBytes(jar);
    Path cut = Files.write(folder.resolve("cut.jar"), Arrays.copyOf(bytes, bytes.length - 30));

    assertOneLine(
        FAILURE, "cut.jar", Cli.run("demo", "--model", cut.toString(), "--cache", cache()));
  }

  @Test
  void aJarWithoutModelIsAFailure() throws IOException {
    Path jar = new TinyModel().writeJar(folder.resolve("none.jar"));

    assertOneLine(FAILURE, "holds no .onnx file", Cli.run("demo", "--model", jar.toString()));
  }

  @Test
  void aJarWithTwoModelsIsAFailure() throws IOException {
    Path jar =
        new TinyModel()
            .layer("w", 32, 8)
            .writeJar(folder.resolve("two.jar"), "one.onnx", "two.onnx");

    assertOneLine(
        FAILURE, "holds [one.onnx, two.onnx]", Cli.run("demo", "--model", jar.toString()));
  }

  @Test
  void aCacheThatCannotBeWrittenIsAFailure() throws IOException {
    Path jar = new TinyModel().layer("w", 32, 8).writeJar(folder.resolve("good.jar"), "m.onnx");
    Path file = Files.createFile(folder.resolve("a-file"));

    assertOneLine(
        FAILURE,
        "a-file",
        Cli.run("demo", "--model", jar.toString(), "--cache", file.resolve("sub").toString()));
  }

  @Test
  void aModelWithoutUsableMatricesIsAFailure() throws IOException {
    Path model = new TinyModel().layer("odd", 33, 8).write(folder.resolve("odd.onnx"));

    assertOneLine(
        FAILURE,
        "no weight matrix that can be used; it has 1 with 33 inputs (not a multiple of 32): odd",
        Cli.run("demo", "--model", model.toString()));
  }

  @Test
  void aDocumentWithoutMarkersIsAFailure() throws IOException {
    Path readme = Files.writeString(folder.resolve("plain.md"), "nothing here\n");

    assertOneLine(
        FAILURE, "<!-- kernels:begin -->", Cli.run("matrix", "--write", readme.toString()));
  }

  @Test
  void theStackTraceIsShownOnDemand() {
    Cli result = Cli.run("demo", "--model", "nowhere.onnx", "--stacktrace");

    assertEquals(FAILURE, result.status());
    assertTrue(result.err().contains("NoSuchFileException"), result.err());
    assertTrue(result.err().contains("\tat "), result.err());
  }

  private static String cache() {
    return folder.resolve("cache").toString();
  }
}
