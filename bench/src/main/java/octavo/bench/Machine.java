package octavo.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import octavo.Engine;
import octavo.spi.Host;

/**
 * The machine and the software of a run.
 *
 * @param cpu the processor's name for itself
 * @param features its features that kernels ask for
 * @param processors processors that the process may use
 * @param caches the caches of the first processor
 * @param memoryGib memory of the machine
 * @param os operating system and architecture
 * @param jdk version and vendor of the Java runtime
 * @param flags flags of the processes that measure
 * @param commit the commit of Octavo, with {@code +changes} if files differ from it
 * @param date when, as an ISO date and time in UTC
 */
public record Machine(
    String cpu,
    String features,
    int processors,
    List<String> caches,
    long memoryGib,
    String os,
    String jdk,
    String flags,
    String commit,
    String date) {

  /** {@return this machine} */
  static Machine describe(Engine engine, Path home) {
    Host host = engine.host();
    long memory =
        ManagementFactory.getOperatingSystemMXBean()
                instanceof com.sun.management.OperatingSystemMXBean system
            ? system.getTotalMemorySize()
            : 0;
    return new Machine(
        cpu(host),
        String.join(" ", new java.util.TreeSet<>(host.cpuFeatures())),
        host.processors(),
        readCaches(),
        Math.round(memory / 1073741824.0),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        System.getProperty("java.vm.vendor") + " " + Runtime.version(),
        Measurement.jvmArguments().stream()
            .filter(flag -> !flag.startsWith("-Dbench"))
            .reduce((a, b) -> a + " " + b)
            .orElse(""),
        commitIn(home),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static String cpu(Host host) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      List<String> all = lines.toList();
      return value(all, "model name")
          + " (family "
          + value(all, "cpu family")
          + ", model "
          + value(all, "model\t")
          + ")";
    } catch (IOException | java.io.UncheckedIOException e) {
      return host.arch();
    }
  }

  private static String value(List<String> lines, String key) {
    return lines.stream()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("unknown");
  }

  private static List<String> readCaches() {
    List<String> caches = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Path cache = Path.of("/sys/devices/system/cpu/cpu0/cache/index" + i);
      try {
        String type = Files.readString(cache.resolve("type")).strip();
        if (!type.equals("Instruction")) {
          caches.add(
              "L%s %s"
                  .formatted(
                      Files.readString(cache.resolve("level")).strip(),
                      Files.readString(cache.resolve("size")).strip()));
        }
      } catch (IOException e) {
        break;
      }
    }
    return caches;
  }

  /** {@return the commit checked out in a folder; {@code unknown} outside of git} */
  static String commitIn(Path folder) {
    String commit = git(folder, "rev-parse", "--short=12", "HEAD");
    if (commit.isEmpty()) {
      return "unknown";
    }
    return git(folder, "status", "--porcelain", "--untracked-files=no").isEmpty()
        ? commit
        : commit + "+changes";
  }

  private static String git(Path folder, String... arguments) {
    List<String> command = new ArrayList<>(List.of("git", "-C", folder.toString()));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String words =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0 ? words : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  /** {@return some lines for a person} */
  String text() {
    return String.format(
        Locale.ROOT,
        """
        cpu       %s, %d processors, %s
        caches    %s
        memory    %d GiB
        system    %s
        java      %s
        octavo    commit %s
        """,
        cpu,
        processors,
        features,
        String.join(", ", caches),
        memoryGib,
        os,
        jdk,
        commit);
  }
}
