package octavo.format;

/**
 * The random bits of stochastic rounding: a pure function of a seed and an element's index, so that
 * neither threads nor vector width nor the kernel change a result.
 *
 * <p>The definition, in 32-bit unsigned arithmetic modulo 2^32, for the element with the 64-bit
 * row-major index {@code i} of the tensor:
 *
 * <pre>
 *   key = splitmix64(seed + 0x9E3779B97F4A7C15 * (i >>> 32))      64 bits
 *   x = (uint32) i ^ (uint32) key
 *   x = (x ^ (x >>> 16)) * 0x7FEB352D
 *   x = (x ^ (x >>> 15)) + (uint32) (key >>> 32)
 *   x = x * 0x846CA68B
 *   bits = x ^ (x >>> 16)
 * </pre>
 *
 * <p>{@code splitmix64} is the output function of that generator: {@code z += 0x9E3779B97F4A7C15; z
 * = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9; z = (z ^ (z >>> 27)) * 0x94D049BB133111EB; z ^ (z >>>
 * 31)}.
 *
 * <p>For a fixed seed the map from the low 32 index bits to the bits is a bijection: over each
 * aligned run of 2^32 elements every 32-bit word occurs exactly once, hence rounding a constant is
 * exactly unbiased over such a run. This generator is Octavo's own: how AWS Trainium derives its
 * bits from a seed is not published.
 *
 * <p>Sources: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (OOPSLA 2014) for
 * splitmix64; the multipliers and shifts are those of Chris Wellons' low-bias 32-bit integer hash.
 */
public final class StochasticBits {

  private StochasticBits() {}

  /**
   * {@return the 32 random bits of an element}
   *
   * @param seed any value; equal seeds give equal bits
   * @param index the element's row-major index in its tensor
   */
  public static int of(long seed, long index) {
    return of(key(seed, index), (int) index);
  }

  /**
   * {@return the key shared by the elements whose indices agree above their low 32 bits}
   *
   * @param seed the seed
   * @param index the index of any of these elements
   */
  public static long key(long seed, long index) {
    long z = seed + 0x9E3779B97F4A7C15L * (index >>> 32) + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /**
   * {@return the 32 random bits of an element}
   *
   * @param key what {@link #key} gave for its index
   * @param lowIndex the low 32 bits of its index
   */
  public static int of(long key, int lowIndex) {
    int x = lowIndex ^ (int) key;
    x = (x ^ (x >>> 16)) * 0x7FEB352D;
    x = (x ^ (x >>> 15)) + (int) (key >>> 32);
    x *= 0x846CA68B;
    return x ^ (x >>> 16);
  }
}
