package octavo.bench.peer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The files of the peers, in {@code target/peers} of the project: fetched once, by Maven and npm as
 * they are set up on this machine.
 */
public final class PeerFiles {

  private static final Path HOME = Path.of(System.getProperty("bench.home", "."));
  private static final String DONE = "complete";

  /** Only Jlama is called from Java and needs what it depends on. */
  private static final String ALONE =
      "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";

  private PeerFiles() {}

  /** {@return the folder of a peer} */
  static Path folder(Peer peer) {
    return HOME.resolve("target", "peers", peer.folder()).toAbsolutePath().normalize();
  }

  /**
   * Fetches what is not there yet.
   *
   * @return why the peer is absent, in a line; empty if it is there
   */
  public static Optional<String> fetch(Peer peer) {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "");
    if (!os.contains("linux") || !(arch.equals("amd64") || arch.equals("x86_64"))) {
      return Optional.of("its binaries are for linux-x86_64, this is %s-%s".formatted(os, arch));
    }
    Path folder = folder(peer);
    if (Files.exists(folder.resolve(DONE))) {
      return Optional.empty();
    }
    try {
      Files.createDirectories(folder.getParent());
      Path fresh = Files.createTempDirectory(folder.getParent(), "fetching-");
      try {
        if (!peer.maven().isEmpty()) {
          maven(peer, fresh);
        }
        if (!peer.npm().isEmpty()) {
          npm(peer, fresh);
        }
        Files.writeString(fresh.resolve(DONE), peer.version() + "\n");
        if (Files.exists(folder)) {
          delete(folder);
        }
        move(fresh, folder);
      } finally {
        if (Files.exists(fresh)) {
          delete(fresh);
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return Optional.of(message.lines().findFirst().orElse("unknown reason"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("interrupted while it was fetched");
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to);
    }
  }

  private static void maven(Peer peer, Path folder) throws IOException, InterruptedException {
    StringBuilder dependencies = new StringBuilder();
    for (String coordinates : peer.maven()) {
      String[] parts = coordinates.split(":", -1);
      dependencies.append(
          """
          <dependency>
            <groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>
            <classifier>%s</classifier>%s
          </dependency>
          """
              .formatted(parts[0], parts[1], parts[2], parts[3], peer == Peer.JLAMA ? "" : ALONE));
    }
    Path pom = folder.resolve("pom.xml");
    Files.writeString(
        pom,
        """
        <project xmlns="http://maven.apache.org/POM/4.0.0">
          <modelVersion>4.0.0</modelVersion>
          <groupId>dev.octavo</groupId><artifactId>octavo-bench-peer</artifactId><version>1</version>
          <packaging>pom</packaging>
          <dependencies>%s</dependencies>
        </project>
        """
            .formatted(dependencies));
    Path wrapper = HOME.resolve("mvnw").toAbsolutePath();
    String maven = Files.isExecutable(wrapper) ? wrapper.toString() : "mvn";
    run(
        folder,
        maven,
        "-B",
        "-q",
        "-f",
        pom.toString(),
        "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
        "-DincludeScope=runtime",
        "-DoutputDirectory=" + folder.resolve("jars"));
    unpack(folder);
  }

  private static void npm(Peer peer, Path folder) throws IOException, InterruptedException {
    run(
        folder,
        "npm",
        "install",
        "--prefix",
        folder.toString(),
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        peer.npm());
  }

  /** Unpacks the shared libraries among the jars: they find each other in one folder. */
  private static void unpack(Path folder) throws IOException {
    List<Path> jars;
    try (Stream<Path> files = Files.list(folder.resolve("jars"))) {
      jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
    Path libraries = Files.createDirectories(folder.resolve("libraries"));
    for (Path jar : jars) {
      try (ZipFile zip = new ZipFile(jar.toFile())) {
        Enumeration<? extends ZipEntry> entries = zip.entries();
        while (entries.hasMoreElements()) {
          ZipEntry entry = entries.nextElement();
          String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
          if (name.matches("lib.*\\.so(\\.\\d+)*") && !name.startsWith("libjni")) {
            try (InputStream in = zip.getInputStream(entry)) {
              Files.copy(in, libraries.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
          }
        }
      }
    }
  }

  private static void run(Path folder, String... command) throws IOException, InterruptedException {
    Path log = folder.resolve("fetch.log");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process =
        builder
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(nothing().toFile()))
            .start();
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      process.destroy();
      throw new IOException(command[0] + " was not done after ten minutes");
    }
    if (process.exitValue() != 0) {
      List<String> lines = new ArrayList<>();
      try (Stream<String> all = Files.lines(log, StandardCharsets.UTF_8)) {
        all.filter(line -> line.toLowerCase(Locale.ROOT).contains("error")).forEach(lines::add);
      }
      throw new IOException(
          "%s failed: %s"
              .formatted(
                  Path.of(command[0]).getFileName(),
                  lines.isEmpty() ? "exit " + process.exitValue() : lines.getFirst()));
    }
  }

  private static Path nothing() {
    return Path.of(System.getProperty("os.name", "").startsWith("Windows") ? "NUL" : "/dev/null");
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** {@return a peer's file of some name, wherever it is in its folder} */
  static Path find(Peer peer, String name) {
    try (Stream<Path> files = Files.walk(folder(peer))) {
      return files
          .filter(file -> file.getFileName().toString().equals(name))
          .findFirst()
          .orElseThrow(() ->
              new IllegalStateException(
                  "%s has no file %s in %s".formatted(peer.text(), name, folder(peer))));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** {@return the jars of a peer} */
  static List<Path> jars(Peer peer) {
    try (Stream<Path> files = Files.list(folder(peer).resolve("jars"))) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
