package octavo.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuickStartTest {

  @Test
  void theSampleRuns() {
    var captured = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      QuickStart.main(new String[0]);
    } finally {
      System.setOut(before);
    }
    List<String> lines = captured.toString(StandardCharsets.UTF_8).lines().toList();

    // 64 products of 0.5 and 1.5, both exact in MXFP4; half a byte each and a scale for every 32.
    assertEquals("FP32 [2, 8], the first number is 48.0", lines.get(0));
    assertEquals("weights: 272 bytes of 2048", lines.get(1));
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("  chosen ")), lines::toString);
  }
}
