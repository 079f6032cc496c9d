package octavo.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheSizesTest {

  @TempDir Path folder;

  private void cache(int index, String level, String type, String size) throws IOException {
    Path cache = Files.createDirectory(folder.resolve("index" + index));
    Files.writeString(cache.resolve("level"), level + "\n");
    Files.writeString(cache.resolve("type"), type + "\n");
    Files.writeString(cache.resolve("size"), size + "\n");
  }

  @Test
  void readsDataAndUnifiedCaches() throws IOException {
    cache(0, "1", "Data", "48K");
    cache(1, "1", "Instruction", "64K");
    cache(2, "2", "Unified", "2M");
    cache(3, "3", "Unified", "32768K");
    assertEquals(new CacheSizes(48 << 10, 2 << 20), CacheSizes.read(folder));
  }

  @Test
  void whatIsMissingOrAbsurdGetsTheDefault() throws IOException {
    assertEquals(CacheSizes.DEFAULT, CacheSizes.read(folder.resolve("none")));
    cache(0, "1", "Data", "1K");
    cache(1, "2", "Unified", "much");
    assertEquals(CacheSizes.DEFAULT, CacheSizes.read(folder));
  }
}
