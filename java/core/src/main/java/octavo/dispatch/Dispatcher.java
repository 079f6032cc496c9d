package octavo.dispatch;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import octavo.dispatch.Plan.Considered;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.Kernel;
import octavo.spi.Overrides;
import octavo.spi.Request;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Eligible;
import octavo.spi.Verdict.Rejected;
import org.jspecify.annotations.Nullable;

/**
 * Plans calls: asks every kernel of the operation and takes the cheapest that can run.
 *
 * <p>Immutable and safe for use by any number of threads. Planning is a pure function of the
 * request, the host and the kernels.
 */
public final class Dispatcher {

  private final Host host;
  private final List<Kernel<?>> kernels;

  /**
   * Makes a dispatcher.
   *
   * @param host the machine, with the user's overrides
   * @param kernels every kernel there is, from available backends or not
   * @throws IllegalArgumentException if two kernels have the same id
   * @throws IllegalStateException if the overrides require a backend that the host lacks
   */
  public Dispatcher(Host host, List<? extends Kernel<?>> kernels) {
    this.host = host;
    this.kernels = List.copyOf(kernels);
    Set<String> ids = new HashSet<>();
    for (Kernel<?> kernel : kernels) {
      if (!ids.add(kernel.id().toString())) {
        throw new IllegalArgumentException("two kernels are called " + kernel.id());
      }
    }
    for (String backend : host.overrides().required()) {
      BackendStatus status = host.backend(backend);
      if (!status.available()) {
        throw new IllegalStateException(
            "backend '%s' is required by -Doctavo.require and absent: %s"
                .formatted(backend, status.detail()));
      }
    }
  }

  /** {@return the machine} */
  public Host host() {
    return host;
  }

  /** {@return every kernel} */
  public List<Kernel<?>> kernels() {
    return kernels;
  }

  /**
   * {@return the plan for a request}
   *
   * @param <R> the kind of request
   * @param <K> the kernels of its operation
   * @param request the call
   * @param type the class of these kernels
   * @throws UnsupportedOperationException if no kernel can run it, which only overrides can bring
   *     about; the message has every kernel's reason
   */
  public <R extends Request, K extends Kernel<R>> Plan<R, K> plan(R request, Class<K> type) {
    List<Considered> verdicts = new ArrayList<>();
    K chosen = null;
    K cold = null;
    double lowest = Double.POSITIVE_INFINITY;
    double lowestCold = Double.POSITIVE_INFINITY;
    for (Kernel<?> candidate : kernels) {
      if (!type.isInstance(candidate)) {
        continue;
      }
      K kernel = type.cast(candidate);
      Rejected barred = barred(kernel);
      Verdict verdict = barred != null ? barred : kernel.consider(request, host);
      verdicts.add(new Considered(kernel.id(), verdict));
      if (verdict instanceof Eligible eligible && eligible.cost() < lowest) {
        lowest = eligible.cost();
        chosen = kernel;
      }
      if (verdict instanceof Eligible eligible
          && !kernel.coldStart()
          && eligible.cost() < lowestCold) {
        lowestCold = eligible.cost();
        cold = kernel;
      }
    }
    if (chosen == null) {
      throw new UnsupportedOperationException(
          "no kernel can run this call\n%s\n%s%s"
              .formatted(request, host.describe(), Plan.describe(verdicts, "")));
    }
    return new Plan<>(
        request,
        chosen,
        chosen.coldStart() && host.overrides().warmUp() ? cold : null,
        verdicts,
        host);
  }

  /**
   * {@return whether a kernel may not even be asked: its backend is absent, or overrides bar it}
   *
   * @param kernel one of {@link #kernels()}
   */
  public boolean bars(Kernel<?> kernel) {
    return barred(kernel) != null;
  }

  /** {@return why a kernel may not even be asked, or null}. */
  private @Nullable Rejected barred(Kernel<?> kernel) {
    Overrides overrides = host.overrides();
    String backend = kernel.id().backend();
    if (!host.backend(backend).available()) {
      return new Rejected("backend absent: " + host.backend(backend).detail());
    }
    if (!overrides.backends().isEmpty() && !overrides.backends().contains(backend)) {
      return new Rejected("-Doctavo.backend=" + String.join(",", overrides.backends()));
    }
    if (overrides.disabled().contains(backend)) {
      return new Rejected("-Doctavo.disable=" + String.join(",", overrides.disabled()));
    }
    Isa max = overrides.isaMax().orElse(null);
    if (max != null && kernel.isa().exceeds(max)) {
      return new Rejected("needs %s, -Doctavo.isa.max=%s".formatted(kernel.isa().id(), max.id()));
    }
    return null;
  }
}
