package octavo.kernels.quantize;

import static java.util.Objects.requireNonNull;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import octavo.format.BlockScaling;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.ScaleRule;

/**
 * A {@link ScaleRule} for one element format as a table: for each exponent of the largest magnitude
 * the scale's code, and the mantissa from which on it is one more.
 */
final class ScaleTable {
  /*
   * Every rule is monotone in amax, and within a binade of FP32, or within its subnormals, its code
   * rises by one at most: the rules add at most one to floor(log2 amax) plus a constant, and below
   * 2^-127 all are cut to code 0. So 256 codes and 256 thresholds are the rule, exactly, whatever
   * it computes: GGML's logarithm, which StrictMath rounds, crosses an integer at one place like any
   * other. The thresholds are found by asking the rule itself, by bisection; a rule that is no
   * such staircase is refused, so that a later one cannot be mistaken for one.
   *
   * A block then costs two look-ups instead of a logarithm or a walk through branches.
   */

  private static final int FIELDS = 256;
  private static final int MANTISSA_BITS = 23;
  private static final int MANTISSA = (1 << MANTISSA_BITS) - 1;

  private static final Map<ElementFormat, Map<ScaleRule, ScaleTable>> TABLES =
      new ConcurrentHashMap<>();

  /** What elements are multiplied by for each code of a scale. */
  static final float[] FACTORS = factors();

  /** The code for each exponent field. */
  final int[] codes = new int[FIELDS];

  /** The bits of magnitudes above which it is one more. */
  final int[] thresholds = new int[FIELDS];

  private ScaleTable(ScaleRule rule, ElementFormat element) {
    for (int field = 0; field < FIELDS; field++) {
      int first = field << MANTISSA_BITS;
      int low = code(rule, element, first);
      int high = code(rule, element, first | MANTISSA);
      codes[field] = low;
      thresholds[field] = high == low ? Integer.MAX_VALUE : threshold(rule, element, first, high);
    }
  }

  private static int code(ScaleRule rule, ElementFormat element, int bits) {
    return rule.scaleCode(Float.intBitsToFloat(bits), element);
  }

  /** {@return the last bits of a binade with its lower code} */
  private static int threshold(ScaleRule rule, ElementFormat element, int first, int high) {
    int below = first;
    int from = first | MANTISSA;
    while (from - below > 1) {
      int middle = (below + from) >>> 1;
      if (code(rule, element, middle) < high) {
        below = middle;
      } else {
        from = middle;
      }
    }
    return below;
  }

  private static float[] factors() {
    float[] factors = new float[FIELDS];
    for (int code = 0; code < FIELDS; code++) {
      factors[code] = BlockScaling.factor(Formats.MXFP8_E4M3, code, 1.0f);
    }
    return factors;
  }

  /** {@return the table of a rule}, made once */
  static ScaleTable of(ScaleRule rule, ElementFormat element) {
    Map<ScaleRule, ScaleTable> tables = TABLES.get(element);
    if (tables == null) {
      tables = TABLES.computeIfAbsent(element, ScaleTable::all);
    }
    return requireNonNull(tables.get(rule));
  }

  private static Map<ScaleRule, ScaleTable> all(ElementFormat element) {
    Map<ScaleRule, ScaleTable> tables = new EnumMap<>(ScaleRule.class);
    for (ScaleRule rule : ScaleRule.values()) {
      tables.put(rule, new ScaleTable(rule, element));
    }
    return tables;
  }

  /** {@return whether every rule is such a table for an element format} */
  static boolean covers(ElementFormat element) {
    return element.maxExponent() >= 0;
  }

  /** {@return the code of the scale of a block whose largest magnitude has these bits} */
  int code(int bits) {
    int field = bits >>> MANTISSA_BITS;
    return codes[field] + (bits > thresholds[field] ? 1 : 0);
  }

  /**
   * Chooses scales.
   *
   * @param largest the bits of the largest magnitude of each block
   * @param count how many blocks
   * @param scaleCodes where the codes go
   * @param factors where the factors of the elements go
   */
  void choose(int[] largest, int count, int[] scaleCodes, float[] factors) {
    for (int b = 0; b < count; b++) {
      int code = code(largest[b]);
      scaleCodes[b] = code;
      factors[b] = FACTORS[code];
    }
  }
}
