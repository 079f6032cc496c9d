package octavo.kernels.vector;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sizes of a core's caches in bytes, from which kernels derive their blocks. Only speed depends
 * on them.
 *
 * @param level1 the data cache of level 1
 * @param level2 the cache of level 2
 */
public record CacheSizes(int level1, int level2) {

  private static final Pattern SIZE = Pattern.compile("(\\d{1,7})([KM])");

  /** What most cores have at least; also used where the system does not tell. */
  public static final CacheSizes DEFAULT = new CacheSizes(32 << 10, 512 << 10);

  /** This machine's, as far as the operating system tells. */
  public static final CacheSizes HOST = read(Path.of("/sys/devices/system/cpu/cpu0/cache"));

  /**
   * {@return sizes as Linux tells them}, defaults for what is missing or out of all proportion
   *
   * @param folder holds a folder for each cache, with files {@code level}, {@code type} and {@code
   *     size}
   */
  static CacheSizes read(Path folder) {
    long level1 = 0;
    long level2 = 0;
    try (DirectoryStream<Path> caches = Files.newDirectoryStream(folder, "index*")) {
      for (Path cache : caches) {
        if (Files.readString(cache.resolve("type")).strip().equals("Instruction")) {
          continue;
        }
        long size = size(Files.readString(cache.resolve("size")).strip());
        switch (Files.readString(cache.resolve("level")).strip()) {
          case "1" -> level1 = size;
          case "2" -> level2 = size;
          default -> {}
        }
      }
    } catch (IOException | SecurityException e) {
      return DEFAULT; // Not Linux, or a container that hides it.
    }
    return new CacheSizes(
        within(level1, 16 << 10, 256 << 10, DEFAULT.level1),
        within(level2, 128 << 10, 16 << 20, DEFAULT.level2));
  }

  private static long size(String text) {
    Matcher matcher = SIZE.matcher(text);
    return matcher.matches()
        ? Long.parseLong(matcher.group(1)) << (matcher.group(2).equals("K") ? 10 : 20)
        : 0;
  }

  private static int within(long size, int least, int most, int otherwise) {
    return size < least || size > most ? otherwise : (int) size;
  }
}
