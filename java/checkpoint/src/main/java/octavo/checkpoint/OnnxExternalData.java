package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files beside a model that hold the data of its larger tensors. Each is mapped once.
 *
 * <p>A model must not make its reader open files elsewhere: locations are relative, have no {@code
 * ..}, and, symbolic links followed, end up in the model's own folder. That is the folder in which
 * the model was named or, when that name is itself a link, the one in which it really is, so that
 * download caches that link a model and its data into one folder work.
 */
final class OnnxExternalData {

  private static final String LOCATION = "location";
  private static final String OFFSET = "offset";
  private static final String LENGTH = "length";

  private final @Nullable Path model;
  private final Arena arena;
  private final Map<Path, MemorySegment> mapped = new HashMap<>();

  /**
   * Maps the files of one model.
   *
   * @param model the model's path, or {@code null} if the model has no folder of its own
   * @param arena the lifetime of the mappings
   */
  OnnxExternalData(@Nullable Path model, Arena arena) {
    this.model = model;
    this.arena = arena;
  }

  /** {@return the data of a tensor, as its external_data entries say} */
  MemorySegment slice(Map<String, String> entries, OnnxTensorSize wanted, WireReader in)
      throws IOException {
    long size = wanted.byteSize();
    long length = number(entries, LENGTH, size, wanted, in);
    wanted.check(length, "bytes", size, in);
    MemorySegment file = file(entries.getOrDefault(LOCATION, ""), wanted, in);
    long offset = number(entries, OFFSET, 0, wanted, in);
    if (offset > file.byteSize() || size > file.byteSize() - offset) {
      throw in.unsupported(
          wanted.offset(),
          wanted.tensor()
              + " has its "
              + size
              + " bytes at byte "
              + offset
              + " of '"
              + entries.get(LOCATION)
              + "'",
          "that file has " + file.byteSize() + " bytes",
          "copy or download that file again");
    }
    return file.asSlice(offset, size);
  }

  private static long number(
      Map<String, String> entries, String key, long otherwise, OnnxTensorSize wanted, WireReader in)
      throws CheckpointException {
    String text = entries.get(key);
    if (text == null) {
      return otherwise;
    }
    // At most 18 digits, and so in a long.
    if (!text.matches("[0-9]{1,18}")) {
      throw in.corrupt(
          wanted.offset(),
          wanted.tensor() + " has the external_data " + key + " '" + text + "'",
          "it is a number of bytes");
    }
    return Long.parseLong(text);
  }

  private MemorySegment file(String location, OnnxTensorSize wanted, WireReader in)
      throws IOException {
    if (model == null) {
      throw refused(location, "a model in an archive has no files beside it", wanted, in);
    }
    if (!staysBelow(location)) {
      throw refused(location, "a location is a relative path without '..'", wanted, in);
    }
    Path folder = folderOf(model.toAbsolutePath());
    Path file = folder.resolve(location);
    if (!Files.isRegularFile(file)) {
      throw in.unsupported(
          wanted.offset(),
          wanted.tensor() + " has its data in '" + location + "'",
          "there is no such file in " + folder,
          "copy that file to the model's folder");
    }
    Path real = file.toRealPath();
    if (!real.startsWith(folder.toRealPath()) && !real.startsWith(folderOf(model.toRealPath()))) {
      throw refused(location, "that is a link to a file outside the model's folder", wanted, in);
    }
    MemorySegment bytes = mapped.get(real);
    if (bytes == null) {
      bytes = MappedFile.map(real, arena);
      mapped.put(real, bytes);
    }
    return bytes;
  }

  private static Path folderOf(Path file) {
    return file.resolveSibling("");
  }

  private static boolean staysBelow(String location) {
    Path path;
    try {
      path = Path.of(location);
    } catch (InvalidPathException e) {
      return false;
    }
    for (Path part : path) {
      if (part.toString().equals("..")) {
        return false;
      }
    }
    return !location.isEmpty() && !path.isAbsolute();
  }

  private static CheckpointException refused(
      String location, String limit, OnnxTensorSize wanted, WireReader in) {
    return in.unsupported(
        wanted.offset(),
        wanted.tensor() + " has its data in '" + location + "'",
        limit,
        "save the model with its data in one file, or beside it");
  }
}
