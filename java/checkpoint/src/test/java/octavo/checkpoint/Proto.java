package octavo.checkpoint;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A protobuf message, written field by field, in the order of the calls. */
final class Proto {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CodedOutputStream out = CodedOutputStream.newInstance(bytes);

  /** Something that writes to a coded stream. */
  private interface Writing {
    void run() throws IOException;
  }

  private Proto write(Writing writing) {
    try {
      writing.run();
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  Proto varint(int field, long value) {
    return write(() -> out.writeUInt64(field, value));
  }

  Proto fixed32(int field, int value) {
    return write(() -> out.writeFixed32(field, value));
  }

  Proto fixed64(int field, long value) {
    return write(() -> out.writeFixed64(field, value));
  }

  Proto string(int field, String value) {
    return write(() -> out.writeString(field, value));
  }

  Proto bytes(int field, byte... value) {
    return write(() -> out.writeByteArray(field, value));
  }

  Proto message(int field, Proto value) {
    return bytes(field, value.toByteArray());
  }

  /** A field of varints, packed. */
  Proto packed(int field, long... values) {
    var content = new Proto();
    content.write(() -> {
      for (long value : values) {
        content.out.writeUInt64NoTag(value);
      }
    });
    return message(field, content);
  }

  Proto packedFloats(int field, float... values) {
    var content = new Proto();
    content.write(() -> {
      for (float value : values) {
        content.out.writeFloatNoTag(value);
      }
    });
    return message(field, content);
  }

  Proto packedDoubles(int field, double... values) {
    var content = new Proto();
    content.write(() -> {
      for (double value : values) {
        content.out.writeDoubleNoTag(value);
      }
    });
    return message(field, content);
  }

  /** Bytes as they are, which need not be a field. */
  Proto raw(int... values) {
    return write(() -> {
      for (int value : values) {
        out.writeRawByte(value);
      }
    });
  }

  byte[] toByteArray() {
    return bytes.toByteArray();
  }
}
