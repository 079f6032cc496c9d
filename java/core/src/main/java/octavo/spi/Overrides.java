package octavo.spi;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the user sets with {@code -Doctavo.…=}. Names and values that do not exist are refused, with
 * those that do.
 *
 * <table>
 * <caption>System properties</caption>
 * <tr><th>property</th><th>value</th><th>meaning</th></tr>
 * <tr><td>{@code octavo.backend}</td><td>backends, by commas</td><td>only these may run</td></tr>
 * <tr><td>{@code octavo.disable}</td><td>backends, by commas</td><td>these may not run</td></tr>
 * <tr><td>{@code octavo.require}</td><td>backends, by commas</td><td>fail if one is absent</td></tr>
 * <tr><td>{@code octavo.isa.max}</td><td>an instruction set</td><td>no kernel may use a later one of
 *     the same architecture</td></tr>
 * <tr><td>{@code octavo.vector.bits}</td><td>128, 256, 512</td><td>the width of the Vector API
 *     kernels</td></tr>
 * <tr><td>{@code octavo.threads}</td><td>1 to 1024</td><td>how many threads compute a call, the
 *     caller included</td></tr>
 * <tr><td>{@code octavo.warmup}</td><td>background, none</td><td>whether kernels that are slow
 *     until they are compiled are compiled in the background while others run</td></tr>
 * <tr><td>{@code octavo.explain}</td><td>none, plans</td><td>log every new plan</td></tr>
 * <tr><td>{@code octavo.native.path}</td><td>a directory</td><td>load the native libraries from
 *     there</td></tr>
 * <tr><td>{@code octavo.native.cache}</td><td>a directory</td><td>extract the native libraries
 *     there</td></tr>
 * </table>
 *
 * @param backends the only backends that may run; empty: all
 * @param disabled backends that may not run
 * @param required backends that must be there
 * @param isaMax the latest instruction set that may be used
 * @param vectorBits the forced width of Vector API kernels; 0: the host's preferred one
 * @param threads how many threads compute a call, the caller included; 0: as many as the process
 *     has processors
 * @param warmUp whether other kernels run until the chosen one is compiled
 * @param explainPlans whether every new plan is logged
 * @param nativePath where the native libraries are; empty: in the module's resources
 * @param nativeCache where they are extracted; empty: the user's cache directory
 */
