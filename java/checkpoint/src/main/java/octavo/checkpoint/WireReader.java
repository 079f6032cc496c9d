package octavo.checkpoint;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads protobuf messages off a mapped file, field by field, and knows at which byte it is.
 *
 * <p>{@link CodedInputStream} decodes the numbers, but it counts its bytes in an {@code int} and,
 * on JDKs without {@code sun.misc.Unsafe}, copies a direct buffer whole. So it only ever sees a
 * stream over a few kilobytes at a time; positions, ends of messages and skipping are this class's,
 * in {@code long}. A skipped or sliced field is never touched.
 *
 * <p>Messages nest by {@link #enter} and {@link #leave} under the caller's control: nothing here
 * recurses, so no input makes the stack deep.
 */
final class WireReader {

  /** Bytes read ahead. A skip shorter than this may stay within the window. */
  private static final int WINDOW = 4096;

  /** The longest name, key or path believed: real ones have a few hundred bytes. */
  private static final int MAX_STRING = 1 << 16;

  private static final int LONGEST_VARINT = 10;

  /** The window counts in an {@code int}: its count starts again long before that overflows. */
  private static final int COUNT_LIMIT = 1 << 20;

  private final Path file;
  private final MemorySegment bytes;
  private final String remedy;

  private CodedInputStream window;
  private long windowStart;
  private long end;
  private String message;
  private long tagOffset;

  /**
   * Reads the message that is in a part of a mapped file.
   *
   * @param file the file's name for messages to people
   * @param bytes its contents
   * @param from the byte at which the message starts
   * @param to the byte at which it ends
   * @param message what the message is, for messages to people
   * @param remedy what to do when the contents make no sense
   */
  WireReader(Path file, MemorySegment bytes, long from, long to, String message, String remedy) {
    this.file = file;
    this.bytes = bytes;
    this.end = to;
    this.message = message;
    this.remedy = remedy;
    this.window = windowAt(from);
  }

  /** Where a nested message was entered from. */
  record Outer(long end, String message) {}

  /** {@return a second reader over the part of the same file from one byte up to another} */
  WireReader over(long from, long to, String name) {
    return new WireReader(file, bytes, from, to, name, remedy);
  }

  /** {@return the byte of the file that is read next} */
  long position() {
    return windowStart + window.getTotalBytesRead();
  }

  /** {@return the byte at which the message being read ends} */
  long end() {
    return end;
  }

  /** {@return the byte at which the latest tag started} */
  long tagOffset() {
    return tagOffset;
  }

  /** {@return whether the message being read has another field} */
  boolean hasNext() {
    return position() < end;
  }

  /** Reads the tag that starts a field: its number and its wire type. */
  int tag() throws IOException {
    tagOffset = position();
    int tag = (int) varint("a field's tag", 0xffff_ffffL);
    if (number(tag) == 0) {
      throw corrupt(tagOffset, "field number 0 in " + message, "field numbers start at 1");
    }
    return tag;
  }

  /** {@return the field number in a tag} */
  static int number(int tag) {
    return WireFormat.getTagFieldNumber(tag);
  }

  /** {@return the wire type in a tag} */
  static int wireType(int tag) {
    return WireFormat.getTagWireType(tag);
  }

  /** {@return whether a length and that many bytes follow a tag} */
  static boolean isLengthDelimited(int tag) {
    return wireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  /** Insists that the field after a tag is a varint, and reads it. */
  long varint(int tag, String name) throws IOException {
    expect(tag, WireFormat.WIRETYPE_VARINT, name);
    return varint(name);
  }

  /** Reads a varint of any value. */
  long varint(String name) throws IOException {
    if (window.getTotalBytesRead() > COUNT_LIMIT) {
      windowStart += window.getTotalBytesRead();
      window.resetSizeCounter();
    }
    long at = position();
    if (at == end) {
      throw corrupt(at, name + " is missing", "the " + message + " ends at byte " + end);
    }
    long value;
    try {
      value = window.readRawVarint64();
    } catch (IOException e) {
      throw notANumber(at, name);
    }
    // protobuf-java takes the tenth byte of a varint for its last, whatever it says.
    if (bytes.get(ValueLayout.JAVA_BYTE, position() - 1) < 0) {
      throw notANumber(at, name);
    }
    // The window knows where the file ends, but not where the message does.
    if (position() > end) {
      throw corrupt(
          at, name + " runs on to byte " + position(), "the " + message + " ends at byte " + end);
    }
    return value;
  }

  private CheckpointException notANumber(long at, String name) {
    return corrupt(
        at,
        name + " is not a number",
        "a varint has at most " + LONGEST_VARINT + " bytes and ends before byte " + end);
  }

  private long varint(String name, long max) throws IOException {
    long at = position();
    long value = varint(name);
    if (value < 0 || value > max) {
      throw corrupt(at, name + " is " + Long.toUnsignedString(value), "at most " + max + " fits");
    }
    return value;
  }

  /** Insists that the field after a tag has 4 or 8 bytes, and slices them. */
  MemorySegment fixed(int tag, int width, String name) throws IOException {
    expect(
        tag,
        width == Integer.BYTES ? WireFormat.WIRETYPE_FIXED32 : WireFormat.WIRETYPE_FIXED64,
        name);
    return bytes.asSlice(take(width, name), width);
  }

  /** Insists that the field after a tag has a length, and reads it: that many bytes follow. */
  long length(int tag, String name) throws IOException {
    expect(tag, WireFormat.WIRETYPE_LENGTH_DELIMITED, name);
    long length = varint("the length of " + name);
    long left = end - position();
    if (length < 0 || length > left) {
      throw corrupt(
          tagOffset,
          name + " is " + Long.toUnsignedString(length) + " bytes long",
          "only " + left + " bytes are left in the " + message);
    }
    return length;
  }

  /** {@return the field after a tag as a slice of the file, of which nothing is read} */
  MemorySegment slice(int tag, String name) throws IOException {
    long length = length(tag, name);
    return bytes.asSlice(take(length, name), length);
  }

  /** Reads the field after a tag as a string. */
  String string(int tag, String name) throws IOException {
    long length = length(tag, name);
    if (length > MAX_STRING) {
      throw corrupt(
          tagOffset, name + " is " + length + " bytes long", "at most " + MAX_STRING + " are read");
    }
    long start = take(length, name);
    ByteBuffer text = bytes.asSlice(start, length).asByteBuffer();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
    } catch (CharacterCodingException e) {
      throw corrupt(start, name + " is not UTF-8", "names in ONNX files are UTF-8");
    }
  }

  /** Steps into the message after a tag, up to the {@link #leave} of what this returns. */
  Outer enter(int tag, String name) throws IOException {
    long length = length(tag, name);
    var outer = new Outer(end, message);
    end = position() + length;
    message = name;
    return outer;
  }

  /** Steps out of a message that was read to its end. */
  void leave(Outer outer) {
    end = outer.end;
    message = outer.message;
  }

  /** Skips the field after a tag. */
  void skip(int tag) throws IOException {
    String name = "field " + number(tag) + " of " + message;
    switch (wireType(tag)) {
      case WireFormat.WIRETYPE_VARINT -> varint(name);
      case WireFormat.WIRETYPE_FIXED64 -> take(8, name);
      case WireFormat.WIRETYPE_LENGTH_DELIMITED -> take(length(tag, name), name);
      case WireFormat.WIRETYPE_FIXED32 -> take(4, name);
      default ->
          throw corrupt(
              tagOffset, name + " has wire type " + wireType(tag), "ONNX uses types 0, 1, 2 and 5");
    }
  }

  /** Passes over bytes of the message; returns where they start. */
  long take(long count, String name) throws IOException {
    long start = position();
    if (count > end - start) {
      throw corrupt(
          start,
          name + " needs " + count + " bytes",
          "only " + (end - start) + " bytes are left in the " + message);
    }
    seek(start + count);
    return start;
  }

  private void seek(long target) throws IOException {
    long ahead = target - position();
    if (ahead >= 0 && ahead <= WINDOW) {
      window.skipRawBytes((int) ahead);
    } else {
      window = windowAt(target);
    }
  }

  private void expect(int tag, int wireType, String name) throws CheckpointException {
    if (wireType(tag) != wireType) {
      throw corrupt(
          tagOffset, name + " has wire type " + wireType(tag), "its wire type is " + wireType);
    }
  }

  /** {@return an exception for contents that make no sense} */
  CheckpointException corrupt(long offset, String found, String limit) {
    return new CheckpointException(file, offset, found, limit, remedy);
  }

  /** {@return an exception for contents that make sense but are not read} */
  CheckpointException unsupported(long offset, String found, String limit, String advice) {
    return new CheckpointException(file, offset, found, limit, advice);
  }

  private CodedInputStream windowAt(long offset) {
    windowStart = offset;
    return CodedInputStream.newInstance(new SegmentStream(bytes, offset), WINDOW);
  }
}
