package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import octavo.checkpoint.WireReader.Outer;
import octavo.tensor.Codes;

/**
 * The data of a {@code TensorProto} that is not in {@code raw_data} but in the repeated field of
 * its type, packed or one by one, or both in turns, as protobuf allows.
 *
 * <p>Memory is only taken once it is certain that the file has at least a byte for each value, so a
 * file can make this allocate at most eight times its own size.
 */
final class OnnxTypedData {

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final MemorySegment NONE = MemorySegment.ofArray(new byte[0]);

  private final WireReader in;
  private final OnnxTensorSize wanted;
  private final Arena arena;
  private final int field;
  private final long available;

  private OnnxTypedData(WireReader in, OnnxTensorSize wanted, Arena arena) {
    this.in = in;
    this.wanted = wanted;
    this.arena = arena;
    this.field = wanted.type().typedField();
    this.available = in.end() - in.position();
  }

  /** Reads the data of a tensor, given a reader over its fields. */
  static MemorySegment read(WireReader in, OnnxTensorSize wanted, Arena arena) throws IOException {
    var data = new OnnxTypedData(in, wanted, arena);
    return switch (data.field) {
      case OnnxFields.FLOAT_DATA, OnnxFields.DOUBLE_DATA -> data.fixed();
      case OnnxFields.STRING_DATA -> data.strings();
      default -> data.varints();
    };
  }

  private MemorySegment strings() throws IOException {
    long count = 0;
    while (in.hasNext()) {
      int tag = in.tag();
      if (WireReader.number(tag) == field) {
        in.slice(tag, "string_data");
        count++;
      } else {
        in.skip(tag);
      }
    }
    wanted.check(count, "strings", wanted.elements(), in);
    return NONE;
  }

  /** Floats and doubles: the file has them as memory does, so one piece is taken as it lies. */
  private MemorySegment fixed() throws IOException {
    long size = wanted.byteSize();
    MemorySegment data = NONE;
    long found = 0;
    while (in.hasNext()) {
      int tag = in.tag();
      if (WireReader.number(tag) != field) {
        in.skip(tag);
        continue;
      }
      MemorySegment piece = piece(tag);
      if (found == 0 && piece.byteSize() == size) {
        data = piece;
      } else if (piece.byteSize() > 0 && found + piece.byteSize() <= size) {
        if (found == 0) {
          data = allocate(size, 1);
        }
        data.asSlice(found).copyFrom(piece);
      }
      found += piece.byteSize();
    }
    wanted.check(found, "bytes", size, in);
    return data;
  }

  private MemorySegment piece(int tag) throws IOException {
    int width = field == OnnxFields.FLOAT_DATA ? Float.BYTES : Double.BYTES;
    if (!WireReader.isLengthDelimited(tag)) {
      return in.fixed(tag, width, "a value");
    }
    MemorySegment piece = in.slice(tag, "packed values");
    if (piece.byteSize() % width != 0) {
      throw in.corrupt(
          in.tagOffset(),
          "packed values take " + piece.byteSize() + " bytes",
          "each value takes " + width);
    }
    return piece;
  }

  private MemorySegment varints() throws IOException {
    int width = Math.max(wanted.type().bits() / Byte.SIZE, 1);
    long values = wanted.byteSize() / width;
    MemorySegment data = allocate(wanted.byteSize(), width);
    long found = 0;
    while (in.hasNext()) {
      int tag = in.tag();
      if (WireReader.number(tag) != field) {
        in.skip(tag);
      } else if (WireReader.isLengthDelimited(tag)) {
        Outer tensor = in.enter(tag, "packed values");
        while (in.hasNext()) {
          long at = in.position();
          put(data, width, found++, in.varint("a value"), at);
        }
        in.leave(tensor);
      } else {
        put(data, width, found++, in.varint(tag, "a value"), in.tagOffset());
      }
    }
    wanted.check(found, "values", values, in);
    return data;
  }

  private void put(MemorySegment data, int width, long index, long varint, long offset)
      throws CheckpointException {
    // Protobuf's own rule: of an int32, only the low 32 bits of the varint count.
    long value = field == OnnxFields.INT32_DATA ? (int) varint : varint;
    if (!fits(value)) {
      throw in.corrupt(
          offset,
          wanted.tensor() + " has the value " + value,
          "it does not fit the " + wanted.type().bits() + " bits of the type");
    }
    long position = index * width;
    if (position >= data.byteSize()) {
      return; // Too many: counted, and reported at the end.
    }
    switch (width) {
      case Byte.BYTES -> data.set(ValueLayout.JAVA_BYTE, position, (byte) value);
      case Short.BYTES -> data.set(Codes.SHORT, position, (short) value);
      case Integer.BYTES -> data.set(Codes.INT, position, (int) value);
      default -> data.set(LONG, position, value);
    }
  }

  private boolean fits(long value) {
    return switch (wanted.type()) {
      case INT32, INT64, UINT64 -> true;
      case BOOL -> value == 0 || value == 1;
      case INT8 -> value == (byte) value;
      case INT16 -> value == (short) value;
      // Whole bytes of packed elements, which exporters write with a sign or without.
      case INT2, INT4 -> value >= Byte.MIN_VALUE && value <= 0xff;
      case UINT32 -> value >>> Integer.SIZE == 0;
      case UINT16, FLOAT16, BFLOAT16 -> value >>> Short.SIZE == 0;
      default -> value >>> Byte.SIZE == 0;
    };
  }

  private MemorySegment allocate(long size, int width) throws CheckpointException {
    if (size / width > available) {
      throw in.corrupt(
          wanted.offset(),
          wanted.tensor() + " has less than " + available + " bytes of data in the file",
          "by its type and shape it has " + size / width + " values");
    }
    return arena.allocate(size, Long.BYTES);
  }
}
