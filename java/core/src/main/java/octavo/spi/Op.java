package octavo.spi;

import java.util.Locale;

/** The operations that kernels implement. */
public enum Op {
  /** Elements of one format become elements of another. */
  CONVERT,
  /** Plain numbers become codes with block scales. */
  QUANTIZE,
  /** Codes with block scales become plain numbers. */
  DEQUANTIZE,
  /** The product of a matrix with a transposed one. */
  MATMUL,
  /** The product of a matrix with a transposed sparse one. */
  SPARSE_MATMUL;

  /** {@return the name in lower case, as it begins the stem of a kernel's id} */
  public String stem() {
    return name().toLowerCase(Locale.ROOT);
  }
}
