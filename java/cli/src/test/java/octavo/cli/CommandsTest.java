package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.spi.Overrides;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "audit", "demo", "explain", "formats", "info", "matrix", "rescale"})
  void everyCommandHasHelp(String command) {
    Cli help = command.isEmpty() ? Cli.run("--help") : Cli.run(command, "--help");

    assertEquals(0, help.status());
    assertTrue(help.out().startsWith(("Usage: octavo " + command).strip()), help.out());
    assertEquals("", help.err());
  }

  @Test
  void versionNamesTheLibrary() {
    Cli version = Cli.run("--version");

    assertEquals(0, version.status());
    assertTrue(version.out().startsWith("octavo "), version.out());
  }

  @Test
  void infoShowsHostAndEveryBackend() {
    Cli info = Cli.run("info");

    assertEquals(0, info.status(), info.err());
    for (String backend : Overrides.BACKENDS) {
      assertTrue(info.out().contains("\n" + backend), info.out());
    }
    assertTrue(info.out().contains("overrides "), info.out());
    assertTrue(info.out().contains("kernels   reference "), info.out());
  }

  @Test
  void infoShowsSettingsOfTheCommandLine() {
    Cli info = Cli.run("info", "-Doctavo.disable=vector");

    assertEquals(0, info.status(), info.err());
    assertTrue(info.out().contains("octavo.disable=vector"), info.out());
  }

  @Test
  void formatsListsEveryFormatOnce() {
    Cli formats = Cli.run("formats");

    assertEquals(0, formats.status(), formats.err());
    for (Format format : Formats.all()) {
      long lines =
          formats.out().lines().filter(line -> line.startsWith(" " + format.name() + " ")).count();
      assertEquals(1, lines, format.name());
    }
  }

  @Test
  void formatsShowsWhatTheSpecificationsSay() {
    List<String> lines =
        Cli.run("formats").out().lines().map(line -> line.replaceAll("[ |]+", " ")).toList();

    assertTrue(lines.contains(" E4M3FN 8 8 4 3 7 448 0.015625 0.001953125 - yes"), lines::toString);
    assertTrue(lines.contains(" E2M1 4 4 2 1 1 6 1 0.5 - -"), lines::toString);
    assertTrue(lines.contains(" MXFP4 E2M1 1 x 32 E8M0 - 4.25"), lines::toString);
    assertTrue(lines.contains(" NVFP4 E2M1 1 x 16 E4M3FN FP32 4.5"), lines::toString);
  }

  @Test
  void explainNamesTheChosenKernel() {
    Cli explain =
        Cli.run(
            "explain",
            "--a",
            "fp32",
            "--b",
            "mxfp4",
            "-m",
            "1",
            "-n",
            "4096",
            "-k",
            "4096",
            "--out",
            "bf16",
            "-Doctavo.backend=reference");

    assertEquals(0, explain.status(), explain.err());
    assertTrue(
        explain
            .out()
            .startsWith("matmul  FP32 [1 x 4096] * MXFP4 [4096 x 4096]T -> BF16 [1 x 4096]\n"),
        explain.out());
    assertTrue(explain.out().contains("chosen    reference/matmul.block"), explain.out());
  }

  @Test
  void explainTakesNoMemoryForTheMatrices() {
    // 2^40 x 1024 FP32 numbers would be 4 PiB.
    Cli explain =
        Cli.run("explain", "--b", "FP32", "-m", "1", "-n", "1099511627776", "-k", "1024", "--bias");

    assertEquals(0, explain.status(), explain.err());
    assertTrue(explain.out().contains("FP32 [1099511627776 x 1024]T"), explain.out());
    assertTrue(explain.out().contains("+ bias"), explain.out());
  }

  @Test
  void explainShowsEveryReasonIfNoKernelCanRun() {
    Cli explain =
        Cli.run(
            "explain",
            "--b",
            "FP32",
            "-m",
            "1",
            "-n",
            "1",
            "-k",
            "1",
            "-Doctavo.disable=reference,scalar,vector,ffm,jni");

    assertEquals(1, explain.status());
    assertEquals("octavo explain: no kernel can run this call\n", explain.err());
    assertTrue(explain.out().contains("rejected"), explain.out());
    assertTrue(explain.out().contains("-Doctavo.disable="), explain.out());
  }
}
