package octavo.conformance;

import java.util.List;

/** Products with scales inside their sums: {@link MatmulCases} of such formats. */
final class MatmulBlockCases implements Cases {

  @Override
  public String stem() {
    return "matmul.block";
  }

  @Override
  public List<CaseGroup> groups() {
    return MatmulCases.pairs(true);
  }
}
