package octavo.natives.jni;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import octavo.natives.Binding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedBindingTest {

  @Test
  void committedBindingIsWhatJavaCppMakesOfTheHeader(@TempDir Path directory) throws Exception {
    String generated = BindingGenerator.generate(BindingGenerator.HEADER, directory);
    if (System.getProperty("binding", "").equals("write")) {
      Files.writeString(BindingGenerator.COMMITTED, generated);
    }
    assertEquals(
        generated,
        Files.readString(BindingGenerator.COMMITTED),
        "octavo.h has changed; to write the binding again: " + BindingGenerator.COMMAND);
  }

  @Test
  void constantsOfTheSharedBindingAreThoseOfTheHeader() {
    assertEquals(Octavo.OCT_ABI_VERSION, Binding.ABI_VERSION);
    assertEquals(Octavo.OCT_OK, Binding.OK);
    assertEquals(Octavo.OCT_ERROR_MEMORY, Binding.ERROR_MEMORY);
    assertEquals(Octavo.OCT_NO_SCALES, Binding.NO_SCALES);
    assertEquals(Octavo.OCT_NO_RESIDUAL, Binding.NO_RESIDUAL);
  }
}
