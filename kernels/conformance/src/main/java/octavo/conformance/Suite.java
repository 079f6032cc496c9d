package octavo.conformance;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import octavo.spi.BackendStatus;
import octavo.spi.Isa;
import octavo.spi.Kernel;
import octavo.spi.KernelId;

/**
 * Runs cases, each on every kernel that can, and compares with the reference kernel's result. Cases
 * of a group run on several threads, each with memory of its own: kernels must bear that.
 */
final class Suite {

  private static final int SHOWN = 5;

  private final Registry registry;
  private final Options options;
  private final String testName;
  private final Map<KernelId, LongAdder> comparisons = new ConcurrentHashMap<>();
  private final LongAdder cases = new LongAdder();
  private final LongAdder failed = new LongAdder();

  /**
   * Makes a suite that has run nothing yet.
   *
   * @param registry the kernels
   * @param options what to run
   * @param testName the simple name of the test class, for the command that repeats a failure
   */
  Suite(Registry registry, Options options, String testName) {
    this.registry = registry;
    this.options = options;
    this.testName = testName;
  }

  /**
   * Runs a group.
   *
   * @throws AssertionError if a kernel failed a case; the message has the first failures
   */
  void check(CaseGroup group) {
    List<Failure> failures =
        group
            .cases()
            .get()
            .parallel()
            .filter(one -> one.id().contains(options.caseText()))
            .flatMap(one -> attempt(one).stream())
            .toList();
    if (!failures.isEmpty()) {
      throw new AssertionError(describe(failures));
    }
  }

  /** {@return what kernels did wrong in a case} */
  List<Failure> check(Case one) {
    try (Workspace workspace = new Workspace()) {
      Call call = one.open(workspace);
      List<Kernel<?>> tested = registry.eligible(call).stream().filter(this::isTested).toList();
      if (tested.isEmpty()) {
        return List.of();
      }
      cases.increment();
      call.fill(seed(one));
      call.output().blank();
      call.run(registry.reference(call.request()));
      MemorySegment expected = call.output().copy();
      List<Failure> failures = new ArrayList<>();
      for (Kernel<?> kernel : tested) {
        comparisons.computeIfAbsent(kernel.id(), id -> new LongAdder()).increment();
        String text = run(call, kernel, expected);
        if (!text.isEmpty()) {
          failures.add(new Failure(kernel.id().toString(), one.id(), text));
        }
      }
      failed.add(failures.size());
      return failures;
    }
  }

  /** {@return as {@link #check(Case)}; an exception of the case itself is one more failure} */
  private List<Failure> attempt(Case one) {
    try {
      return check(one);
    } catch (RuntimeException | AssertionError e) {
      // Thrown on, a parallel stream would lose the message.
      failed.increment();
      return List.of(new Failure(Registry.REFERENCE, one.id(), thrown(e)));
    }
  }

  private boolean isTested(Kernel<?> kernel) {
    return !Registry.isReference(kernel)
        && (options.kernel().isEmpty() || options.kernel().equals(kernel.id().toString()));
  }

  private long seed(Case one) {
    return options.seed() * 0x9E37_79B9_7F4A_7C15L + one.id().hashCode();
  }

  /** {@return what a kernel did wrong, in lines; empty if nothing} */
  static String run(Call call, Kernel<?> kernel, MemorySegment expected) {
    call.output().blank();
    String text = "";
    try {
      call.run(kernel);
      text = call.output().compare(expected).describe();
    } catch (RuntimeException | LinkageError | AssertionError e) {
      text = thrown(e);
    }
    for (int i = 0; i < call.inputs().size(); i++) {
      if (!call.inputs().get(i).unchanged()) {
        text += "  input      operand %d was written\n".formatted(i);
      }
    }
    return text;
  }

  private static String thrown(Throwable e) {
    StackTraceElement[] trace = e.getStackTrace();
    return "  threw      %s%s\n".formatted(e, trace.length == 0 ? "" : " at " + trace[0]);
  }

  private String describe(List<Failure> failures) {
    Map<String, Long> counts = new TreeMap<>();
    failures.forEach(failure -> counts.merge(failure.kernel(), 1L, Long::sum));
    return counts.entrySet().stream()
            .map(entry -> "%s fails %d cases\n".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining())
        + failures.stream().limit(SHOWN).map(this::describe).collect(Collectors.joining())
        + (failures.size() > SHOWN ? "and %d more\n".formatted(failures.size() - SHOWN) : "");
  }

  /** {@return a failure with the command that repeats it} */
  String describe(Failure failure) {
    return """

    %s fails a case
      case       %s
      seed       %d
    %s  repeat     ./mvnw test -Dtest=%s -Dsurefire.failIfNoSpecifiedTests=false \
    -Dconformance.seed=%d -Dconformance.kernel=%s -Dconformance.case=%s
    """
        .formatted(
            failure.kernel(),
            failure.caseId(),
            options.seed(),
            failure.text(),
            testName,
            options.seed(),
            failure.kernel(),
            failure.caseId());
  }

  /**
   * Checks that no kernel escaped.
   *
   * @throws AssertionError if a kernel that the host can run was eligible in no case
   */
  void checkCoverage() {
    if (!options.partial()) {
      checkCoverage(this::hostRuns);
    }
  }

  /**
   * Checks that some kernels did not escape.
   *
   * @param which says of a kernel whether it should have run
   * @throws AssertionError if such a kernel was eligible in no case
   */
  void checkCoverage(Predicate<Kernel<?>> which) {
    List<KernelId> idle =
        registry.tested().stream()
            .filter(which)
            .map(Kernel::id)
            .filter(id -> !comparisons.containsKey(id))
            .toList();
    if (!idle.isEmpty()) {
      throw new AssertionError(
          "no case was run on %s: they reject every request, or overrides bar them (%s)"
              .formatted(idle, registry.engine().host().overrides().describe()));
    }
  }

  /** {@return whether the host has a kernel's instructions; no case is for it if not} */
  private boolean hostRuns(Kernel<?> kernel) {
    BackendStatus status = registry.engine().host().backend(kernel.id().backend());
    return kernel.isa() == Isa.PORTABLE || status.isas().contains(kernel.isa());
  }

  /** {@return the counts, in one line} */
  String summary() {
    long runs = comparisons.values().stream().mapToLong(LongAdder::sum).sum();
    return "conformance: %d kernels, %d cases, %d comparisons, %s (seed %d%s)"
        .formatted(
            comparisons.size(),
            cases.sum(),
            runs,
            failed.sum() == 0 ? "all identical" : failed.sum() + " DIFFERENT",
            options.seed(),
            options.partial() ? ", a part of the suite" : "");
  }
}
