package octavo.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CppFormatsTest {

  @Test
  void theCommittedFileIsCurrent() {
    Path file = Project.root().resolve(CppFormats.PATH);
    String remedy = "%s is not what Formats says; run: %s".formatted(file, CppFormats.COMMAND);
    assertTrue(Files.exists(file), remedy);
    assertEquals(CppFormats.text(), Project.read(file), remedy);
  }

  @Test
  void oneLineForEachFormatInOrder() {
    List<String> lines = CppFormats.text().lines().filter(line -> line.startsWith("OCT_")).toList();
    assertEquals(Formats.elements().size(), lines.size());
    for (int id = 0; id < lines.size(); id++) {
      String name = Formats.elements().get(id).name();
      assertTrue(lines.get(id).contains("(%d, %s, ".formatted(id, name)), lines.get(id));
    }
    assertEquals("OCT_FORMAT(0, FP32, 32, 8, 23, 127, 1, 1, IEEE, 1, 1)", lines.get(0));
    assertTrue(lines.contains("OCT_FORMAT(6, E4M3FN, 8, 4, 3, 7, 1, 0, ALL_ONES, 1, 1)"));
    assertTrue(lines.contains("OCT_FORMAT(14, E8M0, 8, 8, 0, 127, 0, 0, ALL_ONES, 0, 0)"));
    assertTrue(lines.contains("OCT_INTEGER_FORMAT(16, INT8_FIXED6, 8, 6, 1)"));
  }

  @Test
  void theFileSaysFirstThatItIsGeneratedAndHow() {
    List<String> lines = CppFormats.text().lines().limit(2).toList();
    assertTrue(lines.get(0).contains("Generated from octavo.format.Formats"));
    assertTrue(lines.get(1).contains(CppFormats.COMMAND));
  }

  @Test
  void mainWritesTheFile(@TempDir Path root) throws IOException {
    CppFormats.main(root.toString());
    assertEquals(CppFormats.text(), Files.readString(root.resolve(CppFormats.PATH)));
  }
}
