package octavo.cli;

import octavo.Engine;
import octavo.spi.Overrides;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The engine of a command, set by the system properties that {@link Overrides} lists. */
final class EngineOption {

  private EngineOption() {}

  /**
   * {@return a new engine on this machine}
   *
   * @param spec the command, for its errors
   * @throws ParameterException if a system property is unknown or has an unknown value
   * @throws IllegalStateException if a required backend is absent
   */
  static Engine engine(CommandSpec spec) {
    Overrides overrides;
    try {
      overrides = Overrides.ofSystemProperties();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    return Engine.create(overrides);
  }
}
