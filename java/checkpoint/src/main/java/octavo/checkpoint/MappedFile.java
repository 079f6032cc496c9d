package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Maps whole files for reading. */
final class MappedFile {

  private MappedFile() {}

  /** {@return the contents of a file, mapped for the lifetime of an arena} */
  static MemorySegment map(Path file, Arena arena) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new CheckpointException(
          file, 0, "a folder or a device", "only files can be mapped", "name the file itself");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }
}
