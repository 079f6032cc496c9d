package octavo.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import octavo.checkpoint.trn.TrnCheckpoint;
import octavo.checkpoint.trn.TrnRemedy;
import octavo.checkpoint.trn.TrnRescale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code octavo rescale}: FP8 weights brought into the range of Trainium 1 and 2. */
@Command(
    name = "rescale",
    description =
        "Bring FP8 weights of a safetensors checkpoint into the range of Trainium 1 and 2.",
    footer = {
      "",
      "Divides E4M3FN weights by 448/240 and multiplies their scales by it, as AWS documents, so that",
      "all codes mean the same in Trainium's E4M3. Everything else is copied. Files are written",
      "beside their place and moved there when they are whole."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:success", "1:failure", "2:wrong command line"},
    mixinStandardHelpOptions = true)
final class RescaleCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "A safetensors file, or a folder with such files.")
  private @Nullable Path in;

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description = "The new file, or folder. A folder must not be there.")
  private @Nullable Path out;

  @Option(
      names = "--remedy",
      paramLabel = "NAME",
      defaultValue = "documented",
      description = {
        "documented: by 448/240; halve: by 2, which is exact for nearly all weights, and possible"
            + " with power-of-two scales (default: ${DEFAULT-VALUE})."
      })
  private TrnRemedy remedy = TrnRemedy.DOCUMENTED;

  @Option(names = "--force", description = "Replace OUT if it is a file that is there.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  RescaleCommand() {}

  /**
   * What was done.
   *
   * @param in the file or folder read
   * @param out the file or folder written
   * @param remedy the factor
   * @param rescaled tensors of codes rescaled
   * @param kept tensors of codes without a scale, kept since they fit
   * @param widened scales that became F32
   * @param bytes the bytes written, headers left out
   */
  record Done(
      String in, String out, String remedy, int rescaled, int kept, int widened, long bytes) {}

  @Override
  public Integer call() throws IOException {
    Path from = Objects.requireNonNull(in);
    Path to = Objects.requireNonNull(out);
    if (Files.exists(to) && !(force && Files.isRegularFile(to))) {
      throw new CommandFailure(
          to
              + " is there already; "
              + (Files.isDirectory(to) ? "name another" : "--force replaces it"));
    }
    Done done;
    try (Arena arena = Arena.ofShared();
        Progress progress =
            json || !Progress.terminal() ? Progress.NONE : Progress.bytes("rescale")) {
      var rescale = new TrnRescale(TrnCheckpoint.open(from, arena), remedy);
      progress.expect(rescale.byteSize());
      TrnRescale.Result result = rescale.write(to, progress::advance);
      done =
          new Done(
              from.toString(),
              to.toString(),
              remedy.ratio(),
              result.rescaled(),
              result.kept(),
              result.widened(),
              rescale.byteSize());
    }
    PrintWriter writer = spec.commandLine().getOut();
    writer.print(json ? DemoCommand.toJson(done) + "\n" : text(done));
    writer.flush();
    return ExitCode.OK;
  }

  private static String text(Done done) {
    return String.format(
            Locale.ROOT,
            "%s: %,d tensors divided by %s, their scales multiplied by it; %,d bytes written%n",
            done.out,
            done.rescaled,
            done.remedy,
            done.bytes)
        + (done.kept == 0
            ? ""
            : String.format(
                Locale.ROOT, "%,d tensors without a scale fit and were kept%n", done.kept))
        + (done.widened == 0
            ? ""
            : String.format(
                Locale.ROOT, "%,d scales became F32, which holds the product%n", done.widened));
  }
}
