package octavo.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import octavo.Cast;
import octavo.Engine;
import octavo.checkpoint.OnnxCheckpoint;
import octavo.checkpoint.OnnxDataType;
import octavo.checkpoint.OnnxInitializer;
import octavo.checkpoint.OnnxMatmulWeight;
import octavo.cli.DemoReport.Skipped;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;

/**
 * The linear layers of a model that fit the demonstration, in FP32 and one row per output.
 *
 * @param layers the layers, in the order of the model
 * @param skipped the other linear layers of the model
 * @param parametersOfModel the elements of all floating-point tensors of the model
 */
record ModelWeights(List<LinearLayer> layers, List<Skipped> skipped, long parametersOfModel) {

  /** K is a multiple of every block length of the formats shown. */
  private static final long BLOCK = 32;

  /** Copies the lists. */
  ModelWeights {
    layers = List.copyOf(layers);
    skipped = List.copyOf(skipped);
  }

  /** {@return the number of weights in the layers} */
  long parameters() {
    return layers.stream().mapToLong(layer -> layer.weight().size()).sum();
  }

  /**
   * Copies the layers of a model.
   *
   * @param model the model
   * @param maxParameters layers that would make more weights than this are left out
   * @param engine converts to FP32
   * @param arena owns the weights
   * @param progress is told of every layer
   * @return the layers
   */
  static ModelWeights read(
      OnnxCheckpoint model, long maxParameters, Engine engine, Arena arena, Progress progress) {
    var layers = new ArrayList<LinearLayer>();
    var skipped = new ArrayList<Skipped>();
    long parameters = 0;
    for (OnnxMatmulWeight layer : distinct(model)) {
      OnnxInitializer weight = layer.weight();
      Optional<ElementFormat> format = format(weight.type());
      long size = weight.elementCount();
      if (format.isEmpty()) {
        skipped.add(new Skipped(weight.name(), "elements of type " + weight.type()));
      } else if (size == 0 || layer.inputs() % BLOCK != 0) {
        skipped.add(
            new Skipped(
                weight.name(),
                "%d inputs (not a multiple of %d)".formatted(layer.inputs(), BLOCK)));
      } else if (parameters + size > maxParameters) {
        skipped.add(
            new Skipped(weight.name(), "weights beyond %d in all".formatted(maxParameters)));
      } else {
        layers.add(new LinearLayer(weight.name(), rows(layer, format.get(), engine, arena)));
        parameters += size;
      }
      progress.step("read");
    }
    return new ModelWeights(layers, skipped, parametersOf(model));
  }

  /** {@return the number of layers that {@link #read} looks at} */
  static int count(OnnxCheckpoint model) {
    return distinct(model).size();
  }

  /** A matrix that several nodes multiply by counts once. */
  private static List<OnnxMatmulWeight> distinct(OnnxCheckpoint model) {
    Map<String, OnnxMatmulWeight> byName = new LinkedHashMap<>();
    for (OnnxMatmulWeight layer : model.matmulWeights()) {
      byName.putIfAbsent(layer.weight().name(), layer);
    }
    return List.copyOf(byName.values());
  }

  private static Tensor rows(
      OnnxMatmulWeight layer, ElementFormat format, Engine engine, Arena arena) {
    MemorySegment data = layer.weight().data();
    Tensor stored = Tensor.of(format, data, layer.weight().shape());
    return engine.convert(
        layer.rowsAreOutputs() ? stored : stored.transpose(), Formats.FP32, Cast.IEEE, arena);
  }

  private static long parametersOf(OnnxCheckpoint model) {
    return model.initializers().stream()
        .filter(one -> format(one.type()).isPresent())
        .mapToLong(OnnxInitializer::elementCount)
        .sum();
  }

  private static Optional<ElementFormat> format(OnnxDataType type) {
    return switch (type) {
      case FLOAT -> Optional.of(Formats.FP32);
      case FLOAT16 -> Optional.of(Formats.FP16);
      case BFLOAT16 -> Optional.of(Formats.BF16);
      default -> Optional.empty();
    };
  }
}
