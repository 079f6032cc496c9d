package octavo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import octavo.checkpoint.trn.TrnCheckpoint;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code octavo audit}: what becomes of a checkpoint's FP8 weights on Trainium 1 and 2. */
@Command(
    name = "audit",
    description = "Check FP8 weights of a safetensors checkpoint for Trainium 1 and 2.",
    footer = {
      "",
      "E4M3FN, in which checkpoints come, ends at 448; the E4M3 of Trainium 1 and 2 ends at 240 and",
      "reads the codes above as infinity or NaN. The report says how many there are in each tensor,",
      "and what error 'octavo rescale' would make."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:no number exceeds 240: the codes can be used as they are",
      "1:failure",
      "2:wrong command line",
      "3:some numbers exceed 240"
    },
    mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {

  /** The exit status if numbers exceed 240. */
  static final int EXCEEDS = 3;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "FILE", description = "A safetensors file, or a folder with such files.")
  private @Nullable Path path;

  @Option(names = "--all", description = "List every tensor, not only those that exceed 240.")
  private boolean all;

  @Option(names = "--json", description = "Print one JSON object, with every tensor.")
  private boolean json;

  AuditCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    AuditReport report;
    try (Arena arena = Arena.ofShared();
        Progress progress =
            json || !Progress.terminal() ? Progress.NONE : Progress.bytes("audit")) {
      TrnCheckpoint checkpoint = TrnCheckpoint.open(java.util.Objects.requireNonNull(path), arena);
      progress.expect(checkpoint.codeBytes());
      List<TrnCheckpoint.Audited> tensors = checkpoint.audit(progress::advance);
      report =
          AuditReport.of(
              checkpoint.path().toString(),
              checkpoint.files().size(),
              checkpoint.tensorCount(),
              tensors);
    }
    out.print(json ? DemoCommand.toJson(report) + "\n" : report.text(all));
    out.flush();
    return report.exceeding() == 0 ? ExitCode.OK : EXCEEDS;
  }
}
