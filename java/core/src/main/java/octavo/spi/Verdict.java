package octavo.spi;

/** What a kernel says of a request. */
public sealed interface Verdict {

  /**
   * The kernel can run the request.
   *
   * @param cost the expected time relative to the other kernels; the lowest is chosen
   * @param note why that cost, or how it would go about it
   */
  record Eligible(double cost, String note) implements Verdict {}

  /**
   * The kernel cannot run the request.
   *
   * @param reason why, and what would change that
   */
  record Rejected(String reason) implements Verdict {}
}
