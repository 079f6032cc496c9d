package octavo.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class CppCoefficientsTest {

  @Test
  void committedFileIsCurrent() throws IOException {
    assertEquals(
        CppCoefficients.text(),
        Files.readString(Project.root().resolve(CppCoefficients.PATH)),
        "Coefficients have changed: run octavo.generate.CppCoefficients");
  }

  @Test
  void numbersAreWrittenExactly() {
    assertTrue(CppCoefficients.text().contains("static constexpr float ROUNDER = 0x1.8p23f;"));
    assertTrue(
        CppCoefficients.text().contains("static constexpr int32_t ROUNDER_BITS = 0x4B400000;"));
  }
}
