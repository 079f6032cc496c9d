package octavo.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The memory of one case, of every kind. Used by one thread. */
final class Workspace implements AutoCloseable {

  private static final long ALIGNMENT = 64;

  private final Arena confined = Arena.ofConfined();
  private @Nullable Arena shared;
  private @Nullable FileChannel file;
  private long fileSize;

  /** {@return zeroed memory, aligned to 64 bytes where it is not a Java array} */
  MemorySegment allocate(Memory memory, long bytes) {
    return switch (memory) {
      case BYTES -> MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
      case FLOATS ->
          MemorySegment.ofArray(new float[Math.toIntExact(Math.ceilDiv(bytes, (long) Float.BYTES))])
              .asSlice(0, bytes);
      case CONFINED -> confined.allocate(bytes, ALIGNMENT);
      case SHARED -> shared().allocate(bytes, ALIGNMENT);
      case AUTOMATIC -> Arena.ofAuto().allocate(bytes, ALIGNMENT);
      case MAPPED -> map(bytes);
    };
  }

  @SuppressWarnings("MustBeClosed") // closed with the workspace
  private Arena shared() {
    Arena arena = shared;
    if (arena == null) {
      arena = Arena.ofShared();
      shared = arena;
    }
    return arena;
  }

  private MemorySegment map(long bytes) {
    try {
      FileChannel channel = file;
      if (channel == null) {
        Path path = Files.createTempFile("octavo-conformance", ".bin");
        channel =
            FileChannel.open(
                path,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE);
        file = channel;
      }
      MemorySegment segment =
          channel.map(FileChannel.MapMode.READ_WRITE, fileSize, bytes, confined);
      fileSize += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
      return segment;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot map a temporary file", e);
    }
  }

  @Override
  public void close() {
    confined.close();
    if (shared != null) {
      shared.close();
    }
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot delete a temporary file", e);
      }
    }
  }
}
