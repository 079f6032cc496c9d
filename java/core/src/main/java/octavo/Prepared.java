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

  /*
   * What a plan's warm-up would be is not even looked for in the first call of a process: small
   * calls and keys are records and switches over classes, which take milliseconds to link. Threads
   * may race for the fields; each of them finds the same.
   */

  private final Plan<R, K> plan;
  private @Nullable K standIn;
  private @Nullable WarmUp warmUp;
  private boolean asked;

  Prepared(Plan<R, K> plan) {
    this.plan = plan;
    this.standIn = plan.standIn();
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
    if (other == null) {
      return plan.kernel();
    }
    WarmUp its = warmUp;
    if (its == null) {
      if (!asked && WarmUp.none()) {
        asked = true;
        return other;
      }
      its = WarmUp.of(plan);
      if (its == null) {
        standIn = null;
        return plan.kernel();
      }
      if (asked) {
        its.begin();
      }
      warmUp = its;
    }
    if (its.done()) {
      return plan.kernel();
    }
    its.begin();
    return other;
  }
}
