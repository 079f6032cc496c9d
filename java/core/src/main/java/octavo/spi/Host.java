package octavo.spi;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.TreeSet;

/**
 * The machine and the virtual machine, as far as a choice of kernels depends on them. A value:
 * invented hosts are as good as real ones.
 *
 * @param os the operating system, such as {@code linux}
 * @param arch the processor architecture, such as {@code amd64} or {@code aarch64}
 * @param jdk the version of the Java runtime
 * @param optimizingCompiler whether the virtual machine has its optimizing compiler (C2), without
 *     which Vector API code is slower than scalar code
 * @param vectorModule whether {@code jdk.incubator.vector} is among the modules
 * @param cpuFeatures the processor's features that kernels ask for, such as {@code fma}; empty if
 *     the operating system does not tell
 * @param processors the processors that this process may use, container limits included
 * @param backends the status of each backend that has a provider
 * @param overrides the user's settings
 */
public record Host(
    String os,
    String arch,
    String jdk,
    boolean optimizingCompiler,
    boolean vectorModule,
    Set<String> cpuFeatures,
    int processors,
    List<BackendStatus> backends,
    Overrides overrides) {

  private static final Set<String> FEATURES =
      Set.of(
          "fma",
          "f16c",
          "sse4a",
          "avx2",
          "avx_vnni",
          "avx512f",
          "avx512bw",
          "avx512vl",
          "avx512dq",
          "avx512_vnni",
          "avx512_bf16",
          "asimd",
          "asimddp",
          "asimdhp",
          "sve");

  /** Copies the collections. */
  public Host {
    cpuFeatures = Set.copyOf(cpuFeatures);
    backends = List.copyOf(backends);
  }

  /*
   * A program's first call waits for everything here and for what leads to it: loops in place of
   * streams, no formatted texts that nobody reads. Together with concatenations that javac spells
   * out, they cost a fresh JVM tens of milliseconds.
   */

  /**
   * {@return this machine}
   *
   * @param overrides the user's settings
   * @param providers the providers whose status to ask
   */
  public static Host probe(Overrides overrides, List<KernelProvider> providers) {
    String vm =
        System.getProperty("java.vm.name", "") + " " + System.getProperty("java.vm.info", "");
    boolean c2 =
        vm.contains("mixed mode") && !vm.contains("emulated-client") && !vm.contains("Client");
    List<BackendStatus> statuses = new ArrayList<>();
    for (KernelProvider provider : providers) {
      statuses.add(provider.probe(overrides));
    }
    return new Host(
        System.getProperty("os.name", "unknown").toLowerCase(Locale.ROOT),
        System.getProperty("os.arch", "unknown"),
        System.getProperty("java.runtime.version", "unknown"),
        c2 || vm.contains("compiled mode"),
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        readCpuFeatures(),
        Runtime.getRuntime().availableProcessors(),
        statuses,
        overrides);
  }

  private static Set<String> readCpuFeatures() {
    Set<String> features = new TreeSet<>();
    try (BufferedReader lines = Files.newBufferedReader(Path.of("/proc/cpuinfo"))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("flags") || line.startsWith("Features")) {
          StringTokenizer words = new StringTokenizer(line.substring(line.indexOf(':') + 1));
          while (words.hasMoreTokens()) {
            String word = words.nextToken();
            if (FEATURES.contains(word)) {
              features.add(word);
            }
          }
          break;
        }
      }
    } catch (IOException e) {
      return Set.of(); // Not Linux: the native library still knows what the processor has.
    }
    return features;
  }

  /**
   * {@return whether the processor multiplies and adds in one rounding}; where it does not, {@link
   * Math#fma} is right but slow. Unknown processors count as able: all Arm and all x86 since 2013
   * are.
   */
  public boolean fma() {
    return cpuFeatures.isEmpty() || cpuFeatures.contains("fma") || cpuFeatures.contains("asimd");
  }

  /** {@return how many threads compute a call at most, the caller included} */
  public int threads() {
    return overrides.threads() == 0 ? Math.max(1, processors) : overrides.threads();
  }

  /**
   * {@return whether multiplications take subnormal operands at full speed}, as AMD's cores (they
   * have SSE4a) and Arm's do; others may take some hundred cycles
   */
  public boolean fastSubnormals() {
    return cpuFeatures.contains("sse4a") || cpuFeatures.contains("asimd") || arch.equals("aarch64");
  }

  /**
   * {@return the status of a backend}; absent if no provider for it was found
   *
   * @param backend its name
   */
  public BackendStatus backend(String backend) {
    for (BackendStatus status : backends) {
      if (status.backend().equals(backend)) {
        return status;
      }
    }
    return BackendStatus.absent(
        backend, "no provider was found; put the module that holds it on the module or class path");
  }

  /**
   * {@return this host with other settings}
   *
   * @param other the settings
   */
  public Host withOverrides(Overrides other) {
    return new Host(
        os, arch, jdk, optimizingCompiler, vectorModule, cpuFeatures, processors, backends, other);
  }

  /** {@return several lines for a person: machine, backends, overrides} */
  public String describe() {
    StringBuilder text =
        new StringBuilder(
            "host      %s/%s, %d processors, %s\n"
                .formatted(
                    os,
                    arch,
                    processors,
                    cpuFeatures.isEmpty()
                        ? "features unknown"
                        : String.join(" ", new TreeSet<>(cpuFeatures))));
    text.append(
        "java      %s, %s, %s\n"
            .formatted(
                jdk,
                optimizingCompiler ? "C2" : "no C2",
                vectorModule ? "jdk.incubator.vector" : "no jdk.incubator.vector"));
    for (String backend : Overrides.BACKENDS) {
      BackendStatus status = backend(backend);
      text.append(
          "%-9s %s%s\n".formatted(backend, status.available() ? "" : "absent: ", status.detail()));
    }
    return text.append("overrides ").append(overrides.describe()).append('\n').toString();
  }
}
