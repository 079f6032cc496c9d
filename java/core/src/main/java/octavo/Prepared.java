package octavo;

import octavo.dispatch.Plan;
import octavo.spi.Kernel;
import octavo.spi.Request;
import org.jspecify.annotations.Nullable;

/**
 * A plan, and whether its kernel is compiled: until then a kernel that is fast when cold stands in
 * for it.
 */
final class Prepared<R extends Request, K extends Kernel<R>> {

  private final Plan<R, K> plan;
  private final @Nullable K standIn;
  private final @Nullable WarmUp warmUp;

  Prepared(Plan<R, K> plan) {
    this.plan = plan;
    this.standIn = plan.standIn();
    this.warmUp = standIn == null ? null : WarmUp.of(plan);
  }

  Plan<R, K> plan() {
    return plan;
  }

  R request() {
    return plan.request();
  }

  /**
   * {@return the kernel that runs now}; asks for the compilation of the planned one if it is cold,
   * from the second call of its kind on
   */
  K kernel() {
    K other = standIn;
    if (other == null || warmUp == null || warmUp.done()) {
      return plan.kernel();
    }
    warmUp.begin();
    return other;
  }
}
