package octavo.format;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The values of all codes of formats with at most eight bits, computed once from {@link
 * ElementFormat#decode}.
 */
public final class DecodeTable {

  private static final Map<ElementFormat, float[]> TABLES = new ConcurrentHashMap<>();

  private DecodeTable() {}

  /**
   * {@return the value of every code of a format, at the code's index; shared, not to be written
   * to}
   *
   * @param format a format of at most eight bits
   * @throws IllegalArgumentException if it has more
   */
  public static float[] of(ElementFormat format) {
    if (format.bits() > 8) {
      throw new IllegalArgumentException(
          "%s has %d bits; tables are for at most 8".formatted(format, format.bits()));
    }
    return TABLES.computeIfAbsent(format, DecodeTable::compute);
  }

  private static float[] compute(ElementFormat format) {
    float[] table = new float[1 << format.bits()];
    for (int code = 0; code < table.length; code++) {
      table[code] = format.decode(code);
    }
    return table;
  }
}
