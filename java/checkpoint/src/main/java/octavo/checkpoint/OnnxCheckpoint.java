package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import octavo.tensor.Tensor;

/**
 * The weights of an ONNX model: the initializers of its main graph, each where it lies in the
 * mapped file.
 *
 * {@snippet :
 * try (Arena arena = Arena.ofShared()) {
 *   var model = OnnxCheckpoint.open(Path.of("model.onnx"), arena);
 *   Tensor words = model.tensor("embeddings.word_embeddings.weight");
 *   for (OnnxMatmulWeight layer : model.matmulWeights()) {
 *     System.out.println(layer.node() + " " + layer.tensor()); // [outputs, inputs]
 *   }
 * }
 * }
 *
 * <p>Opening reads the model's structure, not its weights, and so takes milliseconds for gigabytes.
 * What it reads of ONNX:
 *
 * <ul>
 *   <li>every {@linkplain OnnxDataType element type} and every place for data: {@code raw_data},
 *       typed fields, external files in the model's folder;
 *   <li>of the nodes, which initializers MatMul and Gemm multiply by.
 * </ul>
 *
 * <p>It does not read tensors in Constant nodes, sparse initializers, nor what is inside subgraphs
 * (If, Loop, Scan) and functions; they are passed over.
 */
public final class OnnxCheckpoint {

  /** Names given as examples when one is not found. */
  private static final int EXAMPLES = 5;

  /** Nodes between a weight and its MatMul. More only occur where nodes form a circle. */
  private static final int MAX_STEPS = 16;

  private final Path file;
  private final SequencedMap<String, OnnxInitializer> initializers;
  private final List<OnnxMatmulWeight> matmulWeights;

  OnnxCheckpoint(
      Path file, SequencedMap<String, OnnxInitializer> initializers, List<OnnxNode> nodes) {
    this.file = file;
    this.initializers = initializers;
    this.matmulWeights = matmulWeights(initializers, nodes);
  }

  /**
   * Maps an ONNX model and reads what initializers it has. Where that fails, what has been mapped
   * by then stays so until the arena is closed.
   *
   * @param file the model
   * @param arena the lifetime of the mapping, of the files beside it that hold its data, and of
   *     what has to be decoded
   * @return the model's weights
   * @throws CheckpointException if the file is not a whole and sound ONNX model
   * @throws IOException if a file cannot be opened or mapped
   */
  public static OnnxCheckpoint open(Path file, Arena arena) throws IOException {
    var external = new OnnxExternalData(file, arena);
    MemorySegment bytes = MappedFile.map(file, arena);
    return new OnnxModelReader(file, bytes, 0, bytes.byteSize(), external, arena).read();
  }

  /**
   * Reads a model that is part of a mapped file and has no files beside it.
   *
   * @param file the file
   * @param bytes its contents
   * @param from the byte at which the model starts
   * @param to the byte at which it ends
   * @param arena the lifetime of what has to be decoded
   */
  static OnnxCheckpoint of(Path file, MemorySegment bytes, long from, long to, Arena arena)
      throws IOException {
    var external = new OnnxExternalData(null, arena);
    return new OnnxModelReader(file, bytes, from, to, external, arena).read();
  }

  /** {@return the model's file} */
  public Path file() {
    return file;
  }

  /** {@return the initializers, in the file's order} */
  public List<OnnxInitializer> initializers() {
    return List.copyOf(initializers.values());
  }

  /**
   * {@return the initializer with a name, if there is one}
   *
   * @param name the name
   */
  public Optional<OnnxInitializer> find(String name) {
    return Optional.ofNullable(initializers.get(name));
  }

  /**
   * {@return the initializer with a name}
   *
   * @param name the name
   * @throws NoSuchElementException if there is none
   */
  public OnnxInitializer initializer(String name) {
    return find(name)
        .orElseThrow(() ->
            new NoSuchElementException(
                file
                    + " has no initializer '"
                    + name
                    + "' among its "
                    + initializers.size()
                    + ", such as "
                    + initializers.keySet().stream()
                        .limit(EXAMPLES)
                        .collect(Collectors.joining("', '", "'", "'"))));
  }

  /**
   * {@return the initializer with a name as a tensor}: a view of the mapped file
   *
   * @param name the name
   * @throws NoSuchElementException if there is none
   * @throws UnsupportedOperationException as for {@link OnnxInitializer#tensor}
   */
  public Tensor tensor(String name) {
    return initializer(name).tensor();
  }

  /**
   * {@return the weights of the model's linear layers, in the order of their nodes}
   *
   * <p>These are the matrices among the initializers that a MatMul or a Gemm of the main graph has
   * on its right, directly or through Identity and Transpose nodes. Weights that are dequantized by
   * nodes of the graph, and operators outside ONNX's standard set, are not among them.
   */
  public List<OnnxMatmulWeight> matmulWeights() {
    return matmulWeights;
  }

  private static List<OnnxMatmulWeight> matmulWeights(
      Map<String, OnnxInitializer> initializers, List<OnnxNode> nodes) {
    var passing = new HashMap<String, OnnxNode>();
    for (OnnxNode node : nodes) {
      if (node.passesMatrix() && !node.output().isEmpty()) {
        passing.put(node.output(), node);
      }
    }
    var weights = new ArrayList<OnnxMatmulWeight>();
    for (OnnxNode node : nodes) {
      if (!node.isMatmul()) {
        continue;
      }
      String matrix = node.input(1);
      boolean rowsAreOutputs = node.transB();
      for (int step = 0; step < MAX_STEPS && passing.containsKey(matrix); step++) {
        OnnxNode source = passing.get(matrix);
        rowsAreOutputs ^= source.transposesMatrix();
        matrix = source.input(0);
      }
      OnnxInitializer weight = initializers.get(matrix);
      if (weight != null && weight.shape().length == 2) {
        weights.add(
            new OnnxMatmulWeight(
                node.name(), node.opType(), node.output(), weight, rowsAreOutputs, node.alpha()));
      }
    }
    return List.copyOf(weights);
  }
}
