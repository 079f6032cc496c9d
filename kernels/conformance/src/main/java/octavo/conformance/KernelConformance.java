package octavo.conformance;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import octavo.Engine;
import octavo.spi.BackendStatus;
import octavo.spi.Overrides;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The tests that a module with kernels inherits. The kernels are all that the registry offers on
 * this host, also those that no plan would choose; a case is run on every kernel that declares it
 * eligible and compared bit for bit with the reference kernel, NaN being equal to NaN.
 *
 * <p>
 *
 * {@snippet :
 * class KernelConformanceTest extends KernelConformance {
 *   KernelConformanceTest() {
 *     super("reference", "vector");
 *   }
 * }
 * }
 *
 * <p>The system properties {@code octavo.*} apply, so that a run may force a vector width or an
 * instruction set. {@code conformance.case}, {@code conformance.kernel} and {@code
 * conformance.seed} choose a part of the suite, as failures state it. {@code
 * conformance.support=write} writes the table of what the module's backends support, {@code
 * support.csv} beside the test's resources.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
public abstract class KernelConformance {

  private final List<String> backends;
  private final Options options;
  private final Registry registry;
  private final Suite suite;

  /**
   * Names the backends that must be there.
   *
   * @param backends the reference and the module's own: one that is absent fails, it never skips
   */
  protected KernelConformance(String... backends) {
    // octavo.require speaks of the whole build; a module answers for its own backends.
    this(
        Engine.create(Overrides.ofSystemProperties().withRequired()),
        Options.ofSystemProperties(),
        backends);
  }

  /** Tests an invented engine. */
  KernelConformance(Engine engine, Options options, String... backends) {
    this.backends = List.of(backends);
    this.options = options;
    this.registry = new Registry(engine);
    this.suite = new Suite(registry, options, getClass().getSimpleName());
  }

  @Test
  @DisplayName("every backend of the module is there")
  void backendsAreThere() {
    for (String backend : backends) {
      BackendStatus status = registry.engine().host().backend(backend);
      if (!status.available()) {
        throw new AssertionError("backend '%s' is absent: %s".formatted(backend, status.detail()));
      }
      if (registry.engine().kernels().stream()
          .noneMatch(kernel -> kernel.id().backend().equals(backend))) {
        throw new AssertionError(
            "backend '%s' is there (%s) but brings no kernel".formatted(backend, status.detail()));
      }
    }
  }

  @TestFactory
  @DisplayName("every kernel gives the reference's bits")
  Stream<DynamicNode> bits() {
    return Stream.concat(
        Cases.all().stream().map(this::bits),
        Stream.of(DynamicTest.dynamicTest("no kernel was left out", suite::checkCoverage)));
  }

  private DynamicNode bits(Cases cases) {
    return DynamicContainer.dynamicContainer(
        cases.stem(),
        cases.groups().stream()
            .map(group -> DynamicTest.dynamicTest(group.name(), () -> suite.check(group))));
  }

  @TestFactory
  @DisplayName("a product depends on neither batch, memory nor thread")
  Stream<DynamicNode> independence() {
    if (options.partial()) {
      return Stream.of();
    }
    Independence independence = new Independence(registry);
    return MatmulCases.MAIN.stream()
        .map(a -> DynamicTest.dynamicTest(a + " x any", () -> independence.check(a)));
  }

  @Test
  @DisplayName("the reference kernels support everything")
  void referenceIsComplete() {
    List<String> incomplete =
        Support.lines(registry, Registry.REFERENCE).stream()
            .filter(line -> !Support.isComplete(line))
            .toList();
    if (!incomplete.isEmpty()) {
      throw new AssertionError(
          "the reference kernels support only\n" + String.join("\n", incomplete));
    }
  }

  @Test
  @DisplayName("no backend lost support")
  void supportIsAsCommitted() throws IOException {
    SupportTable table = new SupportTable(supportFile(), getClass().getSimpleName());
    List<String> own =
        backends.stream().filter(backend -> !backend.equals(Registry.REFERENCE)).toList();
    if (options.writeSupport()) {
      table.write(registry, own);
    } else {
      table.compare(registry, own);
    }
  }

  /** {@return where the module's table of supported formats is committed} */
  Path supportFile() {
    return Path.of(System.getProperty("basedir", ""), "src", "test", "resources")
        .resolve(getClass().getPackageName().replace('.', '/'))
        .resolve("support.csv");
  }

  /** {@return the counts so far, in one line} */
  String summary() {
    return suite.summary();
  }

  @AfterAll
  void printSummary() {
    System.out.println(summary());
  }
}
