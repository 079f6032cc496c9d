package octavo.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import octavo.Policy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyTableTest {

  private static final String TEXT = PolicyTable.text();

  @Test
  void theReadmeIsCurrent() {
    assertEquals(
        TEXT.strip(),
        PolicyTable.SECTION.in(Project.read(Project.root().resolve("README.md"))),
        "the tables in README.md are not what the policies do; run: " + PolicyTable.COMMAND);
  }

  /** Typed from OFP8's table, ml_dtypes, PyTorch's and ONNX's documentation, and ggml's source. */
  @Test
  void knownDifferencesAreThere() {
    for (String row :
        new String[] {
          "| E4M3FN | 2 | Inf | 448 | - | - | NaN 0x7F | NaN 0x7F | 448 | 448 | - |",
          "| E5M2 | 28704 | 61440 | 57344 | Inf | Inf | Inf | Inf | Inf | 57344 | - |",
          "| MXFP8_E4M3 | 500, 464 | 0x7F: 448, 448 | 0x80: 256, 224 | 0x7F: 448, 448 | - |",
          "| MXFP4 | 6, 3.5 (a tie) | 0x7F: 6, 4 | - | 0x7F: 6, 4 | 0x7F: 6, 3 |",
          "| MXFP4 | 6, -0.1 | 0x7F: 6, -0 | - | 0x7F: 6, -0 | 0x7F: 6, 0 |"
        }) {
      assertTrue(TEXT.contains("\n" + row + "\n"), row + " is not in\n" + TEXT);
    }
  }

  @Test
  void everyPolicyHasARow() {
    for (Policy policy : Policy.values()) {
      assertEquals(2, TEXT.split("\n\\| " + policy.name() + " \\|", -1).length, policy.name());
    }
  }

  @Test
  void mainReplacesWhatIsBetweenTheMarkers(@TempDir Path root) throws IOException {
    Path readme = root.resolve("README.md");
    Files.writeString(readme, "a\n<!-- policies:begin -->\nold\n<!-- policies:end -->\nb\n");
    PolicyTable.main(root.toString());
    assertEquals(TEXT.strip(), PolicyTable.SECTION.in(Files.readString(readme)));
  }
}
