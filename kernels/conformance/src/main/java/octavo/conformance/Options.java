package octavo.conformance;

import org.jspecify.annotations.Nullable;

/**
 * What of the suite is run, from system properties.
 *
 * <table>
 * <caption>System properties</caption>
 * <tr><th>property</th><th>meaning</th></tr>
 * <tr><td>{@code conformance.case}</td><td>only cases whose id contains this text</td></tr>
 * <tr><td>{@code conformance.kernel}</td><td>only the kernel with this id</td></tr>
 * <tr><td>{@code conformance.seed}</td><td>the seed of random values</td></tr>
 * <tr><td>{@code conformance.support}</td><td>{@code write}: write the support table instead of
 *     comparing it</td></tr>
 * </table>
 *
 * @param caseText part of the ids of cases to run; empty: all
 * @param kernel the id of the kernel to run; empty: all
 * @param seed the seed
 * @param writeSupport whether the support table is written
 */
record Options(String caseText, String kernel, long seed, boolean writeSupport) {

  /** Everything, with the usual seed. */
  static final Options ALL = new Options("", "", 1, false);

  /**
   * {@return the options among the system properties}
   *
   * @throws IllegalArgumentException if a value is none of those that the table states
   */
  static Options ofSystemProperties() {
    String support = property("conformance.support", "compare");
    if (!support.equals("compare") && !support.equals("write")) {
      throw new IllegalArgumentException(
          "-Dconformance.support=%s: valid are [compare, write]".formatted(support));
    }
    String seed = property("conformance.seed", "1");
    try {
      return new Options(
          property("conformance.case", ""),
          property("conformance.kernel", ""),
          Long.parseLong(seed),
          support.equals("write"));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "-Dconformance.seed=%s: a whole number is needed".formatted(seed), e);
    }
  }

  private static String property(String name, String fallback) {
    @Nullable String value = System.getProperty(name);
    return value == null || value.isBlank() ? fallback : value;
  }

  /** {@return whether only a part of the suite runs} */
  boolean partial() {
    return !caseText.isEmpty() || !kernel.isEmpty();
  }
}
