package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import octavo.checkpoint.OnnxCheckpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest {

  @TempDir private Path folder;

  @AfterEach
  void forgetProperty() {
    System.clearProperty(ModelFile.PROPERTY);
  }

  @Test
  void aFolderIsSearchedForJars() throws IOException {
    Files.createFile(folder.resolve("notes.txt"));
    Path jar = new TinyModel().layer("w", 32, 8).writeJar(folder.resolve("m.jar"), "m.onnx");
    System.setProperty(ModelFile.PROPERTY, folder.toString());

    assertEquals(new ModelFile(jar, folder), ModelFile.bundled());
  }

  @Test
  void aFileIsTakenAsItIs() throws IOException {
    Path model = new TinyModel().layer("w", 32, 8).write(folder.resolve("m.onnx"));
    System.setProperty(ModelFile.PROPERTY, model.toString());

    assertEquals(model, ModelFile.bundled().file());
  }

  @Test
  void anEmptyFolderNamesTheRemedy() {
    System.setProperty(ModelFile.PROPERTY, folder.toString());

    var failure = assertThrows(CommandFailure.class, ModelFile::bundled);

    assertTrue(failure.getMessage().contains("--model FILE"), failure::getMessage);
    assertTrue(failure.getMessage().contains(folder.toString()), failure::getMessage);
  }

  @Test
  void theBundledModelIsAllMiniLm() throws IOException {
    Path models = Path.of("target", "models");
    assumeFalse(Boolean.getBoolean("models.skip"), "built without the model");
    assertTrue(Files.isDirectory(models), "the build copies the model to " + models);

    try (Arena arena = Arena.ofShared()) {
      OnnxCheckpoint model = ModelFile.bundled().open(arena);

      // 6 layers of 4 attention matrices and 2 of the feed-forward network.
      assertEquals(36, ModelWeights.count(model));
      assertEquals(
          6L * (4 * 384 * 384 + 2 * 384 * 1536),
          model.matmulWeights().stream().mapToLong(layer -> layer.weight().elementCount()).sum());
    }
  }
}
