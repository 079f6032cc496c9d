package octavo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import octavo.Engine;
import octavo.checkpoint.OnnxCheckpoint;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** {@code octavo demo}: a real model's weights in several formats, on every backend. */
@Command(
    name = "demo",
    description = "Compare formats and backends on a real model's weights.",
    footer = {
      "",
      "Quantizes the weights to FP8 and FP4, multiplies activations by them on every backend, and",
      "compares memory, accuracy, time and bits."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:all backends gave the same bits",
      "1:they did not, or a failure",
      "2:wrong command line"
    },
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {

  private static final int MAX_ROWS = 1024;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = {
        "An ONNX model, or a jar that holds one.",
        "Default: the all-MiniLM-L6-v2 that the build brings."
      })
  private @Nullable Path model;

  @Option(
      names = "--cache",
      paramLabel = "FOLDER",
      description = "Where a model in a jar is unpacked to. Default: in the user's cache.")
  private @Nullable Path cache;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "16",
      description = "Rows of activations (default: ${DEFAULT-VALUE}).")
  private int rows;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Seed of the activations (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--max-parameters",
      paramLabel = "N",
      defaultValue = "12000000",
      description = "Leave out matrices beyond this many weights (default: ${DEFAULT-VALUE}).")
  private long maxParameters;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  DemoCommand() {}

  @Override
  public Integer call() throws IOException {
    if (rows < 1 || rows > MAX_ROWS) {
      throw new ParameterException(
          spec.commandLine(), "--rows is %d; it must be 1 to %d".formatted(rows, MAX_ROWS));
    }
    Engine engine = EngineOption.engine(spec);
    ModelFile file = modelFile();
    PrintWriter out = spec.commandLine().getOut();
    DemoReport report;
    try (Arena arena = Arena.ofConfined();
        Progress progress = json || !Progress.terminal() ? Progress.NONE : Progress.bar("demo")) {
      OnnxCheckpoint checkpoint = file.open(arena);
      progress.expect(ModelWeights.count(checkpoint));
      ModelWeights weights = ModelWeights.read(checkpoint, maxParameters, engine, arena, progress);
      if (weights.layers().isEmpty()) {
        throw new CommandFailure(
            file.file()
                + " has no weight matrix that can be used"
                + (weights.skipped().isEmpty() ? "" : "; it has ")
                + String.join("; ", DemoReport.Skipped.summary(weights.skipped())));
      }
      report = new Demo(engine, weights, rows, seed, progress).run(checkpoint.file().toString());
    }
    out.print(json ? toJson(report) + "\n" : DemoText.of(report));
    out.flush();
    return status(report, spec.commandLine().getErr());
  }

  private ModelFile modelFile() throws IOException {
    ModelFile file =
        model == null ? ModelFile.bundled() : new ModelFile(model, ModelFile.userCache());
    return cache == null ? file : new ModelFile(file.file(), cache);
  }

  /**
   * {@return a report as a JSON object}
   *
   * @param report the report
   */
  static String toJson(Object report) {
    return JsonMapper.builder()
        .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(report);
  }

  /**
   * {@return the exit status that a report deserves}
   *
   * @param report the report
   * @param err is told of different bits
   */
  static int status(DemoReport report, PrintWriter err) {
    if (report.bits() != DemoReport.Agreement.DIFFERENT) {
      return ExitCode.OK;
    }
    err.println("octavo demo: bits differ: " + String.join(" | ", report.differences()));
    err.flush();
    return ExitCode.SOFTWARE;
  }
}
