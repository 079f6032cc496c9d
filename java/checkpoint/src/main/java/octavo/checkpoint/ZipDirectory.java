package octavo.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import octavo.tensor.Codes;

/**
 * The directory of a zip file, which tells where in the file each entry's bytes are. {@link
 * java.util.zip} keeps that to itself, and an entry that is stored as it is can be mapped.
 *
 * <p>Reads what is written in practice: one disk, sizes and offsets of 32 or 64 bits (zip64), no
 * encryption, nothing before the first entry.
 */
final class ZipDirectory {

  /** What becomes of an entry's bytes: they are as they were. */
  static final int STORED = 0;

  /**
   * What becomes of an entry's bytes: they are compressed as {@link java.util.zip.Inflater} reads.
   */
  static final int DEFLATED = 8;

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int LOCAL_HEADER = 0x04034b50;
  private static final int CENTRAL_HEADER = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int ZIP64_LOCATOR = 0x07064b50;
  private static final int ZIP64_END = 0x06064b50;

  private static final int LOCAL_HEADER_SIZE = 30;
  private static final int CENTRAL_HEADER_SIZE = 46;
  private static final int END_SIZE = 22;
  private static final int ZIP64_LOCATOR_SIZE = 20;
  private static final int ZIP64_END_SIZE = 56;
  private static final int MAX_COMMENT = 0xffff;

  /** In a field of 32 bits: the value is in the zip64 extra field. */
  private static final long ELSEWHERE = 0xffff_ffffL;

  private static final int ZIP64_EXTRA = 1;
  private static final int ENCRYPTED = 1;

  private final Path file;
  private final MemorySegment bytes;

  private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();

  /**
   * Reads the directory of a mapped zip file.
   *
   * @param file the file's name for messages
   * @param bytes its contents
   */
  ZipDirectory(Path file, MemorySegment bytes) throws CheckpointException {
    this.file = file;
    this.bytes = bytes;
    readEntries();
  }

  /**
   * An entry of a zip file.
   *
   * @param name its name
   * @param method {@link #STORED}, {@link #DEFLATED}, or a method that is not read
   * @param crc the CRC-32 of its content
   * @param compressedSize the bytes it takes in the file
   * @param size the bytes of its content
   * @param header where its local header starts
   * @param isEncrypted whether a password is needed
   */
  record Entry(
      String name,
      int method,
      int crc,
      long compressedSize,
      long size,
      long header,
      boolean isEncrypted) {}

  /** {@return the entries by name, in the directory's order} */
  SequencedMap<String, Entry> entries() {
    return Collections.unmodifiableSequencedMap(entries);
  }

  /** {@return the byte of the file at which an entry's data starts, all of which is in the file} */
  long start(Entry entry) throws CheckpointException {
    long header = entry.header;
    check(header, LOCAL_HEADER_SIZE, LOCAL_HEADER, "the header of '" + entry.name + "'");
    long start = header + LOCAL_HEADER_SIZE + u16(header + 26) + u16(header + 28);
    if (entry.compressedSize > bytes.byteSize() - start) {
      throw corrupt(
          header,
          "'" + entry.name + "' has " + entry.compressedSize + " bytes from byte " + start,
          "the file has " + bytes.byteSize());
    }
    return start;
  }

  private void readEntries() throws CheckpointException {
    long end = findEnd();
    long offset = u32(end + 16);
    long size = u32(end + 12);
    long locator = end - ZIP64_LOCATOR_SIZE;
    if (locator >= 0 && i32(locator) == ZIP64_LOCATOR) {
      long zip64 = i64(locator + 8);
      check(zip64, ZIP64_END_SIZE, ZIP64_END, "the end of a zip64 directory");
      size = i64(zip64 + 40);
      offset = i64(zip64 + 48);
    }
    if (offset < 0 || size < 0 || size > end || offset > end - size) {
      throw corrupt(
          end, "a directory of " + size + " bytes at byte " + offset, "it ends before byte " + end);
    }
    long next = offset;
    while (next < offset + size) {
      check(next, CENTRAL_HEADER_SIZE, CENTRAL_HEADER, "an entry of the directory");
      int nameLength = u16(next + 28);
      int extraLength = u16(next + 30);
      long nameStart = next + CENTRAL_HEADER_SIZE;
      long after = nameStart + nameLength + extraLength + u16(next + 32);
      if (after > offset + size) {
        throw corrupt(next, "an entry up to byte " + after, "the directory ends before");
      }
      Entry entry = entry(next, nameStart, nameLength, extraLength);
      // Of entries with one name the last counts, as it does for java.util.zip.
      entries.put(entry.name, entry);
      next = after;
    }
  }

  private Entry entry(long header, long nameStart, int nameLength, int extraLength)
      throws CheckpointException {
    byte[] name = bytes.asSlice(nameStart, nameLength).toArray(ValueLayout.JAVA_BYTE);
    var large = new Zip64Extra(nameStart + nameLength, extraLength);
    // In this order: the extra field only has the values that are elsewhere.
    long size = large.value(u32(header + 24));
    long compressedSize = large.value(u32(header + 20));
    long local = large.value(u32(header + 42));
    if (size < 0 || compressedSize < 0 || local < 0) {
      throw corrupt(header, "an entry with a negative size", "sizes are at least 0");
    }
    return new Entry(
        new String(name, StandardCharsets.UTF_8),
        u16(header + 10),
        i32(header + 16),
        compressedSize,
        size,
        local,
        (u16(header + 8) & ENCRYPTED) != 0);
  }

  /** The values of an entry that do not fit in 32 bits, one after the other. */
  private final class Zip64Extra {

    private long next;
    private long end;

    Zip64Extra(long start, int length) {
      long field = start;
      while (field + 4 <= start + length) {
        long data = field + 4;
        long after = Math.min(data + u16(field + 2), start + length);
        if (u16(field) == ZIP64_EXTRA) {
          next = data;
          end = after;
          return;
        }
        field = after;
      }
    }

    long value(long inHeader) throws CheckpointException {
      if (inHeader != ELSEWHERE) {
        return inHeader;
      }
      if (end - next < Long.BYTES) {
        throw corrupt(next, "an entry without the sizes it says it has", "zip64 has them");
      }
      next += Long.BYTES;
      return i64(next - Long.BYTES);
    }
  }

  private long findEnd() throws CheckpointException {
    long last = bytes.byteSize() - END_SIZE;
    for (long at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
      if (i32(at) == END && u16(at + 20) == last - at) {
        return at;
      }
    }
    throw corrupt(
        Math.max(0, last),
        "no end of a zip directory in a file of " + bytes.byteSize() + " bytes",
        "a zip or jar file ends with one");
  }

  private void check(long at, int size, int signature, String what) throws CheckpointException {
    long last = bytes.byteSize() - size;
    if (at < 0 || at > last || i32(at) != signature) {
      throw corrupt(
          Math.clamp(at, 0, bytes.byteSize()),
          what + " is not at byte " + at,
          "it starts with the bytes of " + Integer.toHexString(signature));
    }
  }

  private CheckpointException corrupt(long offset, String found, String limit) {
    return new CheckpointException(
        file,
        offset,
        found,
        limit,
        "the file is cut short or damaged, or not a zip file: copy or download it again");
  }

  private int u16(long offset) {
    return Short.toUnsignedInt(bytes.get(Codes.SHORT, offset));
  }

  private int i32(long offset) {
    return bytes.get(Codes.INT, offset);
  }

  private long u32(long offset) {
    return Integer.toUnsignedLong(i32(offset));
  }

  private long i64(long offset) {
    return bytes.get(LONG, offset);
  }
}
