package octavo.kernels.matmul;

import octavo.format.BlockFormat;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Overflow;
import octavo.op.Epilogue;
import octavo.tensor.Codes;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

/** Rows of an operand as FP32 numbers: decoded elements and, apart from them, their scales. */
final class DecodedRows {

  /**
   * How many rows of the left operand are decoded at a time: some, for every row of the right one.
   */
  static final int PANEL = 64;

  private DecodedRows() {}

  /** {@return the decoded elements of a row, without scales} */
  static float[] elements(Tensor tensor, long row) {
    ElementFormat format = tensor.element();
    float[] values = new float[Math.toIntExact(tensor.columns())];
    float[] table = format.bits() <= 8 ? DecodeTable.of(format) : new float[0];
    int mask = table.length - 1;
    for (int k = 0; k < values.length; k++) {
      int code = Codes.get(tensor.data(), format, row * tensor.stride(0) + k * tensor.stride(1));
      values[k] = table.length > 0 ? table[code & mask] : format.decode(code);
    }
    return values;
  }

  /** {@return the decoded elements of some rows, without scales} */
  static float[][] elements(Tensor tensor, long from, long to) {
    float[][] rows = new float[(int) (to - from)][];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = elements(tensor, from + r);
    }
    return rows;
  }

  /**
   * {@return for each run of {@code length} elements of a row the scale that applies to it}; all 1
   * if the tensor has no scales within its rows
   */
  static float[] scales(Tensor tensor, long row, int length) {
    float[] scales = new float[Math.toIntExact(Math.ceilDiv(tensor.columns(), (long) length))];
    boolean within = tensor.format() instanceof BlockFormat block && block.scalesWithinRow();
    for (int s = 0; s < scales.length; s++) {
      scales[s] = within ? tensor.scale(row, (long) s * length) : 1.0f;
    }
    return scales;
  }

  /** {@return the scales of some rows, as {@link #scales(Tensor, long, int)}} */
  static float[][] scales(Tensor tensor, long from, long to, int length) {
    float[][] rows = new float[(int) (to - from)][];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = scales(tensor, from + r, length);
    }
    return rows;
  }

  /** {@return the decoded elements of a row of a packed matrix, without scales} */
  private static float[] elements(PackedMatrix matrix, long row) {
    float[] values = new float[Math.toIntExact(matrix.columns())];
    for (int k = 0; k < values.length; k++) {
      values[k] = matrix.element().decode(matrix.code(row, k));
    }
    return values;
  }

  private static float[] scales(PackedMatrix matrix, long row, int length) {
    float[] scales = new float[Math.toIntExact(Math.ceilDiv(matrix.columns(), (long) length))];
    boolean within = matrix.format() instanceof BlockFormat block && block.scalesWithinRow();
    for (int s = 0; s < scales.length; s++) {
      scales[s] = within ? matrix.scale(row, (long) s * length) : 1.0f;
    }
    return scales;
  }

  /** The rows of a right operand, wherever their codes lie. */
  interface Right {

    /** {@return how many rows there are} */
    long rows();

    /** {@return the decoded elements of a row, without scales} */
    float[] elements(long row);

    /** {@return the scales of a row, one for each run of {@code length} elements} */
    float[] scales(long row, int length);

    /** {@return the factor that applies to a row's results} */
    float endFactor(long row);

    /** {@return the rows of a tensor} */
    static Right of(Tensor tensor) {
      return new Right() {
        @Override
        public long rows() {
          return tensor.rows();
        }

        @Override
        public float[] elements(long row) {
          return DecodedRows.elements(tensor, row);
        }

        @Override
        public float[] scales(long row, int length) {
          return DecodedRows.scales(tensor, row, length);
        }

        @Override
        public float endFactor(long row) {
          return DecodedRows.endFactor(tensor, row);
        }
      };
    }

    /** {@return the rows of a packed matrix} */
    static Right of(PackedMatrix matrix) {
      return new Right() {
        @Override
        public long rows() {
          return matrix.rows();
        }

        @Override
        public float[] elements(long row) {
          return DecodedRows.elements(matrix, row);
        }

        @Override
        public float[] scales(long row, int length) {
          return DecodedRows.scales(matrix, row, length);
        }

        @Override
        public float endFactor(long row) {
          return matrix.endFactor(row);
        }
      };
    }
  }

  /** Finishes the sum of an element and writes it: {@link Epilogue} as it is written. */
  static void write(float sum, Epilogue epilogue, Tensor out, long i, long j) {
    float result = sum * epilogue.scale();
    if (epilogue.bias() != null) {
      result += epilogue.bias().get(j);
    }
    result = epilogue.activation().apply(result);
    if (epilogue.residual() != null) {
      result += epilogue.residual().get(i, j);
    }
    out.setCode(out.element().encode(result, Overflow.IEEE), i, j);
  }

  /**
   * {@return the factor that applies to a row's results: row or tensor scale, times tensor scale}
   */
  static float endFactor(Tensor tensor, long row) {
    if (!(tensor.format() instanceof BlockFormat block)) {
      return 1.0f;
    }
    // Not Tensor.scale: an empty row has a scale but no element to ask for it.
    float scale =
        block.scalesWithinRow()
            ? 1.0f
            : block.blockRows() == BlockFormat.WHOLE
                ? tensor.scales().get(0)
                : tensor.scales().get(row, 0);
    return scale * tensor.tensorScale();
  }
}
