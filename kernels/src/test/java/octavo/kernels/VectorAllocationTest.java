package octavo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import octavo.kernels.vector.Species;
import octavo.kernels.vector.Width;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * After warm-up no call allocates: what boxes vectors, and so runs a hundred times slower, shows
 * here on the noisiest machine. When C2 compiles a loop is chance, and with it what it has seen by
 * then, so a second process is tried before a loop counts as one that boxes.
 */
class VectorAllocationTest {

  /** The widths that the host has. */
  static Stream<Width> widths() {
    return Stream.of(Width.values()).filter(width -> width.bits() <= Species.preferredBits());
  }

  @ParameterizedTest
  @MethodSource("widths")
  void callsAllocateNothingOnceWarm(Width width) throws IOException, InterruptedException {
    Run first = probe(width);
    Run last = first.exit() == 0 ? first : probe(width);
    assertEquals(0, last.exit(), () -> first.output() + "\n and again:\n" + last.output());
  }

  private static Run probe(Width width) throws IOException, InterruptedException {
    Run run = run("--add-modules", "jdk.incubator.vector", "-Doctavo.vector.bits=" + width.bits());
    System.out.print(run.output());
    return run;
  }

  @Test
  void withoutTheModuleTheBackendIsAbsentAndNamesTheFlag()
      throws IOException, InterruptedException {
    Run run = run();
    assertEquals(0, run.exit(), run.output());
    assertTrue(run.output().contains("--add-modules jdk.incubator.vector"), run.output());
  }

  private record Run(int exit, String output) {}

  private static Run run(String... flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), AllocationProbe.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }
}
