package octavo.dispatch;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.Request;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Eligible;
import octavo.spi.Verdict.Rejected;

/**
 * A choice of kernel with all that led to it.
 *
 * @param <R> the request
 * @param <K> the kernels of its operation
 * @param request the call
 * @param kernel the kernel that runs it
 * @param verdicts what every kernel of the operation said, in the order of the providers
 * @param host the machine
 */
public record Plan<R extends Request, K extends Kernel<R>>(
    R request, K kernel, List<Considered> verdicts, Host host) {

  /**
   * One kernel's verdict.
   *
   * @param kernel the kernel's id
   * @param verdict what it said, or what was said of it
   */
  public record Considered(KernelId kernel, Verdict verdict) {}

  /** Copies the list. */
  public Plan {
    verdicts = List.copyOf(verdicts);
  }

  /**
   * {@return the choice in words}: the request, the host, then the chosen kernel, those that could
   * have run, cheapest first, and those that could not, with the reason
   */
  public String explain() {
    return request + "\n" + host.describe() + describe(verdicts, kernel.id().toString());
  }

  /**
   * {@return one line per verdict, the chosen kernel first; none is chosen if the id is unknown}
   */
  static String describe(List<Considered> verdicts, String chosen) {
    int width = verdicts.stream().mapToInt(one -> one.kernel().toString().length()).max().orElse(1);
    String line = "  %-9s %-" + width + "s  %s%n";
    StringBuilder text = new StringBuilder();
    verdicts.stream()
        .sorted(Comparator.comparingDouble(one -> order(one, chosen)))
        .forEach(one ->
            text.append(
                switch (one.verdict()) {
                  case Eligible(double cost, String note) ->
                      line.formatted(
                          one.kernel().toString().equals(chosen) ? "chosen" : "eligible",
                          one.kernel(),
                          String.format(Locale.ROOT, "cost %.1f  %s", cost, note));
                  case Rejected(String reason) -> line.formatted("rejected", one.kernel(), reason);
                }));
    return text.toString().replace(System.lineSeparator(), "\n");
  }

  private static double order(Considered one, String chosen) {
    if (one.kernel().toString().equals(chosen)) {
      return -1;
    }
    return one.verdict() instanceof Eligible eligible ? eligible.cost() : Double.MAX_VALUE;
  }
}
