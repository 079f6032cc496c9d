package octavo.natives.jni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import octavo.natives.NativeLibrary;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.Overrides;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

@EnabledIf(value = "octavo.natives.Built#orRequired", disabledReason = "no C++ compiler")
class JniLibraryTest {

  private final Location.Found built =
      assertInstanceOf(Location.Found.class, NativeLibrary.locate(Overrides.ofSystemProperties()));

  @Test
  void missingCallLibraryIsNamed(@TempDir Path directory) throws IOException {
    Location.Found found = new Location.Found(directory);
    Files.copy(built.kernels(), found.kernels());
    String reason = refusal(found);
    assertTrue(reason.contains(found.jni().getFileName().toString()), reason);
    assertTrue(reason.contains("ffm"), reason);
  }

  @Test
  void missingKernelLibraryIsNamed(@TempDir Path directory) throws IOException {
    Location.Found found = new Location.Found(directory);
    Files.copy(built.jni(), found.jni());
    assertTrue(refusal(found).contains(found.kernels().toString()));
  }

  @Test
  void damagedCallLibraryIsRefused(@TempDir Path directory) throws IOException {
    Location.Found found = new Location.Found(directory);
    Files.copy(built.kernels(), found.kernels());
    Files.writeString(found.jni(), "no library");
    assertTrue(refusal(found).contains("damaged"));
  }

  @Test
  void libraryIsLoadedOnceAndFits() {
    JniLibrary.Attempt first = JniLibrary.load(built);
    assertSame(
        assertInstanceOf(JniLibrary.Loaded.class, first),
        JniLibrary.load(new Location.Found(Path.of("elsewhere"))));
    assertEquals(Octavo.OCT_ABI_VERSION, Octavo.oct_abi_version());
  }

  private static String refusal(Location.Found found) {
    return assertInstanceOf(JniLibrary.Refused.class, JniLibrary.tryLoad(found)).reason();
  }
}
