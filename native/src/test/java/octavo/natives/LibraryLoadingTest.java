package octavo.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import octavo.kernels.ReferenceProvider;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** What loading does in virtual machines and class loaders of its own. */
@EnabledIf(value = "octavo.natives.Built#orRequired", disabledReason = "no C++ compiler")
class LibraryLoadingTest {

  private static Path place(Class<?> type) {
    return Path.of(
        java.net.URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()));
  }

  private static List<Path> classPath() {
    Set<Path> places = new LinkedHashSet<>();
    for (Class<?> type :
        List.of(
            NativeKernels.class,
            Probe.class,
            KernelProvider.class,
            ReferenceProvider.class,
            Loader.class,
            NullMarked.class)) {
      places.add(place(type));
    }
    return new ArrayList<>(places);
  }

  private static String run(List<Path> classPath, Path cache, String... flags)
      throws IOException, InterruptedException {
    return run(List.of(), classPath, cache, flags);
  }

  /** {@return what the program printed}, run by another command; the product must be right */
  private static String run(List<String> before, List<Path> classPath, Path cache, String... flags)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of(flags));
    command.add("-cp");
    command.add(
        String.join(java.io.File.pathSeparator, classPath.stream().map(Path::toString).toList()));
    command.add("octavo.natives.Probe");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("XDG_CACHE_HOME", cache.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("product 11.0"), output);
    return output;
  }

  /**
   * {@return a command that mounts a file system on a directory, with options, and then runs
   * another in sight of it}; stops the test where the system does not allow that
   */
  private static List<String> mounted(Path directory, String options)
      throws IOException, InterruptedException {
    String mount = "mount -t tmpfs -o mode=777," + options + " octavo \"$0\" && exec \"$@\"";
    List<String> command =
        List.of("unshare", "--map-root-user", "--mount", "sh", "-c", mount, directory.toString());
    List<String> trial = new ArrayList<>(command);
    trial.add("true");
    boolean allowed;
    String reason = "";
    try {
      Process process = new ProcessBuilder(trial).redirectErrorStream(true).start();
      reason = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      allowed = process.waitFor() == 0;
    } catch (IOException e) {
      reason = e.toString();
      allowed = false;
    }
    assumeTrue(allowed, "this system does not let a test mount a file system: " + reason);
    return command;
  }

  /** {@return the class path with the module's classes and libraries in a jar} */
  private static List<Path> inJar(Path directory) throws IOException {
    Path jar = directory.resolve("octavo-native.jar");
    Path classes = place(NativeKernels.class);
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> files = Files.walk(classes)) {
      for (Path entry : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(entry).toString().replace('\\', '/')));
        Files.copy(entry, out);
        out.closeEntry();
      }
    }
    List<Path> classPath = classPath();
    classPath.replaceAll(place -> place.equals(classes) ? jar : place);
    return classPath;
  }

  @Test
  void deniedNativeAccessNamesTheFlag(@TempDir Path directory) throws Exception {
    String output = run(classPath(), directory, "--illegal-native-access=deny");
    for (String backend : List.of("ffm", "jni")) {
      assertTrue(output.contains(backend + " absent"), output);
    }
    assertTrue(output.contains("--enable-native-access=ALL-UNNAMED"), output);
  }

  @Test
  void withoutTheFlagTheJdkWarnsAndBothWork(@TempDir Path directory) throws Exception {
    String output = run(classPath(), directory);
    assertTrue(output.contains("ffm available"), output);
    assertTrue(output.contains("jni available"), output);
    assertTrue(output.contains("WARNING: Use --enable-native-access=ALL-UNNAMED"), output);
  }

  @Test
  void directoryMountedNoexecIsExplainedAndJavaGoesOn(@TempDir Path directory) throws Exception {
    Path cache = Files.createDirectory(directory.resolve("cache"));
    String output =
        run(
            mounted(cache, "noexec"),
            inJar(directory),
            cache,
            "--enable-native-access=ALL-UNNAMED");
    assertTrue(output.contains("ffm absent " + cache), output);
    assertTrue(output.contains("jni absent " + cache), output);
    assertTrue(output.contains("noexec; name another one with -Doctavo.native.cache"), output);
  }

  @Test
  void temporaryDirectoryMountedNoexecIsExplainedToo(@TempDir Path directory) throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    String output =
        run(
            mounted(temporary, "noexec"),
            inJar(directory),
            file.resolve("cache"),
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.io.tmpdir=" + temporary);
    assertTrue(output.contains("ffm absent " + temporary), output);
    assertTrue(output.contains("noexec; name another one with -Doctavo.native.cache"), output);
  }

  @Test
  void homeMountedReadOnlyLeavesTheTemporaryDirectory(@TempDir Path directory) throws Exception {
    Path home = Files.createDirectory(directory.resolve("home"));
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    String output =
        run(
            mounted(home, "ro"),
            inJar(directory),
            home.resolve("cache"),
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.io.tmpdir=" + temporary);
    assertTrue(output.contains("ffm available"), output);
    assertTrue(output.contains("jni available"), output);
    assertTrue(output.contains(temporary.toString()), output);
  }

  @Test
  void jarIsExtractedToTheCache(@TempDir Path directory) throws Exception {
    String output =
        run(inJar(directory), directory.resolve("cache"), "--enable-native-access=ALL-UNNAMED");
    assertTrue(output.contains("ffm available"), output);
    assertTrue(output.contains("jni available"), output);
    assertTrue(output.contains(directory.resolve("cache").toString()), output);
  }

  @Test
  void homeThatCannotBeWrittenLeavesTheTemporaryDirectory(@TempDir Path directory)
      throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    Path temporary = Files.createDirectory(directory.resolve("temporary"));
    String output =
        run(
            inJar(directory),
            file.resolve("cache"),
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.io.tmpdir=" + temporary);
    assertTrue(output.contains("ffm available"), output);
    assertTrue(output.contains("jni available"), output);
    assertTrue(output.contains(temporary.toString()), output);
  }

  @Test
  void nowhereToWriteIsExplained(@TempDir Path directory) throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    String output =
        run(
            inJar(directory),
            file.resolve("cache"),
            "--enable-native-access=ALL-UNNAMED",
            "-Djava.io.tmpdir=" + file.resolve("temporary"));
    assertTrue(output.contains("ffm absent"), output);
    assertTrue(output.contains("-Doctavo.native.cache"), output);
  }

  @Test
  void secondClassLoaderHasFfmAndIsToldAboutJni() throws Exception {
    URL[] urls = new URL[classPath().size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = classPath().get(i).toUri().toURL();
    }
    String first = status(urls, "octavo.natives.ffm.FfmProvider", true);
    assertTrue(first.contains("available=true"), first);
    // the virtual machine binds a JNI library to the first class loader that loads it
    try (URLClassLoader holder = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      String held = status(holder, "octavo.natives.jni.JniProvider");
      String second = status(urls, "octavo.natives.jni.JniProvider", false);
      assertTrue(second.contains("available=false"), held + second);
      assertTrue(second.contains("another class loader"), second);
    }
  }

  private static String status(URL[] urls, String provider, boolean expected) throws Exception {
    try (URLClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      String status = status(loader, provider);
      assertTrue(status.contains("available=" + expected), status);
      return status;
    }
  }

  private static String status(URLClassLoader loader, String provider) throws Exception {
    Class<?> overrides = loader.loadClass(Overrides.class.getName());
    return loader
        .loadClass(provider)
        .getMethod("probe", overrides)
        .invoke(
            loader.loadClass(provider).getConstructor().newInstance(),
            overrides.getMethod("ofSystemProperties").invoke(null))
        .toString();
  }
}
