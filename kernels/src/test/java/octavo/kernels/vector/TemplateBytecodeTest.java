package octavo.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import octavo.kernels.VectorProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What C2 needs of code with vectors, read from the class files. */
class TemplateBytecodeTest {

  private static final String API = "jdk/incubator/vector/";

  /** Larger methods C2 does not inline into their callers (FreqInlineSize), whatever these hold. */
  private static final int INLINED = 325;

  /** Larger methods C2 does not compile at all (HugeMethodLimit). */
  private static final int COMPILED = 8000;

  private static final Set<String> TEMPLATES =
      Set.of(
          "octavo/kernels/convert/EncoderLanes",
          "octavo/kernels/math/ActivatorLanes",
          "octavo/kernels/matmul/ChainTile5x2",
          "octavo/kernels/matmul/ChainTile8x2",
          "octavo/kernels/matmul/PanelDot16",
          "octavo/kernels/matmul/PanelDot32",
          "octavo/kernels/matmul/PanelDot4",
          "octavo/kernels/matmul/PanelDot8",
          "octavo/kernels/matmul/PanelDotInt8",
          "octavo/kernels/matmul/RunSumsLanes",
          "octavo/kernels/matmul/RunTile6x2",
          "octavo/kernels/matmul/RunTile8x2");

  static Stream<ClassModel> templates() throws IOException, URISyntaxException {
    return classes().stream().filter(model -> TEMPLATES.contains(name(model)));
  }

  @Test
  void onlyTemplatesAndSpeciesMentionTheVectorApi() throws IOException, URISyntaxException {
    Set<String> mentioning = new TreeSet<>();
    for (ClassModel model : classes()) {
      for (PoolEntry entry : model.constantPool()) {
        if ((entry instanceof Utf8Entry text && text.stringValue().contains(API))
            || (entry instanceof ClassEntry type && type.asInternalName().startsWith(API))) {
          mentioning.add(name(model));
        }
      }
    }
    Set<String> allowed = new TreeSet<>(TEMPLATES);
    allowed.add("octavo/kernels/vector/Species");
    assertEquals(allowed, mentioning);
  }

  @ParameterizedTest
  @MethodSource("templates")
  void speciesComeFromConstantsOnly(ClassModel template) {
    template
        .fields()
        .forEach(field -> {
          boolean vectors = field.fieldType().stringValue().contains(API);
          Set<AccessFlag> flags = field.flags().flags();
          assertTrue(
              !vectors || (flags.contains(AccessFlag.STATIC) && flags.contains(AccessFlag.FINAL)),
              field.fieldName() + " is no constant");
          assertTrue(
              !vectors || field.fieldType().stringValue().endsWith("VectorSpecies;"),
              field.fieldName() + " holds a vector");
        });
    for (MethodModel method : template.methods()) {
      assertFalse(
          method.methodType().stringValue().contains(API),
          method.methodName() + " takes or returns a species or a vector");
    }
  }

  @ParameterizedTest
  @MethodSource("templates")
  void leavesCallTheVectorApiAndConstantsOnly(ClassModel template) {
    for (MethodModel method : template.methods()) {
      if (method.methodName().equalsString("<clinit>")) {
        continue;
      }
      for (var element : method.code().orElseThrow()) {
        assertFalse(element instanceof InvokeDynamicInstruction, method + " has a lambda");
        if (element instanceof InvokeInstruction call) {
          String owner = call.owner().asInternalName();
          assertFalse(call.isInterface(), method + " calls the interface " + owner);
          assertTrue(
              owner.startsWith(API)
                  || Set.of("java/lang/Math", "java/lang/Float", "java/lang/Object").contains(owner)
                  || owner.equals("octavo/kernels/convert/Target"),
              method + " calls " + owner + "." + call.name());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("templates")
  void leavesAreCompiledAndTilesAreNotInlined(ClassModel template) {
    for (MethodModel method : template.methods()) {
      CodeModel code = method.code().orElseThrow();
      int size = ((CodeAttribute) code).codeLength();
      assertTrue(size < COMPILED, method + " has " + size + " bytes of code");
      boolean tile = method.methodName().equalsString("multiply");
      assertTrue(!tile || size > INLINED, method + " has " + size + " bytes of code");
    }
  }

  private static String name(ClassModel model) {
    return model.thisClass().asInternalName();
  }

  private static List<ClassModel> classes() throws IOException, URISyntaxException {
    Path root =
        Path.of(VectorProvider.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".class"))
          .map(TemplateBytecodeTest::parse)
          .toList();
    }
  }

  private static ClassModel parse(Path file) {
    try {
      return ClassFile.of().parse(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
