package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import octavo.checkpoint.WireReader.Outer;
import octavo.tensor.Codes;

/** Reads a {@code ModelProto}: the initializers of its main graph and the nodes that matter. */
final class OnnxModelReader {

  private static final Set<String> KEPT_NODES = Set.of("MatMul", "Gemm", "Identity", "Transpose");
  private static final Set<String> STANDARD_DOMAINS = Set.of("", "ai.onnx");

  /** Longer attributes are of nodes that do not matter. */
  private static final int KEPT_INTS = 8;

  /** How other files start that are taken for ONNX models, and what to do about each. */
  private static final Map<String, String> LOOKALIKES =
      Map.of(
          "PK", "this is a zip or jar archive: open the model in it with ModelArchive",
          "GGUF", "this is a GGUF file, not an ONNX model",
          "version https://git-lfs", "this is a Git LFS pointer: fetch the file that it stands for",
          "<", "this is a page of HTML or XML: download the model itself");

  private final Path file;
  private final Arena arena;
  private final OnnxExternalData external;
  private final WireReader in;

  private final SequencedMap<String, OnnxInitializer> initializers = new LinkedHashMap<>();
  private final List<OnnxNode> nodes = new ArrayList<>();
  private long irVersion;
  private boolean hasGraph;

  OnnxModelReader(
      Path file, MemorySegment bytes, long from, long to, OnnxExternalData external, Arena arena) {
    this.file = file;
    this.arena = arena;
    this.external = external;
    this.in =
        new WireReader(file, bytes, from, to, "model", remedy(bytes.asSlice(from, to - from)));
  }

  private static String remedy(MemorySegment bytes) {
    for (var lookalike : LOOKALIKES.entrySet()) {
      byte[] start = lookalike.getKey().getBytes(StandardCharsets.US_ASCII);
      if (bytes.byteSize() >= start.length
          && bytes.asSlice(0, start.length).mismatch(MemorySegment.ofArray(start)) == -1) {
        return lookalike.getValue();
      }
    }
    return "the file is cut short or damaged, or not an ONNX model: copy or download it again";
  }

  OnnxCheckpoint read() throws IOException {
    long start = in.position();
    while (in.hasNext()) {
      int tag = in.tag();
      switch (WireReader.number(tag)) {
        case OnnxFields.IR_VERSION -> irVersion = in.varint(tag, "ir_version");
        case OnnxFields.GRAPH -> graph(tag);
        default -> in.skip(tag);
      }
    }
    if (irVersion <= 0 || !hasGraph) {
      throw in.corrupt(
          start,
          "a model of "
              + (in.end() - start)
              + " bytes with "
              + (hasGraph ? "a graph but ir_version " + irVersion : "no graph"),
          "an ONNX model has an ir_version from 1 and a graph");
    }
    return new OnnxCheckpoint(file, initializers, nodes);
  }

  private void graph(int tag) throws IOException {
    if (hasGraph) {
      throw in.corrupt(in.tagOffset(), "a second graph", "a model has one");
    }
    hasGraph = true;
    Outer model = in.enter(tag, "graph");
    while (in.hasNext()) {
      int field = in.tag();
      switch (WireReader.number(field)) {
        case OnnxFields.NODE -> node(field);
        case OnnxFields.INITIALIZER -> initializer(field);
        default -> in.skip(field);
      }
    }
    in.leave(model);
  }

  private void initializer(int tag) throws IOException {
    long start = in.tagOffset();
    OnnxInitializer read = OnnxTensorReader.read(tag, in, external, arena);
    if (initializers.putIfAbsent(read.name(), read) != null) {
      throw in.corrupt(
          start, "a second initializer '" + read.name() + "'", "names are unique in a graph");
    }
  }

  private void node(int tag) throws IOException {
    String name = "";
    String opType = "";
    String domain = "";
    var inputs = new ArrayList<String>();
    String output = "";
    var attributes = new Attributes();
    Outer graph = in.enter(tag, "node");
    while (in.hasNext()) {
      int field = in.tag();
      switch (WireReader.number(field)) {
        case OnnxFields.NODE_INPUT -> {
          String input = in.string(field, "a node's input");
          if (inputs.size() < OnnxNode.KEPT_INPUTS) {
            inputs.add(input);
          }
        }
        case OnnxFields.NODE_OUTPUT -> {
          String first = in.string(field, "a node's output");
          output = output.isEmpty() ? first : output;
        }
        case OnnxFields.NODE_NAME -> name = in.string(field, "a node's name");
        case OnnxFields.NODE_OP_TYPE -> opType = in.string(field, "op_type");
        case OnnxFields.NODE_ATTRIBUTE -> attributes.read(field);
        case OnnxFields.NODE_DOMAIN -> domain = in.string(field, "a node's domain");
        default -> in.skip(field);
      }
    }
    in.leave(graph);
    if (KEPT_NODES.contains(opType) && STANDARD_DOMAINS.contains(domain)) {
      nodes.add(
          new OnnxNode(
              name, opType, inputs, output, attributes.transB, attributes.alpha, attributes.perm));
    }
  }

  /** The attributes of one node that matter; subgraphs and tensors among them are skipped. */
  private final class Attributes {

    private boolean transB;
    private float alpha = 1;
    private List<Long> perm = List.of();

    void read(int tag) throws IOException {
      String name = "";
      float number = 0;
      long integer = 0;
      var integers = new ArrayList<Long>();
      Outer node = in.enter(tag, "attribute");
      while (in.hasNext()) {
        int field = in.tag();
        switch (WireReader.number(field)) {
          case OnnxFields.ATTRIBUTE_NAME -> name = in.string(field, "an attribute's name");
          case OnnxFields.ATTRIBUTE_FLOAT ->
              number = in.fixed(field, Float.BYTES, "f").get(Codes.FLOAT, 0);
          case OnnxFields.ATTRIBUTE_INT -> integer = in.varint(field, "i");
          case OnnxFields.ATTRIBUTE_INTS -> ints(field, integers);
          default -> in.skip(field);
        }
      }
      in.leave(node);
      switch (name) {
        case "transB" -> transB = integer != 0;
        case "alpha" -> alpha = number;
        case "perm" -> perm = integers;
        default -> {}
      }
    }

    private void ints(int tag, List<Long> integers) throws IOException {
      if (!WireReader.isLengthDelimited(tag)) {
        keep(in.varint(tag, "ints"), integers);
        return;
      }
      Outer attribute = in.enter(tag, "ints");
      while (in.hasNext()) {
        keep(in.varint("ints"), integers);
      }
      in.leave(attribute);
    }

    private void keep(long integer, List<Long> integers) {
      if (integers.size() < KEPT_INTS) {
        integers.add(integer);
      }
    }
  }
}
