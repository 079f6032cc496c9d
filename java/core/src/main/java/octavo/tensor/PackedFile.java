package octavo.tensor;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;

/**
 * A file of packed weights, to be mapped: a program that starts again packs nothing, reads only
 * what it multiplies with, and shares it with other processes.
 *
 * <pre>
 *   8 bytes   "OCTAVOPK"
 *   4 bytes   version, 1
 *   4 bytes   CRC-32C of the table
 *   8 bytes   length of the table in bytes
 *   table     number of matrices, then of each: name, format, rows, columns, panel rows,
 *             interleave, group, tensor scale (FP32 bits), offset of its codes, offset of its scales
 *   codes and scales, each at a multiple of 64 bytes, as {@link PackedMatrix} lays them out
 * </pre>
 *
 * <p>The numbers of head and table are big endian, texts as {@link DataOutputStream#writeUTF}
 * writes them; codes and scales are little endian. Formats are those that {@link Formats#byName}
 * knows.
 */
public final class PackedFile {

  private static final long MAGIC = 0x4F43_5441_564F_504BL;
  private static final int VERSION = 1;
  private static final long HEAD = 24;
  private static final long ALIGNMENT = 64;
  private static final long MAX_TABLE = 1 << 28;

  private PackedFile() {}

  private record Entry(
      String name,
      Format format,
      long rows,
      long columns,
      Packing packing,
      float tensorScale,
      long codes,
      long scales) {}

  /**
   * Writes matrices to a file. It is written beside its place and moved there when it is complete:
   * a file that was there before stays whole if anything goes wrong.
   *
   * @param file where to
   * @param matrices the matrices by name, in the order in which they shall lie
   * @throws IOException if writing fails
   * @throws IllegalArgumentException if a format has no name that {@link Formats#byName} knows, or
   *     a name is longer than 65535 bytes
   */
  public static void write(Path file, Map<String, PackedMatrix> matrices) throws IOException {
    byte[] table = table(matrices, 0);
    // Offsets do not change the table's length.
    long start = aligned(HEAD + table.length);
    table = table(matrices, start);
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(file + " is no file");
    }
    Path beside = Files.createTempFile(folder, file.getFileName().toString(), ".part");
    try {
      try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
        ByteBuffer head = ByteBuffer.allocate((int) HEAD);
        head.putLong(MAGIC).putInt(VERSION).putInt(checksum(table)).putLong(table.length).flip();
        writeFully(channel, head, 0);
        writeFully(channel, ByteBuffer.wrap(table), HEAD);
        long at = start;
        for (PackedMatrix matrix : matrices.values()) {
          for (MemorySegment part : parts(matrix)) {
            write(channel, part, at);
            at = aligned(at + part.byteSize());
          }
        }
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static List<MemorySegment> parts(PackedMatrix matrix) {
    return matrix.hasScales()
        ? List.of(matrix.data(), matrix.scales().data())
        : List.of(matrix.data());
  }

  private static byte[] table(Map<String, PackedMatrix> matrices, long start) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream table = new DataOutputStream(bytes);
    table.writeInt(matrices.size());
    long at = start;
    for (Map.Entry<String, PackedMatrix> entry : matrices.entrySet()) {
      PackedMatrix matrix = entry.getValue();
      Format format = matrix.format();
      if (!Formats.byName(format.name()).equals(format)) {
        throw new IllegalArgumentException(
            "%s is not the format that Formats.byName gives for its name".formatted(format));
      }
      try {
        table.writeUTF(entry.getKey());
      } catch (UTFDataFormatException e) {
        throw new IllegalArgumentException(
            "a name of %d characters; a file's names have at most 65535 bytes"
                .formatted(entry.getKey().length()),
            e);
      }
      table.writeUTF(format.name());
      table.writeLong(matrix.rows());
      table.writeLong(matrix.columns());
      table.writeInt(matrix.packing().panelRows());
      table.writeInt(matrix.packing().interleave());
      table.writeInt(matrix.packing().group());
      table.writeInt(Float.floatToRawIntBits(matrix.tensorScale()));
      for (int part = 0; part < 2; part++) {
        table.writeLong(at);
        if (part < parts(matrix).size()) {
          at = aligned(at + parts(matrix).get(part).byteSize());
        }
      }
    }
    return bytes.toByteArray();
  }

