package octavo.cli;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import octavo.Engine;
import octavo.spi.Kernel;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code octavo info}: the machine, the backends, and how many kernels each brings. */
@Command(
    name = "info",
    description = "Show this machine, the backends found on it and the settings.",
    mixinStandardHelpOptions = true)
final class InfoCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  InfoCommand() {}

  @Override
  public Integer call() {
    Engine engine = EngineOption.engine(spec);
    var counts = new TreeMap<String, Integer>();
    for (Kernel<?> kernel : engine.kernels()) {
      counts.merge(kernel.id().backend(), 1, Integer::sum);
    }
    var out = spec.commandLine().getOut();
    out.print(engine.host().describe());
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      out.printf("kernels   %-9s %d%n", count.getKey(), count.getValue());
    }
    out.flush();
    return ExitCode.OK;
  }
}
