package octavo.bench;

/**
 * What was measured of one {@link Subject}. Times are of one run, in nanoseconds. The limit is
 * measured before every sample in the same process; on a machine shared with others both vary, so
 * medians are compared with medians and the best sample with the best limit.
 *
 * @param subject the {@link Subject#id}
 * @param samples the number of samples
 * @param medianTime the median of their times
 * @param bestTime the least
 * @param unit the unit of rate and limit
 * @param rate what the median amounts to
 * @param best what the least amounts to
 * @param limit the median of the limit, or NaN if there is none
 * @param bestLimit the highest limit, or NaN
 * @param allocated bytes allocated on the heap by one run
 * @param measured when, as an ISO date and time in UTC
 */
public record Figure(
    String subject,
    int samples,
    double medianTime,
    double bestTime,
    String unit,
    double rate,
    double best,
    double limit,
    double bestLimit,
    double allocated,
    String measured) {

  /** {@return the figure of some samples} */
  static Figure of(Subject subject, double[] times, double[] limits, double allocated) {
    double median = quantile(times, 0.5);
    double least = quantile(times, 0);
    return new Figure(
        subject.id(),
        times.length,
        median,
        least,
        subject.unit(),
        subject.rate(median),
        subject.rate(least),
        quantile(limits, 0.5),
        quantile(limits, 1),
        allocated,
        java.time.Instant.now().truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString());
  }

  /** {@return a quantile of some numbers, between two of them if need be} */
  static double quantile(double[] values, double q) {
    double[] sorted = values.clone();
    java.util.Arrays.sort(sorted);
    double at = q * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  /** {@return the share of the limit that the median reached, or NaN} */
  double share() {
    return rate / limit;
  }

  /** {@return the share of the highest limit that the best sample reached, or NaN} */
  double bestShare() {
    return best / bestLimit;
  }

  /** {@return what was measured} */
  Subject of() {
    return Subject.of(subject);
  }
}
