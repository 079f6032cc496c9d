package octavo.dispatch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.Request;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Eligible;
import octavo.spi.Verdict.Rejected;
import octavo.tensor.Storage;
import org.jspecify.annotations.Nullable;

/**
 * A choice of kernel with all that led to it.
 *
 * @param <R> the request
 * @param <K> the kernels of its operation
 * @param request the call
 * @param kernel the kernel that runs it
 * @param standIn the kernel that runs until {@code kernel} is compiled, or {@code null} if that one
 *     runs from the first call on
 * @param verdicts what every kernel of the operation said, in the order of the providers
 * @param host the machine
 */
public record Plan<R extends Request, K extends Kernel<R>>(
    R request, K kernel, @Nullable K standIn, List<Considered> verdicts, Host host) {

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
    return request
        + "\n"
        + host.describe()
        + describe(verdicts, kernel.id().toString())
        + (standIn == null
            ? ""
            : "  stand-in  %s  runs until %s is compiled%n".formatted(standIn.id(), kernel.id()))
        + threads();
  }

  private String threads() {
    boolean confined =
        request.operands().stream().anyMatch(one -> one.storage() == Storage.CONFINED);
    return confined
        ? "threads   1: an operand lies in a confined arena, which others may not touch;"
            + " Arena.ofShared() and ofAuto() let more help%n".formatted()
        : "threads   %d at most%n".formatted(host.threads());
  }

  /**
   * {@return a line per verdict, the chosen kernel first, then by cost; kernels that differ in
   * their variant only and are rejected for the same reason share one}
   */
  static String describe(List<Considered> verdicts, String chosen) {
    List<Line> lines = new ArrayList<>();
    verdicts.stream()
        .filter(one -> one.verdict() instanceof Eligible)
        .sorted(Comparator.comparingDouble(one -> order(one, chosen)))
        .forEach(one -> lines.add(eligible(one, chosen)));
    Map<Line, String> rejected = new LinkedHashMap<>();
    for (Considered one : verdicts) {
      if (one.verdict() instanceof Rejected(String reason)) {
        KernelId id = one.kernel();
        rejected.merge(
            new Line("rejected", id.backend() + "/" + id.stem(), reason),
            id.variant(),
            (variants, variant) -> variants + "," + variant);
      }
    }
    rejected.forEach((line, variants) ->
        lines.add(
            variants.isEmpty()
                ? line
                : new Line(line.word(), line.kernel() + "/" + variants, line.text())));
    int width = lines.stream().mapToInt(line -> line.kernel().length()).max().orElse(1);
    return lines.stream()
        .map(line -> line.format(width))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static Line eligible(Considered one, String chosen) {
    Eligible eligible = (Eligible) one.verdict();
    String kernel = one.kernel().toString();
    return new Line(
        kernel.equals(chosen) ? "chosen" : "eligible",
        kernel,
        String.format(Locale.ROOT, "cost %.1f  %s", eligible.cost(), eligible.note()));
  }

  private static double order(Considered one, String chosen) {
    return one.kernel().toString().equals(chosen) ? -1 : ((Eligible) one.verdict()).cost();
  }

  private record Line(String word, String kernel, String text) {

    String format(int width) {
      return "  %-9s %s%s  %s".formatted(word, kernel, " ".repeat(width - kernel.length()), text);
    }
  }
}
