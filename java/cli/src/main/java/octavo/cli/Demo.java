package octavo.cli;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import octavo.Engine;
import octavo.Quantization;
import octavo.cli.DemoReport.Agreement;
import octavo.cli.DemoReport.Backend;
import octavo.cli.DemoReport.FormatResult;
import octavo.cli.DemoReport.Run;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Quantizes the weights of a model to several formats, multiplies activations by them on every
 * backend, and compares: memory, accuracy, time, bits.
 */
final class Demo {

  /** The formats shown, FP32 first: its products are what the others' are compared with. */
  static final List<Format> FORMATS =
      List.of(Formats.FP32, Formats.E4M3FN_ROW, Formats.MXFP8_E4M3, Formats.NVFP4, Formats.MXFP4);

  private static final String SLOW_BACKEND = "reference";
  private static final long WARM_UP_NANOS = 500_000_000L;
  private static final long TIMING_NANOS = 500_000_000L;
  private static final int LEAST_PASSES = 3;
  private static final int MOST_PASSES = 15;

  private final Engine engine;
  private final ModelWeights weights;
  private final int rows;
  private final long seed;
  private final Progress progress;
  private final List<Backend> backends;
  private final Map<Long, Tensor> activations = new HashMap<>();
  private final List<float[]> exactResults = new ArrayList<>();

  /**
   * Prepares a demonstration.
   *
   * @param engine quantizes; its backends are compared
   * @param weights the model
   * @param rows rows of activations
   * @param seed of the activations
   * @param progress is told of every layer
   */
  Demo(Engine engine, ModelWeights weights, int rows, long seed, Progress progress) {
    this.engine = engine;
    this.weights = weights;
    this.rows = rows;
    this.seed = seed;
    this.progress = progress;
    this.backends = Overrides.BACKENDS.stream().map(this::backend).toList();
  }

  private Backend backend(String name) {
    Host host = engine.host();
    BackendStatus status = host.backend(name);
    Overrides overrides = host.overrides();
    if (!status.available()) {
      return new Backend(name, false, "absent: " + status.detail());
    }
    boolean barred =
        overrides.disabled().contains(name)
            || (!overrides.backends().isEmpty() && !overrides.backends().contains(name));
    return new Backend(
        name, !barred, barred ? "excluded: " + overrides.describe() : status.detail());
  }

  /**
   * Runs the demonstration.
   *
   * @param modelFile the model's file, for the report
   * @return what it found
   */
  DemoReport run(String modelFile) {
    long start = System.nanoTime();
    var results = new ArrayList<FormatResult>();
    String explanation;
    long running = backends.stream().filter(Backend::ran).count();
    progress.expect((long) FORMATS.size() * weights.layers().size() * (1 + running));
    try (Arena arena = Arena.ofConfined()) {
      for (LinearLayer layer : weights.layers()) {
        activations.computeIfAbsent(
            layer.weight().columns(), k -> Activations.create(rows, k, seed, arena));
      }
      for (Format format : FORMATS) {
        results.add(measure(format));
      }
      explanation = explain();
    }
    return new DemoReport(
        1,
        new DemoReport.Model(
            modelFile,
            weights.layers().size(),
            weights.parameters(),
            weights.parametersOfModel(),
            weights.skipped()),
        new DemoReport.Input(rows, seed, Activations.DESCRIPTION),
        machine(),
        backends,
        results,
        agreement(results),
        explanation,
        (System.nanoTime() - start) * 1e-9);
  }

  private DemoReport.Machine machine() {
    Host host = engine.host();
    return new DemoReport.Machine(
        host.os(),
        host.arch(),
        host.jdk(),
        host.processors(),
        List.copyOf(new TreeSet<>(host.cpuFeatures())));
  }

  // ---- one format

  private FormatResult measure(Format format) {
    try (Arena arena = Arena.ofConfined()) {
      var weightDeviation = new Deviation();
      var products = new ArrayList<Product>();
      long bytes = 0;
      for (LinearLayer layer : weights.layers()) {
        Tensor weight = encode(layer.weight(), format, weightDeviation, arena);
        bytes += weight.byteSize();
        Tensor x = activation(layer);
        Tensor y = Tensor.allocate(arena, Formats.FP32, rows, weight.rows());
        products.add(new Product(layer.name(), x, weight, y));
        progress.step(format + " quantize");
      }
      var runs = new ArrayList<Run>();
      var outputDeviation = new Deviation();
      OutputBits expected = null;
      for (Backend backend : backends) {
        if (!backend.ran()) {
          continue;
        }
        Engine only = engine.withOverrides(engine.host().overrides().withBackends(backend.name()));
        String obstacle = obstacle(only, backend.name(), products);
        if (obstacle != null) {
          runs.add(new Run(backend.name(), List.of(), null, 0, null, 0, obstacle));
          continue;
        }
        OutputBits bits = new OutputBits();
        double first = firstPass(only, products, bits, format + " " + backend.name());
        if (expected == null) {
          expected = bits;
          compareResults(products, outputDeviation);
        }
        runs.add(run(only, backend.name(), products, bits, expected, first));
      }
      double bitsPerWeight = 8.0 * bytes / weights.parameters();
      double sqnr = weightDeviation.sqnrDecibels();
      return new FormatResult(
          format.name(),
          bitsPerWeight,
          Formats.FP32.storageBits() / bitsPerWeight,
          Double.isInfinite(sqnr) ? null : sqnr,
          outputDeviation.relativeError(),
          runs,
          agreementOf(runs));
    }
  }

