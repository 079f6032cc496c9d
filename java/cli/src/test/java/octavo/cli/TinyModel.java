package octavo.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes ONNX models with a few MatMul layers, field by field. */
final class TinyModel {

  // Fields of ModelProto, GraphProto, NodeProto and TensorProto in onnx.proto.
  private static final int MODEL_IR_VERSION = 1;
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int NODE_INPUT = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int NODE_OP_TYPE = 4;
  private static final int TENSOR_DIMS = 1;
  private static final int TENSOR_DATA_TYPE = 2;
  private static final int TENSOR_NAME = 8;
  private static final int TENSOR_RAW_DATA = 9;

  private static final int FLOAT = 1;

  private record Layer(String name, int inputs, int outputs, ByteBuffer values) {}

  private final List<Layer> layers = new ArrayList<>();

  /** Adds a layer with weights of all magnitudes from 2^-6 to 2. */
  TinyModel layer(String name, int inputs, int outputs) {
    float[] values = new float[inputs * outputs];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (Math.sin(i * 0.7) * Math.scalb(1.0, 1 - i % 7));
    }
    return layer(name, inputs, outputs, values);
  }

  /** Adds a layer; its weights are stored [inputs, outputs]. */
  TinyModel layer(String name, int inputs, int outputs, float[] values) {
    ByteBuffer raw = ByteBuffer.allocate(values.length * Float.BYTES);
    raw.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    layers.add(new Layer(name, inputs, outputs, raw));
    return this;
  }

  /** {@return the model's file} */
  byte[] bytes() {
    var graph = new ByteArrayOutputStream();
    for (int i = 0; i < layers.size(); i++) {
      var node = new ByteArrayOutputStream();
      field(node, NODE_INPUT, utf8(i == 0 ? "x" : "y" + (i - 1)));
      field(node, NODE_INPUT, utf8(layers.get(i).name()));
      field(node, NODE_OUTPUT, utf8("y" + i));
      field(node, NODE_OP_TYPE, utf8("MatMul"));
      field(graph, GRAPH_NODE, node.toByteArray());
    }
    for (Layer layer : layers) {
      field(graph, GRAPH_INITIALIZER, tensor(layer));
    }
    var model = new ByteArrayOutputStream();
    field(model, MODEL_IR_VERSION, 8);
    field(model, MODEL_GRAPH, graph.toByteArray());
    return model.toByteArray();
  }

  private static byte[] tensor(Layer layer) {
    var tensor = new ByteArrayOutputStream();
    field(tensor, TENSOR_DIMS, layer.inputs());
    field(tensor, TENSOR_DIMS, layer.outputs());
    field(tensor, TENSOR_DATA_TYPE, FLOAT);
    field(tensor, TENSOR_NAME, utf8(layer.name()));
    field(tensor, TENSOR_RAW_DATA, layer.values().array());
    return tensor.toByteArray();
  }

  /** Writes the model to a file. */
  Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  /** Writes an archive that holds the model under some names, compressed. */
  Path writeJar(Path file, String... entries) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        var zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("README"));
      zip.write(utf8("not a model\n"));
      for (String entry : entries) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(bytes());
      }
    }
    return file;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void field(ByteArrayOutputStream out, int number, long value) {
    varint(out, (long) number << 3);
    varint(out, value);
  }

  private static void field(ByteArrayOutputStream out, int number, byte[] value) {
    varint(out, ((long) number << 3) | 2);
    varint(out, value.length);
    out.writeBytes(value);
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest > 0x7F) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
