package octavo.cli;

import java.util.TreeMap;
import octavo.Engine;
import octavo.spi.Overrides;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * The engine of a command, set by the properties that {@link Overrides} lists: those on the command
 * line and, where there are none of the same name, those of the Java system.
 */
final class EngineOption {

  private static final String PREFIX = "octavo.";

  private EngineOption() {}

  /**
   * {@return a new engine on this machine}
   *
   * @param spec the command
   * @throws ParameterException if a setting is unknown or has an unknown value
   * @throws IllegalStateException if a required backend is absent
   */
  static Engine engine(CommandSpec spec) {
    var properties = new TreeMap<String, String>();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith(PREFIX)) {
        properties.put(name, System.getProperty(name, ""));
      }
    }
    Main main = (Main) spec.root().userObject();
    for (String name : main.settings().keySet()) {
      if (!name.startsWith(PREFIX)) {
        throw new ParameterException(
            spec.commandLine(), "-D%s: a setting's name begins with %s".formatted(name, PREFIX));
      }
    }
    properties.putAll(main.settings());
    Overrides overrides;
    try {
      overrides = Overrides.parse(properties);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    return Engine.create(overrides);
  }
}
