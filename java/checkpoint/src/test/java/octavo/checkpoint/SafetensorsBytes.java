package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Files made by hand: a header as text, data as bytes. */
final class SafetensorsBytes {

  static final Path FILE = Path.of("m.safetensors");

  private SafetensorsBytes() {}

  static byte[] of(String header, int... data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    var bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    for (int value : data) {
      bytes.put((byte) value);
    }
    return bytes.array();
  }

  /** A header of one tensor. */
  static String tensor(String name, String type, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, type, shape, begin, end);
  }

  static SafetensorsCheckpoint read(byte[] bytes) throws IOException {
    return SafetensorsCheckpoint.of(FILE, MemorySegment.ofArray(bytes));
  }

  static SafetensorsCheckpoint read(String header, int... data) throws IOException {
    return read(of(header, data));
  }
}