  private static long aligned(long at) {
    return Math.ceilDiv(at, ALIGNMENT) * ALIGNMENT;
  }

  private static int checksum(byte[] table) {
    CRC32C crc = new CRC32C();
    crc.update(table);
    return (int) crc.getValue();
  }

  private static void write(FileChannel channel, MemorySegment from, long at) throws IOException {
    long piece = 1L << 30;
    for (long done = 0; done < from.byteSize(); done += piece) {
      long size = Math.min(piece, from.byteSize() - done);
      writeFully(channel, from.asSlice(done, size).asByteBuffer(), at + done);
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer from, long at) throws IOException {
    long next = at;
    while (from.hasRemaining()) {
      next += channel.write(from, next);
    }
  }

  /**
   * {@return the matrices of a file, mapped into memory}: read when they are first used, not copied
   *
   * @param file a file that {@link #write} wrote
   * @param arena closes the mapping
   * @throws IOException if the file cannot be read, is no such file, is cut short, or its table is
   *     damaged; codes and scales are not checked
   */
  public static Map<String, PackedMatrix> map(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      List<Entry> entries = entries(file, channel, size);
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      Map<String, PackedMatrix> matrices = new LinkedHashMap<>();
      for (Entry entry : entries) {
        try {
          if (matrices.put(entry.name, matrix(entry, all)) != null) {
            throw new IllegalArgumentException("it occurs twice");
          }
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
          throw new IOException(
              "%s: matrix '%s': %s".formatted(file, entry.name, e.getMessage()), e);
        }
      }
      return Collections.unmodifiableMap(matrices);
    }
  }

  private static PackedMatrix matrix(Entry entry, MemorySegment all) {
    Format format = entry.format;
    Packing packing = entry.packing;
    long bytes = PackedMatrix.dataBytes(format, packing, entry.rows, entry.columns);
    MemorySegment codes = all.asSlice(entry.codes, bytes);
    Tensor scales =
        format instanceof BlockFormat block
            ? PackedMatrix.scales(
                block, packing, entry.rows, entry.columns, all.asSlice(entry.scales))
            : null;
    return PackedMatrix.of(
        format, packing, entry.rows, entry.columns, codes, scales, entry.tensorScale);
  }

  private static List<Entry> entries(Path file, FileChannel channel, long size) throws IOException {
    ByteBuffer head = ByteBuffer.allocate((int) HEAD);
    readFully(channel, head, 0);
    head.flip();
    if (head.remaining() < HEAD || head.getLong() != MAGIC) {
      throw new IOException(file + " is no file of packed weights: it does not begin like one");
    }
    int version = head.getInt();
    int checksum = head.getInt();
    long length = head.getLong();
    if (version != VERSION) {
      throw new IOException(
          "%s has version %d; this program reads version %d".formatted(file, version, VERSION));
    }
    if (length < 4 || length > Math.min(MAX_TABLE, size - HEAD)) {
      throw new IOException(
          "%s: a table of %d bytes in a file of %d (at most %d are read): it is cut short or damaged"
              .formatted(file, length, size, MAX_TABLE));
    }
    ByteBuffer table = ByteBuffer.allocate((int) length);
    readFully(channel, table, HEAD);
    if (table.hasRemaining() || checksum(table.array()) != checksum) {
      throw new IOException(file + ": its table has another checksum than written; it is damaged");
    }
    return entries(file, table.array());
  }

  private static List<Entry> entries(Path file, byte[] table) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(table))) {
      int count = in.readInt();
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        entries.add(
            new Entry(
                in.readUTF(),
                Formats.byName(in.readUTF()),
                in.readLong(),
                in.readLong(),
                new Packing(in.readInt(), in.readInt(), in.readInt()),
                Float.intBitsToFloat(in.readInt()),
                in.readLong(),
                in.readLong()));
      }
      return entries;
    } catch (EOFException | UTFDataFormatException e) {
      throw new IOException(file + ": its table ends within a matrix; it is damaged", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer into, long at) throws IOException {
    long next = at;
    while (into.hasRemaining()) {
      int read = channel.read(into, next);
      if (read < 0) {
        return;
      }
      next += read;
    }
  }
}
