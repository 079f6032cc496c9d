package octavo.cli;

import java.util.concurrent.Callable;
import octavo.Engine;
import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code octavo explain}: which kernel a product would run on, which others could, and why the rest
 * could not. Nothing is computed, and no memory taken for the matrices.
 */
@Command(
    name = "explain",
    description = "Explain which kernel a product runs on.",
    footer = {"", "The product is that of a [M x K] with b [N x K] transposed."},
    mixinStandardHelpOptions = true)
final class ExplainCommand implements Callable<Integer> {

  /** One row of each operand is made for the library's own checks. */
  private static final long MAX_COLUMNS = 1L << 24;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--a",
      paramLabel = "FORMAT",
      defaultValue = "FP32",
      description = "Left operand, activations (default: ${DEFAULT-VALUE}).")
  private Format a = Formats.FP32;

  @Option(
      names = "--b",
      paramLabel = "FORMAT",
      required = true,
      description = "Right operand, weights.")
  private Format b = Formats.FP32;

  @Option(
      names = "--out",
      paramLabel = "FORMAT",
      defaultValue = "FP32",
      description = "Result: FP32 or BF16 (default: ${DEFAULT-VALUE}).")
  private Format out = Formats.FP32;

  @Option(
      names = {"-m", "--m"},
      required = true,
      description = "Rows of a.")
  private long m;

  @Option(
      names = {"-n", "--n"},
      required = true,
      description = "Rows of b.")
  private long n;

  @Option(
      names = {"-k", "--k"},
      required = true,
      description = "Columns of both.")
  private long k;

  @Option(names = "--bias", description = "Add a bias to every row.")
  private boolean bias;

  @Option(names = "--heap", description = "Operands in Java arrays rather than off-heap.")
  private boolean heap;

  ExplainCommand() {}

  @Override
  public Integer call() {
    check(1, Long.MAX_VALUE, "-m", m);
    check(1, Long.MAX_VALUE, "-n", n);
    check(1, MAX_COLUMNS, "-k", k);
    Engine engine = EngineOption.engine(spec);
    validate(engine);
    var request = new MatmulRequest(operand(a, m, k), operand(b, n, k), operand(out, m, n), bias);
    Plan<MatmulRequest, MatmulKernel> plan;
    var writer = spec.commandLine().getOut();
    try {
      plan = new Dispatcher(engine.host(), engine.kernels()).plan(request, MatmulKernel.class);
    } catch (UnsupportedOperationException e) {
      // The first line is the error; the others are the verdicts, which were asked for.
      String message = String.valueOf(e.getMessage());
      writer.print(message.substring(message.indexOf('\n') + 1));
      writer.flush();
      throw e;
    }
    writer.print(plan.explain());
    writer.flush();
    return ExitCode.OK;
  }

  private Operand operand(Format format, long rows, long columns) {
    return new Operand(format, rows, columns, true, heap ? Storage.HEAP : Storage.CONFINED);
  }

  /** Lets the library check formats and K, by a product of single rows. */
  private void validate(Engine engine) {
    try {
      Tensor rowOfA = Tensor.allocateHeap(a, 1, k);
      Tensor rowOfB = Tensor.allocateHeap(b, 1, k);
      engine
          .withOverrides(Overrides.NONE)
          .explainMatmul(rowOfA, rowOfB, Tensor.allocateHeap(out, 1, 1));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void check(long least, long most, String option, long value) {
    if (value < least || value > most) {
      throw new ParameterException(
          spec.commandLine(),
          "%s is %d; it must be %s"
              .formatted(
                  option,
                  value,
                  most == Long.MAX_VALUE ? "at least " + least : least + " to " + most));
    }
  }
}
