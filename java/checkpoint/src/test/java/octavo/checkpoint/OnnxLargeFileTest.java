package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of more than 2 GiB, nearly all of them holes. */
class OnnxLargeFileTest {

  private static final long LARGE = (5L << 30) / 2;

  @TempDir Path folder;

  @Test
  void tensorsBeyondTwoGibibytesAreMapped() throws IOException {
    Path file = writeModel();
    try (Arena arena = Arena.ofConfined()) {
      OnnxCheckpoint model = OnnxCheckpoint.open(file, arena);
      OnnxInitializer large = model.initializer("large");
      assertEquals(LARGE, large.data().byteSize());
      assertTrue(large.data().isMapped());
      assertEquals(1, large.data().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(2, large.data().get(ValueLayout.JAVA_BYTE, LARGE - 1));
      assertEquals(3, model.initializer("after").data().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals("after", model.matmulWeights().getFirst().weight().name());
    }
  }

  @Test
  void offsetsOfErrorsBeyondTwoGibibytesAreRight() throws IOException {
    Path file = writeModel();
    long length;
    try (var channel = new RandomAccessFile(file.toFile(), "rw")) {
      length = channel.length() - 1;
      channel.setLength(length);
    }
    Refusal.of(() -> OnnxCheckpoint.open(file, Arena.ofAuto()), "graph is ");
    try (var channel = new RandomAccessFile(file.toFile(), "rw")) {
      channel.setLength(length + 1);
      channel.seek(length - 1);
      channel.write(new byte[] {7, 7});
    }
    var e = Refusal.of(() -> OnnxCheckpoint.open(file, Arena.ofAuto()), "raw_data is 7 bytes long");
    assertEquals(length - 2, e.offset());
  }

  @Test
  void externalDataBeyondTwoGibibytesIsMapped() throws IOException {
    try (var data = new RandomAccessFile(folder.resolve("w.bin").toFile(), "rw")) {
      data.seek(LARGE);
      data.write(9);
    }
    Proto tensor =
        OnnxBytes.tensor("w", OnnxDataType.UINT8, 1)
            .varint(OnnxFields.DATA_LOCATION, 1)
            .message(OnnxFields.EXTERNAL_DATA, entry("location", "w.bin"))
            .message(OnnxFields.EXTERNAL_DATA, entry("offset", Long.toString(LARGE)));
    Path file = folder.resolve("model.onnx");
    Files.write(file, OnnxBytes.modelOf(tensor).toByteArray());
    try (Arena arena = Arena.ofConfined()) {
      var data = OnnxCheckpoint.open(file, arena).initializer("w").data();
      assertEquals(9, data.get(ValueLayout.JAVA_BYTE, 0));
    }
  }

  private static Proto entry(String key, String value) {
    return new Proto().string(OnnxFields.KEY, key).string(OnnxFields.VALUE, value);
  }

  /** A model of a large tensor and a small one after it. */
  private Path writeModel() throws IOException {
    byte[] start = OnnxBytes.tensor("large", OnnxDataType.UINT8, LARGE).toByteArray();
    byte[] dataTag = header(OnnxFields.RAW_DATA, LARGE);
    long tensorSize = start.length + dataTag.length + LARGE;
    byte[] tensorTag = header(OnnxFields.INITIALIZER, tensorSize);
    byte[] rest =
        new Proto()
            .message(OnnxFields.NODE, OnnxBytes.node("MatMul", "", "y", "x", "after"))
            .message(
                OnnxFields.INITIALIZER,
                OnnxBytes.tensor("after", OnnxDataType.UINT8, 1, 1)
                    .bytes(OnnxFields.RAW_DATA, (byte) 3))
            .toByteArray();
    long graphSize = tensorTag.length + tensorSize + rest.length;
    Path file = folder.resolve("large.onnx");
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(new Proto().varint(OnnxFields.IR_VERSION, 10).toByteArray());
      out.write(header(OnnxFields.GRAPH, graphSize));
      out.write(tensorTag);
      out.write(start);
      out.write(dataTag);
      long data = out.getFilePointer();
      out.write(1);
      out.seek(data + LARGE - 1);
      out.write(2);
      out.write(rest);
    }
    return file;
  }

  private static byte[] header(int field, long length) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = CodedOutputStream.newInstance(bytes);
    out.writeTag(field, 2);
    out.writeUInt64NoTag(length);
    out.flush();
    return bytes.toByteArray();
  }
}
