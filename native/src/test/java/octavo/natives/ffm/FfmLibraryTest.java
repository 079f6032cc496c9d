package octavo.natives.ffm;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import octavo.natives.Binding;
import octavo.natives.NativeLibrary;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.Isa;
import octavo.spi.Overrides;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

@EnabledIf(value = "octavo.natives.Built#orRequired", disabledReason = "no C++ compiler")
class FfmLibraryTest {

  private static final Location.Found BUILT =
      assertInstanceOf(Location.Found.class, NativeLibrary.locate(Overrides.ofSystemProperties()));

  @Test
  void libraryOfThisBuildFits() {
    try (Arena arena = Arena.ofConfined()) {
      FfmLibrary.Loaded loaded =
          assertInstanceOf(
              FfmLibrary.Loaded.class,
              FfmLibrary.open(BUILT.kernels(), arena, Binding.ABI_VERSION));
      assertTrue(
          loaded.tiers().stream().anyMatch(tier -> tier.isa() == Isa.PORTABLE && tier.runs()),
          loaded::toString);
      assertTrue(loaded.detail().contains(BUILT.kernels().toString()), loaded.detail());
    }
  }

  @Test
  void libraryIsLoadedOnce() {
    FfmLibrary.Attempt first = FfmLibrary.load(BUILT.kernels());
    assertSame(first, FfmLibrary.load(Path.of("elsewhere")));
  }

  @Test
  void otherInterfaceIsRefusedWithBothVersions() {
    String reason = refusal(BUILT.kernels(), Binding.ABI_VERSION + 1);
    assertTrue(reason.contains("has version " + Binding.ABI_VERSION), reason);
    assertTrue(reason.contains("needs " + (Binding.ABI_VERSION + 1)), reason);
  }

  @Test
  void missingFileIsNamed(@TempDir Path directory) {
    Path file = directory.resolve("liboctavo.so");
    assertTrue(refusal(file, Binding.ABI_VERSION).contains(file.toString()));
  }

  @Test
  void damagedFilesAreRefused(@TempDir Path directory) throws IOException {
    Path text = Files.writeString(directory.resolve("text.so"), "This is no library.\n".repeat(99));
    Path empty = Files.createFile(directory.resolve("empty.so"));
    byte[] library = Files.readAllBytes(BUILT.kernels());
    Path half = directory.resolve("half.so");
    Files.write(half, java.util.Arrays.copyOf(library, 2000));
    for (Path file : new Path[] {text, empty, half}) {
      String reason = refusal(file, Binding.ABI_VERSION);
      assertTrue(reason.contains(file.toString()), reason);
      assertTrue(reason.contains("cannot be loaded"), reason);
    }
    assertTrue(refusal(text, Binding.ABI_VERSION).contains("damaged"));
  }

  @Test
  void otherLibraryIsRefused() {
    Path java = Path.of(System.getProperty("java.home"), "lib", System.mapLibraryName("zip"));
    String reason = refusal(java, Binding.ABI_VERSION);
    assertTrue(reason.contains("is not Octavo's library"), reason);
  }

  private static String refusal(Path file, int abi) {
    try (Arena arena = Arena.ofConfined()) {
      return assertInstanceOf(FfmLibrary.Refused.class, FfmLibrary.open(file, arena, abi)).reason();
    }
  }
}