public record Overrides(
    List<String> backends,
    List<String> disabled,
    List<String> required,
    Optional<Isa> isaMax,
    int vectorBits,
    int threads,
    boolean warmUp,
    boolean explainPlans,
    String nativePath,
    String nativeCache) {

  /** The backends there can be. */
  public static final List<String> BACKENDS =
      List.of("reference", "scalar", "vector", "ffm", "jni");

  private static final String PREFIX = "octavo.";
  private static final List<String> NAMES =
      List.of(
          "octavo.backend",
          "octavo.disable",
          "octavo.require",
          "octavo.isa.max",
          "octavo.vector.bits",
          "octavo.threads",
          "octavo.warmup",
          "octavo.explain",
          "octavo.native.path",
          "octavo.native.cache");

  /** No override at all. */
  public static final Overrides NONE = parse(Map.of());

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if one names a backend that does not exist
   */
  public Overrides {
    backends = existing(backends);
    disabled = existing(disabled);
    required = existing(required);
  }

  private static List<String> existing(List<String> names) {
    for (String name : names) {
      if (!BACKENDS.contains(name)) {
        throw new IllegalArgumentException(
            "no backend is called '%s'; valid are %s".formatted(name, BACKENDS));
      }
    }
    return List.copyOf(names);
  }

  /**
   * {@return the overrides among the system properties}
   *
   * @throws IllegalArgumentException if a property that begins with {@code octavo.} is unknown, or
   *     its value is
   */
  public static Overrides ofSystemProperties() {
    Map<String, String> properties = new HashMap<>();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        properties.put(name, System.getProperty(name, ""));
      }
    }
    return parse(properties);
  }

  /**
   * {@return the overrides in a map of properties}
   *
   * @param properties names and values; names that do not begin with {@code octavo.} are ignored
   * @throws IllegalArgumentException if a name that begins with {@code octavo.} is unknown, or its
   *     value is
   */
  public static Overrides parse(Map<String, String> properties) {
    for (String name : new TreeMap<>(properties).keySet()) {
      if (name.startsWith(PREFIX) && !NAMES.contains(name)) {
        throw new IllegalArgumentException(
            "no override is called '%s'; valid are %s".formatted(name, NAMES));
      }
    }
    String isa = properties.getOrDefault("octavo.isa.max", "");
    return new Overrides(
        backends(properties, "octavo.backend"),
        backends(properties, "octavo.disable"),
        backends(properties, "octavo.require"),
        isa.isEmpty() ? Optional.empty() : Optional.of(isa(isa)),
        Integer.parseInt(
            choice(properties, "octavo.vector.bits", "0", List.of("0", "128", "256", "512"))),
        threads(properties.getOrDefault("octavo.threads", "")),
        choice(properties, "octavo.warmup", "background", List.of("background", "none"))
            .equals("background"),
        choice(properties, "octavo.explain", "none", List.of("none", "plans")).equals("plans"),
        properties.getOrDefault("octavo.native.path", ""),
        properties.getOrDefault("octavo.native.cache", ""));
  }

  private static int threads(String value) {
    if (value.isEmpty()) {
      return 0;
    }
    if (!value.matches("[0-9]{1,4}")
        || Integer.parseInt(value) < 1
        || Integer.parseInt(value) > 1024) {
      throw new IllegalArgumentException(
          "-Doctavo.threads=%s: valid are 1 to 1024".formatted(value));
    }
    return Integer.parseInt(value);
  }

  private static Isa isa(String value) {
    try {
      return Isa.byId(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("-Doctavo.isa.max=" + value + ": " + e.getMessage(), e);
    }
  }

  private static List<String> backends(Map<String, String> properties, String name) {
    String value = properties.getOrDefault(name, "");
    List<String> list = new ArrayList<>();
    for (String part : value.split(",")) {
      String backend = part.strip();
      if (backend.isEmpty()) {
        continue;
      }
      if (!BACKENDS.contains(backend)) {
        throw new IllegalArgumentException(
            "-D%s=%s: no backend is called '%s'; valid are %s"
                .formatted(name, value, backend, BACKENDS));
      }
      list.add(backend);
    }
    return list;
  }

  private static String choice(
      Map<String, String> properties, String name, String fallback, List<String> valid) {
    String value = properties.getOrDefault(name, fallback);
    if (!valid.contains(value)) {
      throw new IllegalArgumentException("-D%s=%s: valid are %s".formatted(name, value, valid));
    }
    return value;
  }

  /**
   * {@return these overrides, but with only some backends allowed}
   *
   * @param names the backends that may run
   */
  public Overrides withBackends(String... names) {
    return new Overrides(
        List.of(names),
        disabled,
        required,
        isaMax,
        vectorBits,
        threads,
        warmUp,
        explainPlans,
        nativePath,
        nativeCache);
  }

  /**
   * {@return these overrides, but with other backends required}
   *
   * @param names the backends that must be there
   */
  public Overrides withRequired(String... names) {
    return new Overrides(
        backends,
        disabled,
        List.of(names),
        isaMax,
        vectorBits,
        threads,
        warmUp,
        explainPlans,
        nativePath,
        nativeCache);
  }

  /**
   * {@return these overrides, but with another number of threads}
   *
   * @param count how many threads compute a call, the caller included; 0: as many as the process
   *     has processors
   */
  public Overrides withThreads(int count) {
    return new Overrides(
        backends,
        disabled,
        required,
        isaMax,
        vectorBits,
        count,
        warmUp,
        explainPlans,
        nativePath,
        nativeCache);
  }

  /** {@return what is set, in the order of the table; "none" if nothing is} */
  public String describe() {
    StringBuilder text = new StringBuilder();
    append(text, "backend", String.join(",", backends));
    append(text, "disable", String.join(",", disabled));
    append(text, "require", String.join(",", required));
    append(text, "isa.max", isaMax.map(Isa::id).orElse(""));
    append(text, "vector.bits", vectorBits == 0 ? "" : Integer.toString(vectorBits));
    append(text, "threads", threads == 0 ? "" : Integer.toString(threads));
    append(text, "warmup", warmUp ? "" : "none");
    append(text, "explain", explainPlans ? "plans" : "");
    append(text, "native.path", nativePath);
    append(text, "native.cache", nativeCache);
    return text.isEmpty() ? "none" : text.toString();
  }

  private static void append(StringBuilder text, String name, String value) {
    if (!value.isEmpty()) {
      text.append(text.isEmpty() ? "" : "  ").append(PREFIX).append(name).append('=').append(value);
    }
  }
}
