package octavo.conformance;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import octavo.Engine;
import octavo.spi.Kernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Request;

/**
 * A part of the suite for kernels that run slowly on this host, such as those of vectors wider than
 * its own: every so many cases, small ones only.
 */
public final class ConformanceSample {

  /** Emulated vectors take a microsecond or so for each operation. */
  private static final double SMALL = 30_000;

  private ConformanceSample() {}

  /**
   * Runs cases on every kernel of an engine that is eligible and compares bits with the reference.
   *
   * @param engine the kernels
   * @param every of so many cases one is run
   * @param variant the variant of the kernels that must be among those that run
   * @param stems their stems
   * @return the counts, in one line
   * @throws AssertionError if a kernel failed, the message has the cases; if one did not run; or if
   *     there is none of a stem
   */
  public static String run(Engine engine, int every, String variant, Set<String> stems) {
    Registry registry = new Registry(engine);
    Set<String> absent = new TreeSet<>(stems);
    registry.tested().stream()
        .map(Kernel::id)
        .filter(id -> id.variant().equals(variant))
        .forEach(id -> absent.remove(id.stem()));
    if (!absent.isEmpty()) {
      throw new AssertionError(
          "there is no kernel of variant %s for %s".formatted(variant, absent));
    }
    Suite suite = new Suite(registry, Options.ALL, "ConformanceSample");
    List<Failure> failures =
        Cases.all().stream()
            .flatMap(cases -> cases.groups().stream())
            .flatMap(group -> group.cases().get())
            .filter(one -> Math.floorMod(one.id().hashCode() * 0x9E37_79B1, every) == 0)
            .filter(ConformanceSample::isSmall)
            .flatMap(one -> suite.check(one).stream())
            .toList();
    if (!failures.isEmpty()) {
      StringBuilder text = new StringBuilder("%d failures\n".formatted(failures.size()));
      failures.stream().limit(5).map(suite::describe).forEach(text::append);
      throw new AssertionError(text);
    }
    suite.checkCoverage(
        kernel -> kernel.id().variant().equals(variant) && stems.contains(kernel.id().stem()));
    return suite.summary();
  }

  private static boolean isSmall(Case one) {
    try (Workspace workspace = new Workspace()) {
      Request request = one.open(workspace).request();
      return request instanceof MatmulRequest matmul
          ? (double) matmul.m() * matmul.n() * matmul.k() <= SMALL
          : Stream.of(request.operands().getFirst())
              .mapToDouble(ConformanceSample::elements)
              .allMatch(elements -> elements <= SMALL);
    }
  }

  private static double elements(Operand operand) {
    return (double) operand.rows() * operand.columns();
  }
}
