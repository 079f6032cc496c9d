package octavo.natives;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import octavo.spi.Overrides;
import org.jspecify.annotations.Nullable;

/**
 * The files of the native libraries: {@code liboctavo} with the kernels, and {@code libjnioctavo}
 * beside it, which JNI calls go through.
 *
 * <p>They are loaded from the directory that {@code octavo.native.path} names; else from the
 * classes if those lie in a directory; else they are copied out of the jar to a cache directory,
 * one directory for each build of the libraries, from which later starts load them. A copy is
 * written aside and then renamed, so that no other process ever sees half of it.
 *
 * <p>Nothing here throws: a library that is not there is an answer.
 */
public final class NativeLibrary {

  /** The platform, as the directories of the libraries are called, such as {@code linux-x86_64}. */
  public static final String PLATFORM =
      platform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));

  static final String NOT_BUILT = "the native library was not built: ";

  private static final String ABSENT = "absent.txt";
  private static final int ELF_HEADER_BYTES = 64;
  private static final int ELF_MAGIC = 0x7F454C46;

  private NativeLibrary() {}

  /** Where the libraries are, or why nowhere. */
  public sealed interface Location {

    /**
     * They are there.
     *
     * @param directory the directory that has them
     */
    record Found(Path directory) implements Location {

      /** {@return the library with the kernels} */
      public Path kernels() {
        return directory.resolve(System.mapLibraryName("octavo"));
      }

      /** {@return the library that JNI calls go through} */
      public Path jni() {
        return directory.resolve(System.mapLibraryName("jnioctavo"));
      }
    }

    /**
     * They are not there.
     *
     * @param reason why, and the remedy
     */
    record Absent(String reason) implements Location {}
  }

  /**
   * {@return where the libraries of this platform are}
   *
   * @param overrides the user's settings
   */
  public static Location locate(Overrides overrides) {
    return locate(overrides, PLATFORM);
  }

  static Location locate(Overrides overrides, String platform) {
    if (!overrides.nativePath().isEmpty()) {
      return inDirectory(overrides.nativePath());
    }
    try {
      URL kernels = resource(platform, System.mapLibraryName("octavo"));
      if (kernels == null) {
        return absent(platform);
      }
      if (kernels.getProtocol().equals("file")) {
        Path file = Path.of(kernels.toURI());
        return new Location.Found(Path.of(file.toString()).resolveSibling(""));
      }
      SortedMap<String, byte[]> libraries = new TreeMap<>();
      for (String library : List.of("octavo", "jnioctavo")) {
        String name = System.mapLibraryName(library);
        URL url = resource(platform, name);
        if (url != null) {
          libraries.put(name, read(url));
        }
      }
      return extract(libraries, overrides.nativeCache());
    } catch (IOException | URISyntaxException e) {
      return new Location.Absent("the native library in octavo-native cannot be read: " + e);
    }
  }

  private static @Nullable URL resource(String platform, String name) {
    return NativeLibrary.class.getResource("/octavo/natives/" + platform + "/" + name);
  }

  private static Location inDirectory(String directory) {
    Location.Found found = new Location.Found(Path.of(directory).toAbsolutePath());
    if (!Files.isRegularFile(found.kernels())) {
      return new Location.Absent(
          "-Doctavo.native.path=%s has no %s; name the directory that holds it"
              .formatted(directory, found.kernels().getFileName()));
    }
    return found;
  }

  private static Location absent(String platform) throws IOException {
    URL reason = resource(platform, ABSENT);
    if (reason == null) {
      return new Location.Absent(
          "octavo-native holds no library for %s; build it on such a machine, or name a directory with"
                  .formatted(platform)
              + " -Doctavo.native.path");
    }
    return new Location.Absent(
        NOT_BUILT + new String(read(reason), StandardCharsets.UTF_8).strip());
  }

  private static byte[] read(URL url) throws IOException {
    try (InputStream in = url.openStream()) {
      return in.readAllBytes();
    }
  }

  // ---- copying out of the jar

  static Location extract(SortedMap<String, byte[]> libraries, String cache) {
    if (!cache.isEmpty()) {
      try {
        return new Location.Found(write(libraries, Path.of(cache).toAbsolutePath()));
      } catch (IOException e) {
        return new Location.Absent(
            "the native library cannot be written to -Doctavo.native.cache=%s (%s); name a directory"
                    .formatted(cache, e)
                + " that this process may write to");
      }
    }
    try {
      return new Location.Found(write(libraries, userCache()));
    } catch (IOException inCache) {
      try {
        Path directory = Files.createTempDirectory("octavo-natives");
        Path written = write(libraries, directory);
        deleteOnExit(directory, written, libraries);
        return new Location.Found(written);
      } catch (IOException inTemporary) {
        return new Location.Absent(
            "the native library can be written neither to the user's cache (%s) nor to a temporary"
                    .formatted(inCache)
                + " directory (%s); name a directory with -Doctavo.native.cache"
                    .formatted(inTemporary));
      }
    }
  }

  private static void deleteOnExit(Path root, Path directory, SortedMap<String, byte[]> libraries) {
    root.toFile().deleteOnExit();
    directory.toFile().deleteOnExit();
    libraries.keySet().forEach(name -> directory.resolve(name).toFile().deleteOnExit());
  }

  /** {@return the directory, named after the contents, that now holds the files} */
  private static Path write(SortedMap<String, byte[]> libraries, Path cache) throws IOException {
    MessageDigest digest = sha256();
    libraries.values().forEach(digest::update);
    Path directory = cache.resolve(HexFormat.of().formatHex(digest.digest(), 0, 8));
    Files.createDirectories(directory);
    for (Map.Entry<String, byte[]> library : libraries.entrySet()) {
      Path file = directory.resolve(library.getKey());
      if (Files.isRegularFile(file)
          && Arrays.equals(Files.readAllBytes(file), library.getValue())) {
        continue;
      }
      Path aside = Files.createTempFile(directory, library.getKey(), ".tmp");
      try {
        Files.write(aside, library.getValue());
        Files.move(
            aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(aside);
      }
    }
    return directory;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static Path userCache() {
    Path home = Path.of(System.getProperty("user.home", "."));
    String base = System.getenv("XDG_CACHE_HOME");
    Path caches =
        PLATFORM.startsWith("macos")
            ? home.resolve("Library").resolve("Caches")
            : base != null && !base.isEmpty() ? Path.of(base) : home.resolve(".cache");
    return caches.resolve("octavo").resolve("natives");
  }

  // ---- damage

  /**
   * {@return why a file must not even be tried, and the remedy}, or {@code null}; the system's
   * loader crashes on a library that lacks its end
   *
   * @param file the library
   */
  public static @Nullable String damage(Path file) {
    if (!PLATFORM.startsWith("linux")) {
      return null;
    }
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer header = ByteBuffer.allocate(ELF_HEADER_BYTES).order(ByteOrder.nativeOrder());
      while (header.hasRemaining() && channel.read(header) >= 0) {}
      // the section headers are the last part of a file
      boolean whole =
          !header.hasRemaining()
              && header.order(ByteOrder.BIG_ENDIAN).getInt(0) == ELF_MAGIC
              && sectionsEnd(header.order(ByteOrder.nativeOrder())) <= channel.size();
      return whole ? null : explain(file, "no whole ELF file");
    } catch (IOException e) {
      return explain(file, e.toString());
    }
  }

  private static long sectionsEnd(ByteBuffer header) {
    long start = header.getLong(0x28);
    int size = Short.toUnsignedInt(header.getShort(0x3A));
    int count = Short.toUnsignedInt(header.getShort(0x3C));
    return start + (long) size * count;
  }

  // ---- words

  static String platform(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    String arch = osArch.toLowerCase(Locale.ROOT);
    return (os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os)
        + "-"
        + switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "aarch64";
          default -> arch;
        };
  }

  /**
   * {@return why a library could not be loaded, and the remedy}
   *
   * @param file the library
   * @param error what the system's loader said
   */
  public static String explain(Path file, String error) {
    String why =
        error.contains("another classloader")
            ? "another class loader holds it, and JNI allows one; use the ffm backend here, or load the"
                + " classes once for all"
            : error.contains("failed to map segment")
                ? "its directory is on a file system mounted noexec; name another one with"
                    + " -Doctavo.native.cache or -Doctavo.native.path"
                : error.contains("GLIBC") || error.contains("version `")
                    ? "it was built for a newer system; build it on this one"
                    : error.contains("ELF")
                            || error.contains("too short")
                            || error.contains("not a mach-o")
                        ? "the file is damaged or made for another machine; delete it and start again, or"
                            + " build it on this machine"
                        : error.contains("liboctavo")
                            ? "it needs liboctavo of the same build beside it"
                            : "build it on this machine";
    return "%s cannot be loaded (%s): %s".formatted(file, error, why);
  }

  /**
   * {@return what is said when the JDK refuses to load native code}
   *
   * @param module the module that needs the permission
   */
  public static String accessDenied(Module module) {
    return "native code is not allowed; run java with --enable-native-access="
        + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }

  /**
   * {@return what is said of a library with another interface}
   *
   * @param file the library
   * @param found its version of the interface
   * @param needed the version that this binding was written for
   */
  public static String wrongAbi(Path file, int found, int needed) {
    return "%s has version %d of the native interface, and this octavo-native needs %d; build both from"
            .formatted(file, found, needed)
        + " the same sources";
  }
}
