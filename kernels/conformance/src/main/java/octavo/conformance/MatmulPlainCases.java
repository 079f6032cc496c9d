package octavo.conformance;

import java.util.List;

/** Products without scales inside their sums: {@link MatmulCases} of such formats. */
final class MatmulPlainCases implements Cases {

  @Override
  public String stem() {
    return "matmul.plain";
  }

  @Override
  public List<CaseGroup> groups() {
    return MatmulCases.pairs(false);
  }
}