  private Tensor activation(LinearLayer layer) {
    Tensor x = activations.get(layer.weight().columns());
    if (x == null) {
      throw new IllegalStateException("no activations for " + layer);
    }
    return x;
  }

  private Tensor encode(Tensor weight, Format format, Deviation deviation, Arena arena) {
    if (!(format instanceof BlockFormat block)) {
      return weight;
    }
    Tensor encoded = engine.quantize(weight, block, Quantization.OCP, arena);
    try (Arena scratch = Arena.ofConfined()) {
      Tensor decoded = engine.dequantize(encoded, scratch);
      deviation.add(floats(weight), floats(decoded));
    }
    return encoded;
  }

  /** Compares with the results for FP32 weights, which come first and are kept. */
  private void compareResults(List<Product> products, Deviation deviation) {
    if (exactResults.isEmpty()) {
      products.forEach(product -> exactResults.add(floats(product.y())));
    }
    for (int p = 0; p < products.size(); p++) {
      deviation.add(exactResults.get(p), floats(products.get(p).y()));
    }
  }

  private static float[] floats(Tensor tensor) {
    return tensor.data().toArray(Codes.FLOAT);
  }

  /** One layer's product: {@code y = x * transpose(weight)}. */
  private record Product(String layer, Tensor x, Tensor weight, Tensor y) {}

  // ---- one backend

  /** {@return why a backend cannot compute the products; null if it can} */
  private static @Nullable String obstacle(Engine only, String backend, List<Product> products) {
    for (Product product : products) {
      var request =
          new MatmulRequest(
              Operand.of(product.x()),
              Operand.of(product.weight()),
              Operand.of(product.y()),
              false);
      Set<String> reasons = new LinkedHashSet<>();
      boolean able = false;
      for (var kernel : only.kernels()) {
        if (kernel instanceof MatmulKernel matmul && kernel.id().backend().equals(backend)) {
          switch (matmul.consider(request, only.host())) {
            case Verdict.Eligible eligible -> able = true;
            case Verdict.Rejected rejected -> reasons.add(rejected.reason());
          }
        }
      }
      if (!able) {
        return reasons.isEmpty() ? "has no kernel for matmul" : String.join("; ", reasons);
      }
    }
    return null;
  }

  private double firstPass(Engine only, List<Product> products, OutputBits bits, String what) {
    double nanos = 0;
    for (Product product : products) {
      long start = System.nanoTime();
      only.matmul(product.x(), product.weight(), product.y());
      nanos += System.nanoTime() - start;
      bits.add(product.layer(), product.y());
      progress.step(what);
    }
    return nanos;
  }

  private static Run run(
      Engine only,
      String backend,
      List<Product> products,
      OutputBits bits,
      OutputBits expected,
      double firstNanos) {
    double[] passes = {firstNanos};
    if (!backend.equals(SLOW_BACKEND)) {
      timed(only, products, WARM_UP_NANOS);
      passes = timed(only, products, TIMING_NANOS);
    }
    Set<String> kernels = new LinkedHashSet<>();
    for (Product product : products) {
      var plan = only.explainMatmul(product.x(), product.weight(), product.y());
      kernels.add(plan.kernel().id().toString());
    }
    OutputBits.Mismatches mismatches = bits.mismatches(expected);
    return new Run(
        backend,
        List.copyOf(kernels),
        median(passes) * 1e-6,
        passes.length,
        bits.digest(),
        mismatches.count(),
        mismatches.first());
  }

  /** {@return the times of passes over all products, in nanoseconds, as many as a time allows} */
  private static double[] timed(Engine only, List<Product> products, long nanos) {
    var times = new ArrayList<Double>();
    long begin = System.nanoTime();
    while (times.size() < LEAST_PASSES
        || (times.size() < MOST_PASSES && System.nanoTime() - begin < nanos)) {
      long start = System.nanoTime();
      for (Product product : products) {
        only.matmul(product.x(), product.weight(), product.y());
      }
      times.add((double) (System.nanoTime() - start));
    }
    return times.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** {@return the middle of some numbers, or the mean of the two in the middle} */
  static double median(double[] numbers) {
    double[] sorted = numbers.clone();
    java.util.Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  // ---- all together

  private static Agreement agreementOf(List<Run> runs) {
    if (runs.stream().anyMatch(run -> run.mismatches() > 0)) {
      return Agreement.DIFFERENT;
    }
    return runs.stream().filter(run -> run.sha256() != null).count() < 2
        ? Agreement.NOT_COMPARED
        : Agreement.IDENTICAL;
  }

  private static Agreement agreement(List<FormatResult> results) {
    for (Agreement worst : List.of(Agreement.DIFFERENT, Agreement.NOT_COMPARED)) {
      if (results.stream().anyMatch(result -> result.bits() == worst)) {
        return worst;
      }
    }
    return Agreement.IDENTICAL;
  }

  private String explain() {
    LinearLayer largest =
        weights.layers().stream()
            .max(Comparator.comparingLong(layer -> layer.weight().size()))
            .orElseThrow();
    try (Arena arena = Arena.ofConfined()) {
      Tensor w = Tensor.allocate(arena, Formats.MXFP4, largest.weight().shape());
      Tensor y = Tensor.allocate(arena, Formats.FP32, rows, w.rows());
      return engine.explainMatmul(activation(largest), w, y).explain();
    }
  }
}
