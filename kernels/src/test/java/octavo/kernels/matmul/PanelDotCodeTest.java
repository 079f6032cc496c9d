package octavo.kernels.matmul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.util.List;
import java.util.stream.Stream;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.kernels.vector.TemplateBytecodeTest;
import octavo.kernels.vector.Width;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What C2 needs of the classes that are written, and what the verifier says of them. */
class PanelDotCodeTest {

  private final TemplateBytecodeTest rules = new TemplateBytecodeTest();

  static Stream<ElementFormat> formats() {
    return Formats.elements().stream().filter(format -> InPlace.of(format) != null);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void classesKeepTheRulesOfTemplates(ElementFormat format) {
    InPlace decoding = InPlace.of(format);
    assertNotNull(decoding);
    for (Width width : Width.values()) {
      for (boolean runs : new boolean[] {false, true}) {
        for (int rows = 1; rows <= 4; rows *= 2) {
          byte[] code = PanelDotCode.of(decoding, width.lanes(), rows, 4 / rows, runs);
          assertEquals(List.of(), ClassFile.of().verify(code));
          ClassModel model = ClassFile.of().parse(code);
          rules.speciesComeFromConstantsOnly(model);
          rules.leavesCallTheVectorApiAndConstantsOnly(model);
          rules.leavesAreCompiledAndTilesAreNotInlined(model);
        }
      }
    }
  }

  @Test
  void everyRowCountIsMadeOfShapes() {
    InPlace decoding = InPlace.of(Formats.E4M3FN);
    assertNotNull(decoding);
    List<PanelDot> shapes = PanelDot.of(Width.BITS_128, decoding, false);
    assertEquals(List.of(4, 2, 1), shapes.stream().map(PanelDot::rows).toList());
    assertEquals(List.of(1, 2, 4), shapes.stream().map(PanelDot::panels).toList());
  }
}
