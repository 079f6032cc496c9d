package octavo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import octavo.conformance.ArchitectureRules;
import octavo.conformance.KernelConformance;
import octavo.spi.KernelProvider;
import org.junit.jupiter.api.Test;

/** Dependencies run one way. */
class ArchitectureTest {

  /** The null checker's annotations are there when compiling only. */
  private static final String ANNOTATIONS = "org.jspecify.annotations";

  /** The packages that the core exports. */
  private static final List<String> CORE =
      List.of(
          "octavo",
          "octavo.dispatch",
          "octavo.format",
          "octavo.math",
          "octavo.op",
          "octavo.spi",
          "octavo.tensor");

  private final ArchitectureRules core = ArchitectureRules.of(KernelProvider.class);
  private final ArchitectureRules kernels = ArchitectureRules.of(ReferenceProvider.class);

  @Test
  void theCoreNeedsJavaBaseOnly() {
    assertEquals("octavo", core.descriptor().name());
    assertEquals(Set.of(), core.requires());
    assertEquals(List.of(), core.strangers(List.of("java.*", ANNOTATIONS)));
  }

  @Test
  void theKernelsNeedTheCoreOnly() {
    assertEquals("octavo.kernels", kernels.descriptor().name());
    assertEquals(Set.of("octavo"), kernels.requires());
    assertEquals(
        List.of(), kernels.strangers(withCore("java.*", "jdk.incubator.vector", ANNOTATIONS)));
  }

  @Test
  void theKernelsExportNothing() {
    assertEquals(Set.of(), kernels.descriptor().exports());
  }

  @Test
  void theSuiteKnowsNoKernel() {
    ArchitectureRules suite = ArchitectureRules.of(KernelConformance.class);
    assertEquals(Set.of("octavo", "org.junit.jupiter.api"), suite.requires());
    assertEquals(
        List.of(),
        suite.strangers(
            withCore("java.*", "org.junit.jupiter.api.*", "org.junit.jupiter.api", ANNOTATIONS)));
  }

  @Test
  void theRulesSeeWhatIsUsed() {
    List<String> strangers = kernels.strangers(List.of("java.*", "octavo.format", "octavo.tensor"));
    assertTrue(strangers.contains("octavo.kernels.ReferenceProvider uses octavo.spi"));
    assertTrue(
        strangers.contains("octavo.kernels.vector.Species uses jdk.incubator.vector"),
        strangers::toString);
  }

  @Test
  void providersAreFoundOnTheClassPathToo() throws IOException {
    List<String> declared =
        kernels.descriptor().provides().stream()
            .filter(provides -> provides.service().equals(KernelProvider.class.getName()))
            .flatMap(provides -> provides.providers().stream())
            .sorted()
            .toList();
    String file = "META-INF/services/" + KernelProvider.class.getName();
    try (InputStream in = ReferenceProvider.class.getClassLoader().getResourceAsStream(file)) {
      List<String> listed =
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().sorted().toList();
      assertEquals(declared, listed);
    }
  }

  private static List<String> withCore(String... others) {
    return Stream.concat(CORE.stream(), Stream.of(others)).toList();
  }
}
