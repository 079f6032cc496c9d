package octavo.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import octavo.Ops;
import octavo.format.Format;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code octavo}. */
@Command(
    name = "octavo",
    description = "FP8 and FP4 tensor kernels for Java: the same bits on every backend.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = {
      AuditCommand.class,
      DemoCommand.class,
      ExplainCommand.class,
      FormatsCommand.class,
      InfoCommand.class,
      MatrixCommand.class,
      RescaleCommand.class
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:success", "1:failure", "2:wrong command line"})
public final class Main implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "Show where an error arose.")
  private boolean stacktrace;

  @Option(
      names = "-D",
      scope = ScopeType.INHERIT,
      paramLabel = "octavo.NAME=VALUE",
      mapFallbackValue = "",
      description = "Set what kernels may run, such as -Doctavo.backend=vector; see the README.")
  private Map<String, String> settings = new HashMap<>();

  /** Made by picocli. */
  Main() {}

  /**
   * Runs a command and ends the process with its exit status.
   *
   * @param arguments subcommand and options
   */
  public static void main(String[] arguments) {
    var out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int status = commandLine(out, err).execute(arguments);
    out.flush();
    err.flush();
    System.exit(status);
  }

  /**
   * {@return the parser and runner of commands}
   *
   * @param out takes results
   * @param err takes errors
   */
  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    var main = new Main();
    var errors = new ErrorReport(() -> main.stacktrace);
    return new CommandLine(main)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Format.class, new FormatConverter())
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors);
  }

  /** {@return the settings on the command line: names and values} */
  Map<String, String> settings() {
    return Map.copyOf(settings);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command given");
  }

  /** The version of the library's module. */
  static final class Version implements IVersionProvider {

    Version() {}

    @Override
    public String[] getVersion() {
      var descriptor = Ops.class.getModule().getDescriptor();
      String version = descriptor == null ? "" : descriptor.rawVersion().orElse("");
      return new String[] {"octavo " + (version.isEmpty() ? "(development)" : version)};
    }
  }
}
