package octavo.nki;

import java.util.Map;
import octavo.Cast;
import octavo.format.Overflow;
import octavo.format.Rounding;

/**
 * The runtime's switches for stochastic rounding, read when asked and never otherwise.
 *
 * <table>
 * <caption>The environment variables</caption>
 * <tr><th>variable</th><th>value</th><th>without it</th></tr>
 * <tr><td>{@value #ENABLE}</td><td>{@code 1}, {@code true}: casts from FP32 to FP16, BF16, FP8 and
 *     TF32 round stochastically; {@code 0}, {@code false}: to nearest even</td><td>0</td></tr>
 * <tr><td>{@value #SEED}</td><td>the seed, a whole number</td><td>0</td></tr>
 * </table>
 *
 * <p>The documented part is the probability: up with {@code (x - lo) / (hi - lo)}. The number of
 * random bits, the generator and what it makes of the seed are not published; here they are those
 * of {@link octavo.format.StochasticBits}.
 *
 * <p>Sources: AWS Neuron SDK, Neuron Rounding Modes; JAX NeuronX environment variables.
 */
public final class StochasticRounding {

  /** The switch. */
  public static final String ENABLE = "NEURON_RT_STOCHASTIC_ROUNDING_EN";

  /** The seed. */
  public static final String SEED = "NEURON_RT_STOCHASTIC_ROUNDING_SEED";

  private StochasticRounding() {}

  /**
   * {@return the casts that this process's environment asks for}
   *
   * @throws IllegalArgumentException as for {@link #ofEnvironment(Map)}
   */
  public static Cast ofEnvironment() {
    return ofEnvironment(System.getenv());
  }

  /**
   * {@return the casts that an environment asks for}; overflow goes to infinity, or to NaN where
   * the format has none
   *
   * @param environment names and values
   * @throws IllegalArgumentException if a value is none of those in the table
   */
  public static Cast ofEnvironment(Map<String, String> environment) {
    String enable = environment.getOrDefault(ENABLE, "0").strip();
    boolean stochastic =
        switch (enable.toLowerCase(java.util.Locale.ROOT)) {
          case "1", "true" -> true;
          case "0", "false", "" -> false;
          default ->
              throw new IllegalArgumentException(
                  "%s is '%s'; it may be 0, 1, false or true".formatted(ENABLE, enable));
        };
    String seed = environment.getOrDefault(SEED, "0").strip();
    long number;
    try {
      number = seed.isEmpty() ? 0 : Long.parseLong(seed);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s is '%s'; it must be a whole number of at most 63 bits".formatted(SEED, seed), e);
    }
    return stochastic ? new Cast(Rounding.STOCHASTIC, Overflow.IEEE, number) : Cast.IEEE;
  }
}
