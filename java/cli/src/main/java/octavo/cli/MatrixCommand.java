package octavo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code octavo matrix}: which backend has kernels for which formats, as the README shows it. */
@Command(
    name = "matrix",
    hidden = true,
    description = "Print which backend has kernels for which formats, in Markdown.",
    mixinStandardHelpOptions = true)
final class MatrixCommand implements Callable<Integer> {

  /** Where the table goes in a document. */
  static final MarkedRegion REGION = new MarkedRegion("kernels");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--write",
      paramLabel = "FILE",
      description = "Put the table between the kernels markers of this file.")
  private @Nullable Path file;

  MatrixCommand() {}

  @Override
  public Integer call() throws IOException {
    var matrix = new KernelMatrix(EngineOption.engine(spec));
    if (file == null) {
      spec.commandLine().getOut().print(matrix.render(""));
      spec.commandLine().getOut().flush();
      return ExitCode.OK;
    }
    String text = Files.readString(file);
    Files.writeString(file, REGION.replace(text, matrix.render(REGION.of(text))));
    return ExitCode.OK;
  }
}
