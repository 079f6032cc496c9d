package octavo.nki;

import octavo.format.StochasticBits;

/**
 * Marsaglia's XORWOW generator: the one that the GpSimd Engine (from NeuronCore-v3) and the Vector
 * Engine (from v4) keep states of, six 32-bit words each.
 *
 * <pre>{@code
 * t = x ^ (x >>> 2);  x = y;  y = z;  z = w;  w = v
 * v = (v ^ (v << 4)) ^ (t ^ (t << 1))
 * d = d + 362437
 * output d + v                                  all modulo 2^32
 * }</pre>
 *
 * <p>A state holds {@code x, y, z, w, v, d} in this order. The order in which AWS's engines lay out
 * their six words, how a seed becomes a state, and how the four states of a Vector Engine lane take
 * turns are not published; {@link #ofSeed} is Octavo's own.
 *
 * <p>Not safe for use by several threads.
 *
 * <p>Source: G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (14), 2003, section
 * 3.1; AWS Neuron SDK, {@code nki.isa.rand_set_state}, for the six words.
 */
public final class Xorwow {

  /** The words of a state. */
  public static final int STATE_WORDS = 6;

  private static final int WEYL = 362437;

  private int x;
  private int y;
  private int z;
  private int w;
  private int v;
  private int d;

  private Xorwow(int[] state) {
    if (state.length != STATE_WORDS) {
      throw new IllegalArgumentException(
          "a state of %d words; XORWOW has %d".formatted(state.length, STATE_WORDS));
    }
    if ((state[0] | state[1] | state[2] | state[3] | state[4]) == 0) {
      throw new IllegalArgumentException(
          "a state whose first five words are zeros never leaves them; set one of them");
    }
    x = state[0];
    y = state[1];
    z = state[2];
    w = state[3];
    v = state[4];
    d = state[5];
  }

  /** {@return a generator in the state that Marsaglia's paper begins with} */
  public static Xorwow marsaglia() {
    return new Xorwow(new int[] {123456789, 362436069, 521288629, 88675123, 5783321, 6615241});
  }

  /**
   * {@return a generator in a given state}
   *
   * @param state x, y, z, w, v and d, not all of the first five zero
   * @throws IllegalArgumentException if there are not six words, or the first five are zeros
   */
  public static Xorwow ofState(int... state) {
    return new Xorwow(state);
  }

  /**
   * {@return a generator whose state is drawn from a seed with splitmix64} Octavo's own rule.
   *
   * @param seed any value
   */
  public static Xorwow ofSeed(long seed) {
    int[] state = new int[STATE_WORDS];
    for (int i = 0; i < STATE_WORDS / 2; i++) {
      // Splitmix64's number i: the key of the i-th run of 2^32 elements.
      long word = StochasticBits.key(seed, (long) i << 32);
      state[2 * i] = (int) word;
      state[2 * i + 1] = (int) (word >>> 32);
    }
    return new Xorwow(state);
  }

  /** {@return a copy of the state: x, y, z, w, v and d} */
  public int[] state() {
    return new int[] {x, y, z, w, v, d};
  }

  /** {@return the next 32 random bits} */
  public int nextInt() {
    int t = x ^ (x >>> 2);
    x = y;
    y = z;
    z = w;
    w = v;
    v = (v ^ (v << 4)) ^ (t ^ (t << 1));
    d += WEYL;
    return d + v;
  }
}
