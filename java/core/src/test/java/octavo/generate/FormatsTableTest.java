package octavo.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import octavo.format.Format;
import octavo.format.Formats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormatsTableTest {

  /** A README without the markers fails in {@link MarkedSection#in}, which says what is missing. */
  @Test
  void theReadmeIsCurrent() {
    Path readme = Project.root().resolve("README.md");
    if (Files.exists(readme)) {
      assertEquals(
          FormatsTable.text().strip(),
          FormatsTable.SECTION.in(Project.read(readme)),
          "the tables in README.md are not what Formats says; run: " + FormatsTable.COMMAND);
    }
  }

  @Test
  void everyFormatHasARow() {
    String text = FormatsTable.text();
    for (Format format : Formats.all()) {
      assertEquals(2, text.split("\n\\| " + format.name() + " \\|", -1).length, format.name());
    }
  }

  @Test
  void rowsSayWhatTheSpecificationsSay() {
    String text = FormatsTable.text();
    for (String row :
        new String[] {
          "| E4M3FN | 8 | 1/4/3 | 7 | 448 | 2^-6 | 2^-9 | none | 0x7F (±) |",
          "| E4M3 | 8 | 1/4/3 | 7 | 240 | 2^-6 | 2^-9 | 0x78 (±) | above Inf |",
          "| E3M4 | 8 | 1/3/4 | 3 | 15.5 | 0.25 | 2^-6 | 0x70 (±) | above Inf |",
          "| E2M1 | 4 | 1/2/1 | 1 | 6 | 1 | 0.5 | none | none |",
          "| E8M0 | 8 | 0/8/0 | 127 | 2^127 | 2^-127 | none | none | 0xFF |",
          "| E5M2FNUZ | 8 | 1/5/2 | 16 | 57344 | 2^-15 | 2^-17 | none | 0x80 |",
          "| BF16 | 16 | 1/8/7 | 127 | (2 - 2^-7) * 2^127 | 2^-126 | 2^-133 | 0x7F80 (±) | above Inf |",
          "| INT8_FIXED6 | 8 | integer / 2^6 |  | 1.984375 |  |  | none | none |",
          "| MXFP4 | E2M1 | 1 x 32 | E8M0 | 4.25 |",
          "| NVFP4 | E2M1 | 1 x 16 | E4M3FN, FP32 for the tensor | 4.5 |",
          "| E4M3FN_ROW | E4M3FN | row | FP32 | 8 |",
          "| E4M3FN_128X128 | E4M3FN | 128 x 128 | FP32 | 8.002 |"
        }) {
      assertTrue(text.contains(row + "\n"), row + " is not in\n" + text);
    }
  }

  @Test
  void mainReplacesWhatIsBetweenTheMarkers(@TempDir Path root) throws IOException {
    Path readme = root.resolve("README.md");
    Files.writeString(readme, "# Title\n<!-- formats:begin -->\nold\n<!-- formats:end -->\nrest\n");
    FormatsTable.main(root.toString());
    String once = Files.readString(readme);
    assertTrue(once.startsWith("# Title\n<!-- formats:begin -->\n\n| element format |"));
    assertTrue(once.endsWith(" |\n\n<!-- formats:end -->\nrest\n"));
    FormatsTable.main(root.toString());
    assertEquals(once, Files.readString(readme));
    assertEquals(FormatsTable.text().strip(), FormatsTable.SECTION.in(once));
  }

  @Test
  void missingDoubledOrSwappedMarkersAreRefused() {
    MarkedSection section = new MarkedSection("kernels");
    String begin = "<!-- kernels:begin -->\n";
    String end = "<!-- kernels:end -->\n";
    for (String file :
        new String[] {"", begin, end, end + begin, begin + begin + end, begin + end + end}) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> section.in(file));
      assertEquals(
          "the text between <!-- kernels:begin --> and <!-- kernels:end --> is generated; each must"
              + " be there once, in this order",
          e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> section.replace(file, "text"));
    }
    assertEquals("text", section.in(begin + "\n text \n\n" + end));
  }
}
