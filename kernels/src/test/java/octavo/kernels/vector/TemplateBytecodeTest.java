package octavo.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import octavo.kernels.VectorProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What C2 needs of code with vectors, read from the class files. */
public class TemplateBytecodeTest {

  private static final String API = "jdk/incubator/vector/";

  /** Larger methods C2 does not inline into their callers (FreqInlineSize), whatever these hold. */
  private static final int INLINED = 325;

  /** Larger methods C2 does not compile at all (HugeMethodLimit). */
  private static final int COMPILED = 8000;

  private static final Set<String> TEMPLATES =
      Set.of(
          "octavo/kernels/codec/DecoderLanes",
          "octavo/kernels/codec/EncoderLanes",
          "octavo/kernels/codec/QuantizerLanes",
          "octavo/kernels/codec/ReducerLanes",
          "octavo/kernels/codec/StochasticEncoderLanes",
          "octavo/kernels/math/ActivatorLanes",
          "octavo/kernels/matmul/ChainTile6x2",
          "octavo/kernels/matmul/ChainTile8x2",
          "octavo/kernels/matmul/FoldedRunTile6x2",
          "octavo/kernels/matmul/RunSumsLanes",
          "octavo/kernels/matmul/RowDecoderLanes",
          "octavo/kernels/matmul/RunTile6x2",
          "octavo/kernels/matmul/RunTile8x2",
          "octavo/kernels/matmul/SparseTile4x2",
          "octavo/kernels/matmul/SparseTile6x2");

  /** Classes whose methods leaves may call: numbers, and records of them. */
  private static final Set<String> PLAIN =
      Set.of(
          "java/lang/Math",
          "java/lang/Float",
          "java/lang/Object",
          "octavo/kernels/codec/Decoding",
          "octavo/kernels/codec/Encoding");

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
  public void speciesComeFromConstantsOnly(ClassModel template) {
    template
        .fields()
        .forEach(field -> {
          boolean vectors = field.fieldType().stringValue().contains(API);
          Set<AccessFlag> flags = field.flags().flags();
          assertTrue(
              !vectors || (flags.contains(AccessFlag.STATIC) && flags.contains(AccessFlag.FINAL)),
              field.fieldName() + " is no constant");
          assertTrue(
              !vectors
                  || field.fieldType().stringValue().endsWith("VectorSpecies;")
                  || field.fieldType().stringValue().endsWith("VectorShuffle;"),
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
  public void leavesCallTheVectorApiAndConstantsOnly(ClassModel template) {
    for (MethodModel method : template.methods()) {
      if (method.methodName().equalsString("<clinit>")) {
        continue;
      }
      List<CodeElement> elements = method.code().orElseThrow().elementList();
      for (int i = 0; i < elements.size(); i++) {
        assertFalse(elements.get(i) instanceof InvokeDynamicInstruction, method + " has a lambda");
        if (elements.get(i) instanceof InvokeInstruction call) {
          String owner = call.owner().asInternalName();
          boolean cast = owner.equals("java/lang/Class") && call.name().equalsString("cast");
          assertFalse(call.isInterface(), method + " calls the interface " + owner);
          assertTrue(
              (cast && !inLoop(elements, i)) || owner.startsWith(API) || PLAIN.contains(owner),
              method + " calls " + owner + "." + call.name());
        }
      }
    }
  }

  /** {@return whether a branch behind an instruction goes back to before it} */
  private static boolean inLoop(List<CodeElement> elements, int at) {
    Set<Label> before = new HashSet<>();
    for (int i = 0; i < elements.size(); i++) {
      if (i < at && elements.get(i) instanceof LabelTarget target) {
        before.add(target.label());
      }
      if (i > at
          && elements.get(i) instanceof BranchInstruction branch
          && before.contains(branch.target())) {
        return true;
      }
    }
    return false;
  }

  @ParameterizedTest
  @MethodSource("templates")
  public void leavesAreCompiledAndTilesAreNotInlined(ClassModel template) {
    for (MethodModel method : template.methods()) {
      CodeModel code = method.code().orElseThrow();
      int size = ((CodeAttribute) code).codeLength();
      assertTrue(size < COMPILED, method + " has " + size + " bytes of code");
      boolean tile =
          name(template).contains("/matmul/") && method.methodName().equalsString("multiply");
      assertTrue(!tile || size > INLINED, method + " has " + size + " bytes of code");
    }
  }

  @Test
  void weavingIsNotInlined() throws IOException, URISyntaxException {
    ClassModel packer =
        classes().stream()
            .filter(model -> name(model).equals("octavo/kernels/matmul/PanelPacker"))
            .findFirst()
            .orElseThrow();
    MethodModel weave =
        packer.methods().stream()
            .filter(method -> method.methodName().equalsString("weave"))
            .findFirst()
            .orElseThrow();
    int size = ((CodeAttribute) weave.code().orElseThrow()).codeLength();
    assertTrue(size > INLINED, "weave has " + size + " bytes of code");
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
