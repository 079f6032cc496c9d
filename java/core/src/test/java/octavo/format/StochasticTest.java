package octavo.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stochastic rounding: the random bits are those of the written definition, the chance of rounding
 * up is exact, and so nothing is biased.
 *
 * <p>The statistical tests use fixed seeds, so that they either always pass or never. Their bounds
 * are Hoeffding's: had the seeds been drawn at random, each bound would be exceeded with a
 * probability below 1e-9.
 */
@ExtendWith(FormatChecks.class)
class StochasticTest {

  /** Two-sided Hoeffding bound at 1e-9 for a sum of n numbers within [0, range]. */
  private static double hoeffding(long n, double range) {
    return range * Math.sqrt(n * Math.log(2e9) / 2);
  }

  static List<ElementFormat> narrow() {
    return Codec.narrow();
  }

  @Test
  void bitsAreThoseOfTheDefinition() {
    List<List<String>> cases = Vectors.read("stochastic-bits.txt");
    assertEquals(88, cases.size());
    for (List<String> words : cases) {
      long seed = Long.parseLong(words.get(0));
      long index = Long.parseLong(words.get(1));
      int expected = Vectors.hex(words.get(2));
      assertEquals(expected, StochasticBits.of(seed, index), () -> "case " + words);
      assertEquals(expected, StochasticBits.of(StochasticBits.key(seed, index), (int) index));
    }
    FormatChecks.count(2L * cases.size());
  }

