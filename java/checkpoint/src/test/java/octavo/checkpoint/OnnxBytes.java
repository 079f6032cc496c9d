package octavo.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** Small ONNX messages, and reading them from memory. */
final class OnnxBytes {

  static final int IR_VERSION = 10;

  private OnnxBytes() {}

  /** A model of a graph. */
  static Proto model(Proto graph) {
    return new Proto()
        .varint(OnnxFields.IR_VERSION, OnnxBytes.IR_VERSION)
        .string(2, "made by hand")
        .message(OnnxFields.GRAPH, graph);
  }

  /** A model whose graph has nothing but initializers. */
  static Proto modelOf(Proto... initializers) {
    var graph = new Proto();
    for (Proto initializer : initializers) {
      graph.message(OnnxFields.INITIALIZER, initializer);
    }
    return model(graph);
  }

  /** A tensor that lacks its data. */
  static Proto tensor(String name, OnnxDataType type, long... shape) {
    return new Proto()
        .packed(OnnxFields.DIMS, shape)
        .varint(OnnxFields.DATA_TYPE, type.number())
        .string(OnnxFields.TENSOR_NAME, name);
  }

  /** A tensor of zeros. */
  static Proto zeros(String name, OnnxDataType type, long... shape) {
    long elements = 1;
    for (long dimension : shape) {
      elements *= dimension;
    }
    byte[] data = new byte[(int) type.byteSize(elements)];
    return tensor(name, type, shape).bytes(OnnxFields.RAW_DATA, data);
  }

  static Proto node(String opType, String name, String output, String... inputs) {
    var node = new Proto();
    for (String input : inputs) {
      node.string(OnnxFields.NODE_INPUT, input);
    }
    return node.string(OnnxFields.NODE_OUTPUT, output)
        .string(OnnxFields.NODE_NAME, name)
        .string(OnnxFields.NODE_OP_TYPE, opType);
  }

  static Proto attribute(String name) {
    return new Proto().string(OnnxFields.ATTRIBUTE_NAME, name);
  }

  static OnnxCheckpoint read(byte[] model, Arena arena) throws IOException {
    var bytes = MemorySegment.ofArray(model);
    return OnnxCheckpoint.of(Path.of("model.onnx"), bytes, 0, model.length, arena);
  }

  /** Reads a sound model. */
  static OnnxCheckpoint read(Proto model) {
    try {
      return read(model.toByteArray(), Arena.ofAuto());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the only initializer of a model. */
  static OnnxInitializer readTensor(Proto tensor) {
    return read(modelOf(tensor)).initializers().getFirst();
  }
}
