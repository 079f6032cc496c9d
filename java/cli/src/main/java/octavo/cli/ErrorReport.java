package octavo.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Says in one line on standard error what went wrong, and gives the exit status: 2 for a wrong
 * command line, 1 for everything else.
 */
final class ErrorReport implements IParameterExceptionHandler, IExecutionExceptionHandler {

  private final BooleanSupplier stacktrace;

  /**
   * Makes a report.
   *
   * @param stacktrace whether to add where the error arose
   */
  ErrorReport(BooleanSupplier stacktrace) {
    this.stacktrace = stacktrace;
  }

  @Override
  public int handleParseException(ParameterException error, String[] arguments) {
    CommandLine command = error.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    print(
        command.getErr(),
        error,
        "%s: %s (see '%s --help')".formatted(name, oneLine(error.getMessage()), name));
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception error, CommandLine command, ParseResult parsed) {
    print(
        command.getErr(), error, command.getCommandSpec().qualifiedName() + ": " + describe(error));
    return ExitCode.SOFTWARE;
  }

  private void print(PrintWriter err, Exception error, String line) {
    if (stacktrace.getAsBoolean()) {
      error.printStackTrace(err);
    }
    err.println(line);
    err.flush();
  }

  /** {@return what happened, in one line} */
  static String describe(Exception error) {
    String message = error.getMessage();
    return switch (error) {
      case CommandFailure failure -> oneLine(failure.getMessage());
      case NoSuchFileException missing -> "no such file: " + missing.getFile();
      case FileNotFoundException missing -> "no such file: " + missing.getMessage();
      case AccessDeniedException denied -> "access denied: " + denied.getFile();
      case NotDirectoryException file -> "not a folder: " + file.getFile();
      case DirectoryNotEmptyException folder -> "folder not empty: " + folder.getFile();
      case FileAlreadyExistsException file -> "in the way: " + file.getFile();
      case FileSystemException file -> oneLine(file.getMessage());
      case IOException io when message != null -> oneLine(message);
      // What the library throws at a caller's mistake carries its own explanation.
      case IllegalArgumentException own when message != null -> oneLine(message);
      case IllegalStateException own when message != null -> oneLine(message);
      case UnsupportedOperationException own when message != null -> oneLine(message);
      case java.util.NoSuchElementException own when message != null -> oneLine(message);
      default ->
          "internal error: %s (--stacktrace shows where)".formatted(oneLine(error.toString()));
    };
  }

  private static String oneLine(@Nullable String message) {
    return message == null ? "unknown" : message.strip().lines().findFirst().orElse("");
  }
}
