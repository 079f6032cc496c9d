package octavo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {

  private static final Machine MACHINE =
      new Machine("a processor", "fma", 1, List.of("L1 32K"), 1, "os", "jdk", "", "commit", "now");

  private static Results results(List<Figure> figures) {
    return new Results(
        MACHINE,
        List.of(new MachineLimits.Measured("FP32 FMA, 1 thread", "GFLOP/s", 100, 101)),
        List.of(),
        figures,
        List.of());
  }

  private static Figure figure(String id, double time) {
    return Figure.of(Subject.of(id), new double[] {time, 2 * time, 3 * time}, limits(), 0);
  }

  private static double[] limits() {
    return new double[] {50, 100, 150};
  }

  @Test
  void everySubjectIsWrittenOnceAndReadBackFromItsId() {
    for (boolean quick : new boolean[] {true, false}) {
      Set<String> ids = new HashSet<>();
      for (Subject subject : Suite.subjects(quick)) {
        assertTrue(ids.add(subject.id()), subject.id());
        assertEquals(subject, Subject.of(subject.id()));
        assertFalse(subject.shapeText().isEmpty());
        subject.family();
      }
    }
  }

  @Test
  void theQuickSubjectsAreAmongAll() {
    Set<Subject> all = new HashSet<>(Suite.subjects(false));
    for (Subject subject : Suite.subjects(true)) {
      assertTrue(all.contains(subject), subject.id());
    }
  }

  @Test
  void ratesFollowFromSizesAndTimes() {
    // 2 * 2 * 3 * 4 operations, 3 * 4 weights of a byte, 6 numbers of four bytes and one
    assertEquals(48, Subject.of("matmul/2x3x4/FP32*E4M3FN/ffm/1").rate(1));
    assertEquals(12, Subject.of("gemv/1x3x4/FP32*E4M3FN/ffm/1").rate(1));
    assertEquals(30, Subject.of("convert/2x3/FP32>E4M3FN/ffm/1").rate(1));
    assertEquals(4.25, Subject.bits("MXFP4"));
    assertEquals(4.5, Subject.bits("NVFP4"));
    assertEquals(8.25, Subject.bits("MXFP8_E4M3"));
  }

  @Test
  void mediansAndBests() {
    Figure figure = figure("matmul/2x3x4/FP32*E4M3FN/ffm/1", 1);
    assertEquals(24, figure.rate());
    assertEquals(48, figure.best());
    assertEquals(0.24, figure.share(), 1e-12);
    assertEquals(0.32, figure.bestShare(), 1e-12);
    assertEquals(1.5, Figure.quantile(new double[] {2, 1}, 0.5));
  }

  @Test
  void thePeerOfAFigureHasItsShapeThreadsAndWidth() {
    Figure octavo = figure("matmul/2x3x4/FP32*MXFP4/ffm/1", 1);
    Results results =
        results(
            List.of(
                octavo,
                figure("matmul/2x3x4/F32*MXFP4/ggml/1", 4),
                figure("matmul/2x3x4/F32*INT4/ONNX Runtime/1", 3),
                figure("matmul/2x3x4/F32*F32/OpenBLAS/1", 2),
                figure("matmul/2x3x4/F32*MXFP4/ggml/2", 1),
                figure("matmul/2x3x5/F32*MXFP4/ggml/1", 1)));
    assertEquals(
        "matmul/2x3x4/F32*INT4/ONNX Runtime/1", results.bestPeer(octavo).orElseThrow().subject());
    assertEquals(
        "matmul/2x3x4/F32*F32/OpenBLAS/1", results.openBlas(octavo).orElseThrow().subject());
    assertTrue(Tables.text(results).contains("3.00 ONNX Runtime INT4"));
    assertTrue(Summary.markdown(results).contains("| 8.00 ONNX Runtime F32 x INT4 |"));
  }

  @Test
  void mergingKeepsWhatWasNotMeasuredAgain() {
    Results earlier =
        results(
            List.of(
                figure("matmul/1024x1024x1024/FP32*FP32/vector/1", 9),
                figure("matmul/1024x1024x1024/FP32*FP32/ffm/1", 9)));
    Results merged =
        results(List.of(figure("matmul/1024x1024x1024/FP32*FP32/ffm/1", 5))).with(earlier);
    assertEquals(
        List.of(
            "matmul/1024x1024x1024/FP32*FP32/vector/1", "matmul/1024x1024x1024/FP32*FP32/ffm/1"),
        merged.figures().stream().map(Figure::subject).toList());
    assertEquals(5, merged.figures().getLast().bestTime());
  }

  @Test
  void filesHoldEverything(@TempDir Path folder) throws IOException {
    Results results = results(List.of(figure("call/1x16/FP32>E4M3FN/ffm/1", 90)));
    Path json = folder.resolve("results.json");
    results.write(json);
    assertEquals(results, Results.read(json));
    Path html = folder.resolve("results.html");
    Page.write(results, html);
    String page = Files.readString(html);
    assertTrue(page.contains("call/1x16/FP32>E4M3FN/ffm/1"));
    assertTrue(page.contains("echarts"));
    assertFalse(page.contains("<script src"), "the page must need nothing else");
    assertFalse(page.contains("/*RESULTS*/"));
  }

  @Test
  void expressionsThatFindNothingAreRefused() {
    List<Subject> subjects = Suite.subjects(true);
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> Main.chosen(subjects, List.of("nothing such")));
    assertTrue(refused.getMessage().contains("[nothing such]"), refused.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Main.chosen(subjects, List.of("(")));
  }
}
