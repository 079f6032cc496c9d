package octavo.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** What a command gave: its exit status and all it printed. */
record Cli(int status, String out, String err) {

  /** Runs a command in this process. */
  static Cli run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int status = Main.commandLine(new PrintWriter(out), new PrintWriter(err)).execute(arguments);
    return new Cli(status, out.toString(), err.toString());
  }
}
