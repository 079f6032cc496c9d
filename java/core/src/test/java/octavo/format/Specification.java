package octavo.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the published specifications say of a float format, typed in from them. Nothing in here is
 * computed by, or taken from, the code under test.
 *
 * @param name the format
 * @param exponentBits width of the exponent field
 * @param mantissaBits width of the mantissa field
 * @param bias exponent bias
 * @param max largest finite value
 * @param maxCode its code
 * @param minNormal smallest normal value
 * @param minNormalCode its code
 * @param minSubnormal smallest subnormal value; that of the smallest normal value if there is none
 * @param minSubnormalCode its code
 * @param infinities the codes of positive and negative infinity; empty if there are none
 * @param nans every NaN code, as ranges of first and last
 * @param fromNan the codes that positive and negative NaN become
 * @param padding zero bits below the mantissa in memory
 */
record Specification(
    String name,
    int exponentBits,
    int mantissaBits,
    int bias,
    double max,
    int maxCode,
    double minNormal,
    int minNormalCode,
    double minSubnormal,
    int minSubnormalCode,
    List<Integer> infinities,
    List<int[]> nans,
    List<Integer> fromNan,
    int padding) {

  /*
   * FP32, FP16: IEEE 754-2019, table 3.5 and section 6.2.1 (quiet NaN: first mantissa bit set).
   * BF16, TF32: FP32's exponent with a shorter mantissa (Neuron SDK, data types). TF32 codes are given
   * here in 19 bits; in memory 13 zero bits follow.
   * E5M2, E4M3FN: OCP 8-bit Floating Point Specification 1.0, tables 1 and 2.
   * E4M3, E3M4: Neuron SDK's fp8_exp4 and fp8_exp3; ml_dtypes float8_e4m3 and float8_e3m4.
   * ...FNUZ: ml_dtypes README. E3M2, E2M3, E2M1, E8M0: OCP MX Specification 1.0, section 5.3.
   * The codes that NaN becomes: ml_dtypes; in FP6 and FP4, which have none, ONNX Cast's rule for
   * FLOAT4E2M1 (the largest positive value).
   */
  private static final String TABLE =
      """
      name       | E/M  | bias | max            code     | min normal code     | min subnormal code     | inf               | nan                                 | from nan
      FP32       | 8/23 | 127  | 0x1.fffffep127 7F7FFFFF | 0x1p-126   00800000 | 0x1p-149      00000001 | 7F800000 FF800000 | 7F800001-7FFFFFFF FF800001-FFFFFFFF | 7FC00000 FFC00000
      TF32       | 8/10 | 127  | 0x1.ffcp127    3FBFF    | 0x1p-126   00400    | 0x1p-136      00001    | 3FC00 7FC00       | 3FC01-3FFFF 7FC01-7FFFF             | 3FE00 7FE00
      BF16       | 8/7  | 127  | 0x1.fep127     7F7F     | 0x1p-126   0080     | 0x1p-133      0001     | 7F80 FF80         | 7F81-7FFF FF81-FFFF                 | 7FC0 FFC0
      FP16       | 5/10 | 15   | 65504          7BFF     | 0x1p-14    0400     | 0x1p-24       0001     | 7C00 FC00         | 7C01-7FFF FC01-FFFF                 | 7E00 FE00
      E5M2       | 5/2  | 15   | 57344          7B       | 0x1p-14    04       | 0x1p-16       01       | 7C FC             | 7D-7F FD-FF                         | 7E FE
      E4M3       | 4/3  | 7    | 240            77       | 0x1p-6     08       | 0x1p-9        01       | 78 F8             | 79-7F F9-FF                         | 7C FC
      E4M3FN     | 4/3  | 7    | 448            7E       | 0x1p-6     08       | 0x1p-9        01       |                   | 7F-7F FF-FF                         | 7F FF
      E3M4       | 3/4  | 3    | 15.5           6F       | 0x1p-2     10       | 0x1p-6        01       | 70 F0             | 71-7F F1-FF                         | 78 F8
      E5M2FNUZ   | 5/2  | 16   | 57344          7F       | 0x1p-15    04       | 0x1p-17       01       |                   | 80-80                               | 80 80
      E4M3FNUZ   | 4/3  | 8    | 240            7F       | 0x1p-7     08       | 0x1p-10       01       |                   | 80-80                               | 80 80
      E4M3B11FNUZ| 4/3  | 11   | 30             7F       | 0x1p-10    08       | 0x1p-13       01       |                   | 80-80                               | 80 80
      E3M2       | 3/2  | 3    | 28             1F       | 0.25       04       | 0.0625        01       |                   |                                     | 1F 1F
      E2M3       | 2/3  | 1    | 7.5            1F       | 1          08       | 0.125         01       |                   |                                     | 1F 1F
      E2M1       | 2/1  | 1    | 6              7        | 1          2        | 0.5           1        |                   |                                     | 7 7
      E8M0       | 8/0  | 127  | 0x1p127        FE       | 0x1p-127   00       | 0x1p-127      00       |                   | FF-FF                               | FF FF
      """;

  private static final List<Specification> ALL =
      TABLE.lines().skip(1).map(Specification::parse).toList();

  private static Specification parse(String line) {
    String[] columns =
        Arrays.stream(line.split("\\|", -1)).map(String::strip).toArray(String[]::new);
    String[] fields = columns[1].split("/");
    String[] max = columns[3].split("\\s+");
    String[] minNormal = columns[4].split("\\s+");
    String[] minSubnormal = columns[5].split("\\s+");
    List<int[]> nans = new ArrayList<>();
    for (String range : words(columns[7])) {
      String[] ends = range.split("-");
      nans.add(new int[] {hex(ends[0]), hex(ends[1])});
    }
    return new Specification(
        columns[0],
        Integer.parseInt(fields[0]),
        Integer.parseInt(fields[1]),
        Integer.parseInt(columns[2]),
        real(max[0]),
        hex(max[1]),
        real(minNormal[0]),
        hex(minNormal[1]),
        real(minSubnormal[0]),
        hex(minSubnormal[1]),
        words(columns[6]).stream().map(Specification::hex).toList(),
        nans,
        words(columns[8]).stream().map(Specification::hex).toList(),
        columns[0].equals("TF32") ? 13 : 0);
  }

  private static List<String> words(String column) {
    return column.isEmpty() ? List.of() : List.of(column.split("\\s+"));
  }

  private static int hex(String digits) {
    return Integer.parseUnsignedInt(digits, 16);
  }

  private static double real(String text) {
    return Double.parseDouble(text);
  }

  /** {@return every row of the table} */
  static List<Specification> all() {
    return ALL;
  }

  /** {@return the row of a format} */
  static Specification of(FloatFormat format) {
    return ALL.stream()
        .filter(row -> row.name.equals(format.name()))
        .findFirst()
        .orElseThrow(() ->
            new AssertionError(
                format + " is not in the table of specifications: type in what its source says"));
  }

  /** {@return the number of distinct codes, padding left out} */
  long codes() {
    return 1L << (exponentBits + mantissaBits + (pureScale() ? 0 : 1));
  }

  /** {@return whether every code is a power of two} */
  boolean pureScale() {
    return mantissaBits == 0;
  }

  /** {@return whether a code, padding left out, is NaN} */
  boolean isNan(int code) {
    return nans.stream()
        .anyMatch(range ->
            Integer.compareUnsigned(range[0], code) <= 0
                && Integer.compareUnsigned(code, range[1]) <= 0);
  }

  /** {@return the sign bit, padding left out; 0 if there is none} */
  int signBit() {
    return pureScale() ? 0 : 1 << (exponentBits + mantissaBits);
  }
}
