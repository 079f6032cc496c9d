package octavo.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * A zip or jar file that has models in it, as Maven repositories have them.
 *
 * <p>A model that the archive stores as it is gets mapped where it lies. A compressed one is first
 * unpacked to a file in a cache folder, once: its name there has the model's CRC-32, and a file of
 * that name and the model's size is taken for the model.
 *
 * {@snippet :
 * try (Arena arena = Arena.ofShared()) {
 *   var archive = ModelArchive.open(Path.of("all-minilm-l6-v2.jar"), arena);
 *   var model = archive.onnx("all-minilm-l6-v2.onnx", Path.of("target", "models"));
 * }
 * }
 */
public final class ModelArchive {

  private static final int CHUNK = 1 << 16;

  private final Path file;
  private final MemorySegment bytes;
  private final Arena arena;
  private final ZipDirectory directory;

  private ModelArchive(Path file, MemorySegment bytes, Arena arena) throws CheckpointException {
    this.file = file;
    this.bytes = bytes;
    this.arena = arena;
    this.directory = new ZipDirectory(file, bytes);
  }

  /**
   * Maps an archive and reads its directory.
   *
   * @param file the zip or jar file
   * @param arena the lifetime of the mapping, and of the models that are opened from it
   * @return the archive
   * @throws CheckpointException if the file is not a whole and sound zip file
   * @throws IOException if the file cannot be opened or mapped
   */
  public static ModelArchive open(Path file, Arena arena) throws IOException {
    return new ModelArchive(file, MappedFile.map(file, arena), arena);
  }

  /** {@return the names of the entries, in the archive's order} */
  public List<String> entries() {
    return List.copyOf(directory.entries().keySet());
  }

  /**
   * Reads an ONNX model of the archive. The data of its tensors must be within it.
   *
   * @param name the entry that is the model
   * @param cache the folder for the model if it has to be unpacked; made if it does not exist
   * @return the model's weights, for as long as this archive's arena lives
   * @throws NoSuchElementException if there is no such entry
   * @throws CheckpointException if the entry is damaged or not an ONNX model
   * @throws IOException if the model cannot be unpacked to the cache
   */
  public OnnxCheckpoint onnx(String name, Path cache) throws IOException {
    ZipDirectory.Entry entry = entry(name);
    if (entry.method() == ZipDirectory.STORED) {
      long start = directory.start(entry);
      return OnnxCheckpoint.of(file, bytes, start, start + entry.size(), arena);
    }
    Path unpacked = unpack(name, cache);
    MemorySegment model = MappedFile.map(unpacked, arena);
    return OnnxCheckpoint.of(unpacked, model, 0, model.byteSize(), arena);
  }

  /**
   * Unpacks an entry to a file in a folder, unless it is there already. The file is written beside
   * its final name and then moved, so that no process, not even one that unpacks the same entry at
   * the same time, ever sees a part of it.
   *
   * @param name the entry
   * @param folder the folder; made if it does not exist
   * @return the file
   * @throws NoSuchElementException if there is no such entry
   * @throws CheckpointException if the entry is damaged
   * @throws IOException if the file cannot be written
   */
  public Path unpack(String name, Path folder) throws IOException {
    ZipDirectory.Entry entry = entry(name);
    String last = name.substring(name.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9._-]", "_");
    Path target = folder.resolve(HexFormat.of().toHexDigits(entry.crc()) + "-" + last);
    if (Files.isRegularFile(target) && Files.size(target) == entry.size()) {
      return target;
    }
    Files.createDirectories(folder);
    Path part = Files.createTempFile(folder, last, ".part");
    try {
      try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
        write(entry, channel);
        // On disk before it has its name: a crash must not leave a whole name on half a file.
        channel.force(true);
      }
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    return target;
  }

  private void write(ZipDirectory.Entry entry, FileChannel target) throws IOException {
    long start = directory.start(entry);
    var packed = new SegmentStream(bytes.asSlice(start, entry.compressedSize()), 0);
    var inflater = new Inflater(true);
    try (InputStream content =
        entry.method() == ZipDirectory.STORED
            ? packed
            : new InflaterInputStream(packed, inflater)) {
      long size = 0;
      var crc = new CRC32();
      byte[] chunk = new byte[CHUNK];
      for (int count = content.read(chunk); count != -1; count = content.read(chunk)) {
        size += count;
        if (size > entry.size()) {
          break; // Not what the directory says: no reason to fill a disk.
        }
        crc.update(chunk, 0, count);
        write(ByteBuffer.wrap(chunk, 0, count), target);
      }
      if (size != entry.size() || (int) crc.getValue() != entry.crc()) {
        throw damaged(entry, "does not have the size and CRC-32 that the directory says");
      }
    } catch (ZipException | EOFException e) {
      throw damaged(entry, "cannot be inflated: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }

  private static void write(ByteBuffer chunk, FileChannel target) throws IOException {
    while (chunk.hasRemaining()) {
      target.write(chunk);
    }
  }

  private ZipDirectory.Entry entry(String name) throws CheckpointException {
    ZipDirectory.Entry entry = directory.entries().get(name);
    if (entry == null) {
      throw new NoSuchElementException(file + " has no entry '" + name + "' among " + entries());
    }
    int method = entry.method();
    if (entry.isEncrypted() || (method != ZipDirectory.STORED && method != ZipDirectory.DEFLATED)) {
      throw new CheckpointException(
          file,
          entry.header(),
          "'" + name + "' is " + (entry.isEncrypted() ? "encrypted" : "packed by method " + method),
          "stored (0) and deflated (8) entries are read",
          "unpack it with another tool and open the file");
    }
    if (method == ZipDirectory.STORED && entry.size() != entry.compressedSize()) {
      throw damaged(entry, "is stored, but has two sizes");
    }
    return entry;
  }

  private CheckpointException damaged(ZipDirectory.Entry entry, String what) {
    return new CheckpointException(
        file,
        entry.header(),
        "'" + entry.name() + "' " + what,
        "it has " + entry.size() + " bytes",
        "the archive is damaged: copy or download it again");
  }
}