  /** Undoes each step of the definition: what has an inverse is a bijection. */
  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, 0x0123_4567_89AB_CDEFL})
  void lowIndexBitsMapOneToOne(long seed) {
    long key = StochasticBits.key(seed, 0);
    int first = inverse(0x7FEB_352D);
    int second = inverse(0x846C_A68B);
    for (long i = 0; i < 1L << 32; i += 997) {
      int index = (int) i;
      int x = StochasticBits.of(key, index);
      x ^= x >>> 16;
      x *= second;
      x -= (int) (key >>> 32);
      x ^= (x >>> 15) ^ (x >>> 30);
      x *= first;
      x ^= x >>> 16;
      assertEquals(index, x ^ (int) key);
    }
    FormatChecks.count((1L << 32) / 997);
  }

  private static int inverse(int odd) {
    BigInteger modulus = BigInteger.ONE.shiftLeft(32);
    return BigInteger.valueOf(Integer.toUnsignedLong(odd)).modInverse(modulus).intValue();
  }

  @Test
  void bitsDependOnSeedAndIndexOnly() {
    for (long index : new long[] {0, 7, 1L << 32, (3L << 32) + 5}) {
      int here = StochasticBits.of(99, index);
      int[] elsewhere = new int[1];
      Thread thread = new Thread(() -> elsewhere[0] = StochasticBits.of(99, index));
      thread.start();
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      assertEquals(here, elsewhere[0]);
      assertEquals(here, StochasticBits.of(99, index));
      assertNotEquals(here, StochasticBits.of(100, index));
      assertNotEquals(here, StochasticBits.of(99, index + (1L << 32)));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, -1, 20_260_101})
  void everyBitIsBalancedAlongTheIndexAndBetweenNeighbours(long seed) {
    int n = 1 << 20;
    int[] ones = new int[32];
    int[] changes = new int[32];
    int previous = StochasticBits.of(seed, -1);
    for (int i = 0; i < n; i++) {
      int x = StochasticBits.of(seed, i);
      for (int b = 0; b < 32; b++) {
        ones[b] += x >>> b & 1;
        changes[b] += (x ^ previous) >>> b & 1;
      }
      previous = x;
    }
    double bound = hoeffding(n, 1);
    for (int b = 0; b < 32; b++) {
      assertEquals(n / 2.0, ones[b], bound, "seed " + seed + " bit " + b);
      assertEquals(n / 2.0, changes[b], bound, "seed " + seed + " changes of bit " + b);
    }
    FormatChecks.count(64);
  }

  /**
   * Around every value (of TF32, every 13th): the oracle's chance, with random words on both sides
   * of it.
   */
  @ParameterizedTest
  @MethodSource("narrow")
  void roundsUpExactlyWhenTheChanceSaysSo(ElementFormat format) {
    Oracle oracle = Oracle.of(format);
    long checks = 0;
    int step = format.equals(Formats.TF32) ? 13 : 1;
    for (int[] boundaries : List.of(oracle.nearest, oracle.towardZero)) {
      for (int i = 0; i < boundaries.length; i += step) {
        int boundary = boundaries[i];
        for (int magnitude = Math.max(boundary - 1, 0); magnitude <= boundary + 1; magnitude++) {
          checks += check(format, oracle, Float.intBitsToFloat(magnitude));
          checks += check(format, oracle, -Float.intBitsToFloat(magnitude));
        }
      }
    }
    for (long bits = 0; bits < 1L << 32; bits += 16_381) {
      checks += check(format, oracle, Float.intBitsToFloat((int) bits));
    }
    FormatChecks.count(checks);
  }

  private static int check(ElementFormat format, Oracle oracle, float value) {
    int threshold = (int) -(Float.isNaN(value) ? 0 : oracle.chance(value));
    int[] words = {0, -1, 0x8000_0000, threshold, threshold - 1, Float.floatToRawIntBits(value)};
    for (int word : words) {
      for (Overflow overflow : Overflow.values()) {
        int expected = oracle.encodeStochastic(value, overflow, word);
        int actual = format.encode(value, Rounding.STOCHASTIC, overflow, word);
        if (expected != actual) {
          Codec.wrong(format, value, Rounding.STOCHASTIC, overflow, expected, actual);
        }
      }
    }
    return 2 * words.length;
  }

  /** Chances worked out by hand: up if and only if the random word, unsigned, is at least this. */
  @ParameterizedTest
  @CsvSource({
    // format, value, code below, code above, least word that rounds up
    "E4M3FN, 1.0625,        38, 39, 80000000", // half of 1/8
    "E4M3FN, 1.03125,       38, 39, C0000000", // a quarter
    "E4M3FN, 1.0000001,     38, 39, FFFFF000", // 2^-23 of 2^-3: 2^-20
    "E4M3FN, 1.1249999,     38, 39, 00001000", // all but 2^-20
    "E2M1,   5,             6,  7,  80000000",
    "E2M1,   0.125,         0,  1,  C0000000",
    "E2M1,   -0.125,        8,  9,  C0000000",
    "E2M1,   0x1p-33,       0,  1,  FFFFFFFF", // 2^-32, the least chance there is
    "FP16,   1024.5,        6400, 6401, 80000000",
    "E5M2,   0x1p-17,       00, 01, 80000000", // half the least subnormal
    "E5M2,   0x1.8p-16,     01, 02, 80000000",
    "BF16,   0x1.000002p0,  3F80, 3F81, FFFF0000",
    "BF16,   0x1p-134,      0000, 0001, 80000000",
    "E8M0,   1.25,          7F, 80, C0000000",
    "INT8,   2.75,          02, 03, 40000000",
    "INT8,   -2.75,         FE, FD, 40000000",
    "INT8_FIXED6, 0x1p-8,   00, 01, C0000000"
  })
  void chance(String name, float value, String low, String high, String least) {
    ElementFormat format = Formats.byName(name).element();
    int word = Vectors.hex(least);
    assertEquals(Vectors.hex(high), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, word));
    assertEquals(
        Vectors.hex(low), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, word - 1));
    assertEquals(Vectors.hex(low), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, 0));
    assertEquals(Vectors.hex(high), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, -1));
    FormatChecks.count(4);
  }

  /** A chance below 2^-32 is none, and what a code represents exactly never moves. */
  @ParameterizedTest
  @CsvSource({
    "E2M1, 0x1p-34, 0",
    "E4M3FN, 0x1p-60, 00",
    "E4M3FN, 0x1p-149, 00",
    "FP16, -0x1p-149, 8000",
    "E4M3FN, 1, 38",
    "E4M3FN, 448, 7E",
    "E2M1, 6, 7",
    "E5M2, 0x1p-16, 01",
    "INT8, 3, 03",
    "E8M0, 4, 81",
    "BF16, 0x1p-133, 0001"
  })
  void neverRoundsUp(String name, float value, String code) {
    ElementFormat format = Formats.byName(name).element();
    for (int word : new int[] {0, 1, 0x7FFF_FFFF, 0x8000_0000, -1}) {
      assertEquals(
          Vectors.hex(code), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, word));
    }
    FormatChecks.count(5);
  }

  /** Beyond the largest value the upper neighbour is an overflow; past that there is no choice. */
  @ParameterizedTest
  @CsvSource({
    // format, value, IEEE down, IEEE up, saturating both
    "E4M3FN, 464,  7E, 7F, 7E",
    "E4M3FN, -464, FE, FF, FE",
    "E4M3FN, 480,  7F, 7F, 7E",
    "E4M3,   248,  77, 78, 77",
    "E5M2,   60000, 7B, 7C, 7B",
    "E5M2,   1e30, 7C, 7C, 7B",
    "E4M3FNUZ, -250, FF, 80, FF",
    "E2M1,   7,    7,  7,  7",
    "INT8,   127.5, 7F, 7F, 7F",
    "E8M0,   0x1.8p127, FE, FF, FE"
  })
  void overflow(String name, float value, String down, String up, String saturated) {
    ElementFormat format = Formats.byName(name).element();
    assertEquals(Vectors.hex(down), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, 0));
    assertEquals(Vectors.hex(up), format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, -1));
    for (int word : new int[] {0, -1}) {
      assertEquals(
          Vectors.hex(saturated),
          format.encode(value, Rounding.STOCHASTIC, Overflow.SATURATE, word));
    }
    FormatChecks.count(4);
  }

  @ParameterizedTest
  @CsvSource({
    "E4M3FN, 1.03",
    "E4M3FN, -300.7",
    "E5M2, 3.3e-5",
    "E3M4, 0.013",
    "E2M1, 0.1",
    "E2M1, 5.9",
    "FP16, 1024.0625",
    "BF16, 3.14159",
    "TF32, 0.1",
    "E3M2, 0.03",
    "E2M3, -7.4",
    "INT8, -0.3",
    "INT8_FIXED6, 1.23456"
  })
  void theMeanIsTheNumber(String name, float value) {
    ElementFormat format = Formats.byName(name).element();
    double low = format.decode(format.encode(value, Rounding.TOWARD_ZERO, Overflow.IEEE, 0));
    double high = format.decode(format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, -1));
    int n = 1 << 20;
    for (long seed : new long[] {1, 2, 3}) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        int code =
            format.encode(value, Rounding.STOCHASTIC, Overflow.IEEE, StochasticBits.of(seed, i));
        double rounded = format.decode(code);
        assertTrue(rounded == low || rounded == high, "only the neighbours");
        sum += rounded - low;
      }
      double error = hoeffding(n, Math.abs(high - low));
      assertEquals(n * (value - low), sum, error, name + " " + value + " seed " + seed);
    }
    FormatChecks.count(3L * n);
  }

  /**
   * The Neuron SDK's demonstration: in FP16, 1024 plus 2048 times 0.5. To nearest nothing ever
   * happens; stochastically the sum comes out near 2048.
   */
  @Test
  void halvesAddUpInHalfPrecision() {
    int runs = 64;
    double total = 0;
    for (long seed = 0; seed < runs; seed++) {
      float nearest = 1024;
      float stochastic = 1024;
      for (int i = 0; i < 2048; i++) {
        nearest = Formats.FP16.decode(Formats.FP16.encode(nearest + 0.5f, Overflow.IEEE));
        int bits = StochasticBits.of(seed, i);
        stochastic =
            Formats.FP16.decode(
                Formats.FP16.encode(stochastic + 0.5f, Rounding.STOCHASTIC, Overflow.IEEE, bits));
      }
      assertEquals(1024, nearest);
      // Each step adds 0 or 1, beyond 2048 also 2.
      assertEquals(2048, stochastic, hoeffding(2048, 2), "seed " + seed);
      total += stochastic;
    }
    assertEquals(2048.0 * runs, total, hoeffding(2048L * runs, 2));
    FormatChecks.count(2L * runs + 1);
  }
}
