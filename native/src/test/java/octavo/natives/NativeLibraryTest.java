package octavo.natives;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.Overrides;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {

  private static final byte[] KERNELS = "kernels".getBytes(StandardCharsets.UTF_8);
  private static final SortedMap<String, byte[]> LIBRARIES =
      new TreeMap<>(
          Map.of(
              "liboctavo.so",
              KERNELS,
              "libjnioctavo.so",
              "calls".getBytes(StandardCharsets.UTF_8)));

  @Test
  void platformsHaveOneSpellingEach() {
    assertEquals("linux-x86_64", NativeLibrary.platform("Linux", "amd64"));
    assertEquals("linux-aarch64", NativeLibrary.platform("Linux", "aarch64"));
    assertEquals("macos-aarch64", NativeLibrary.platform("Mac OS X", "aarch64"));
    assertEquals("windows-x86_64", NativeLibrary.platform("Windows 11", "amd64"));
    assertEquals("linux-riscv64", NativeLibrary.platform("Linux", "riscv64"));
  }

  @Test
  void platformWithoutLibraryIsNamed() {
    Location location = NativeLibrary.locate(Overrides.NONE, "plan9-mips");
    assertTrue(
        reason(location).contains("no library for plan9-mips"), () -> "it says: " + location);
  }

  @Test
  void buildWithoutCompilerIsReportedInItsOwnWords() {
    Location location = NativeLibrary.locate(Overrides.NONE, "without-compiler");
    assertEquals(
        "the native library was not built: the machine had no C++ compiler: install g++ or clang++"
            + " and build again",
        reason(location));
  }

  @Test
  void givenDirectoryIsUsedInPlace(@TempDir Path directory) throws IOException {
    Files.createFile(directory.resolve(System.mapLibraryName("octavo")));
    Location location = NativeLibrary.locate(path(directory));
    assertEquals(directory, assertInstanceOf(Location.Found.class, location).directory());
  }

  @Test
  void givenDirectoryWithoutLibraryIsNamed(@TempDir Path directory) {
    String reason = reason(NativeLibrary.locate(path(directory)));
    assertTrue(reason.contains("-Doctavo.native.path=" + directory), reason);
    assertTrue(reason.contains(System.mapLibraryName("octavo")), reason);
  }

  @Test
  void copiesAreMadeOnceAndRepaired(@TempDir Path cache) throws IOException {
    Path first = extracted(cache);
    Path kernels = first.resolve("liboctavo.so");
    assertArrayEquals(KERNELS, Files.readAllBytes(kernels));
    Object written = Files.getLastModifiedTime(kernels);
    assertEquals(first, extracted(cache));
    assertEquals(written, Files.getLastModifiedTime(kernels), "an intact copy is left alone");

    Files.writeString(kernels, "half");
    assertEquals(first, extracted(cache));
    assertArrayEquals(KERNELS, Files.readAllBytes(kernels));
    try (Stream<Path> files = Files.list(first)) {
      assertEquals(2, files.count(), "nothing is left beside the libraries");
    }
  }

  @Test
  void otherContentsGoToAnotherDirectory(@TempDir Path cache) {
    Location other =
        NativeLibrary.extract(
            new TreeMap<>(Map.of("liboctavo.so", new byte[] {1, 2, 3})), cache.toString());
    assertTrue(!extracted(cache).equals(((Location.Found) other).directory()));
  }

  @Test
  void givenCacheThatCannotBeWrittenIsNamed(@TempDir Path directory) throws IOException {
    // Root may write to read-only directories, but not below a file.
    Path file = Files.createFile(directory.resolve("file"));
    String reason = reason(NativeLibrary.extract(LIBRARIES, file.resolve("cache").toString()));
    assertTrue(reason.contains("-Doctavo.native.cache=" + file), reason);
    assertTrue(reason.contains("may write to"), reason);
  }

  @Test
  void systemMessagesGetARemedy() {
    Path file = Path.of("liboctavo.so");
    assertContains(
        NativeLibrary.explain(file, "failed to map segment from shared object"), "noexec");
    assertContains(
        NativeLibrary.explain(file, "version `GLIBC_2.99' not found"), "built for a newer system");
    assertContains(NativeLibrary.explain(file, "invalid ELF header"), "damaged");
    assertContains(NativeLibrary.explain(file, "file too short"), "damaged");
    assertContains(
        NativeLibrary.explain(file, "liboctavo.so: cannot open shared object file"), "beside it");
  }

  @Test
  void refusalToRunNativeCodeNamesTheFlag() {
    assertContains(
        NativeLibrary.accessDenied(NativeLibraryTest.class.getModule()),
        "--enable-native-access=ALL-UNNAMED");
    assertContains(
        NativeLibrary.accessDenied(Object.class.getModule()), "--enable-native-access=java.base");
  }

  private static Overrides path(Path directory) {
    return Overrides.parse(Map.of("octavo.native.path", directory.toString()));
  }

  private static Path extracted(Path cache) {
    Location location = NativeLibrary.extract(LIBRARIES, cache.toString());
    return assertInstanceOf(Location.Found.class, location).directory();
  }

  private static String reason(Location location) {
    return assertInstanceOf(Location.Absent.class, location).reason();
  }

  private static void assertContains(String text, String part) {
    assertTrue(text.contains(part), text);
  }
}
