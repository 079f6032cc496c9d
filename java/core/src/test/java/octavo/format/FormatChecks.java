package octavo.format;

import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Counts comparisons of a format's result with an expectation that does not come from this library,
 * and prints their number when the last test has run.
 */
public final class FormatChecks implements BeforeAllCallback {

  private static final LongAdder COUNT = new LongAdder();

  /** Counts comparisons that have been made. */
  static void count(long comparisons) {
    COUNT.add(comparisons);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    context
        .getRoot()
        .getStore(Namespace.GLOBAL)
        .computeIfAbsent(Report.class, key -> new Report(), Report.class);
  }

  private record Report() implements AutoCloseable {
    @Override
    public void close() {
      System.out.printf("format checks: %d%n", COUNT.sum());
    }
  }
}
