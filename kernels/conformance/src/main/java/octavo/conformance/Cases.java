package octavo.conformance;

import java.util.List;

/** The declared cases of one stem. */
interface Cases {

  /** {@return the stem, as in kernel ids: {@code matmul.block}} */
  String stem();

  /** {@return the cases, grouped for the report} */
  List<CaseGroup> groups();

  /** {@return the cases of every stem} */
  static List<Cases> all() {
    return List.of(
        new ConvertCases(),
        new QuantizeCases(),
        new DequantizeCases(),
        new MatmulPlainCases(),
        new MatmulBlockCases(),
        new SparseMatmulCases());
  }
}
