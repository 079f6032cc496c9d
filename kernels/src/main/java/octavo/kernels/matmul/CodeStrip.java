package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;

/** Some rows and columns of an operand in Java arrays, row by row: codes, or numbers. */
final class CodeStrip {
  /*
   * Reading memory segments element by element costs microseconds in the interpreter, so whole rows
   * are copied; the loops see arrays only. Codes of up to eight bits stay codes, one to a byte;
   * BF16 stays 16 bits; FP16, FP32 and TF32 become numbers.
   *
   * A panel of a packed matrix is copied as it is and put in order from there.
   */

  /** How many rows {@link ScalarLoops} takes at once. */
  static final int ROWS = 8;

  private static final int PANEL_BYTES = 1 << 22;
  private static final float[] NO_TABLE = {};

  private byte[] bytes = new byte[0];
  private byte[] packed = new byte[0];
  private short[] shorts = new short[0];
  private float[] floats = new float[0];
  private float[] table = NO_TABLE;
  private boolean bf16;
  private boolean decoded;

  CodeStrip() {}

  /** {@return whether the strip holds codes of at most eight bits} */
  boolean holdsBytes() {
    return table.length > 0 && !decoded;
  }

  /** {@return whether the strip holds BF16} */
  boolean holdsBf16() {
    return bf16 && !decoded;
  }

  byte[] bytes() {
    return bytes;
  }

  short[] shorts() {
    return shorts;
  }

  float[] floats() {
    return floats;
  }

  /** {@return the value of every code, if the strip holds bytes} */
  float[] table() {
    return table;
  }

  /**
   * Decodes whole rows of a tensor.
   *
   * @param from the tensor
   * @param row its first row
   * @param rows how many
   * @param depth its columns
   * @param to where the numbers go, row by row
   */
  void decodeRows(Tensor from, long row, int rows, int depth, float[] to) {
    int most = 1 << 16;
    for (int r = 0; r < rows; r++) {
      for (int k = 0; k < depth; k += most) {
        int count = Math.min(most, depth - k);
        read(from, row + r, 1, k, count);
        decode(count);
        System.arraycopy(floats, 0, to, r * depth + k, count);
      }
    }
  }

  /**
   * Reads a part of a tensor.
   *
   * @param from the tensor
   * @param row its first row
   * @param rows how many
   * @param k its first column
   * @param depth how many
   */
  void read(Tensor from, long row, int rows, long k, int depth) {
    ElementFormat format = from.element();
    reserve(format, Math.max(rows, ROWS) * depth, depth);
    MemorySegment data = from.data();
    for (int r = 0; r < rows; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (from.unitColumnStride()) {
        readRow(data, format, at, r * depth, depth);
      } else {
        for (int i = 0; i < depth; i++) {
          put(format, r * depth + i, Codes.get(data, format, at + i * from.stride(1)));
        }
      }
    }
  }

  private void readRow(MemorySegment data, ElementFormat format, long at, int to, int depth) {
    if (table.length > 0 && format.storageBits() == 8) {
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, bytes, to, depth);
    } else if (table.length > 0 && (at & 1) == 0) {
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at >> 1, packed, 0, (depth + 1) >> 1);
      ScalarLoops.nibbles(packed, bytes, to, depth);
    } else if (format.storageBits() == 16) {
      MemorySegment.copy(data, Codes.SHORT, at << 1, shorts, to, depth);
      if (!bf16) {
        ScalarLoops.fp16(shorts, floats, to, depth);
      }
    } else if (format.equals(Formats.FP32)) {
      MemorySegment.copy(data, Codes.FLOAT, at << 2, floats, to, depth);
    } else {
      for (int i = 0; i < depth; i++) {
        put(format, to + i, Codes.get(data, format, at + i));
      }
    }
  }

  private void put(ElementFormat format, int at, int code) {
    if (table.length > 0) {
      bytes[at] = (byte) code;
    } else if (bf16) {
      shorts[at] = (short) code;
    } else {
      floats[at] = format.decode(code);
    }
  }

  /**
   * Reads columns of a panel of a packed matrix.
   *
   * @param from the matrix
   * @param panel the panel
   * @param k the first column
   * @param depth how many
   */
  void read(PackedMatrix from, long panel, long k, int depth) {
    ElementFormat format = from.element();
    Packing packing = from.packing();
    int p = packing.panelRows();
    int g = packing.group();
    int rows = Math.ceilDiv(p, ROWS) * ROWS;
    reserve(format, rows * depth, depth);
    long first = k / g * p * g;
    long codes = ((k + depth - 1) / g + 1) * p * g - first;
    long size = Codes.byteSize(format, codes + 1);
    if (size > PANEL_BYTES || (format.storageBits() == 4 && (first & 1) != 0)) {
      for (int r = 0; r < Math.min(p, from.rows() - panel * p); r++) {
        for (int i = 0; i < depth; i++) {
          put(format, r * depth + i, from.code(panel * p + r, k + i));
        }
      }
      return;
    }
    size = Codes.byteSize(format, codes);
    if (packed.length < size) {
      packed = new byte[(int) size];
    }
    long at = panel * from.panelBytes() + Codes.byteSize(format, first);
    MemorySegment.copy(from.data(), ValueLayout.JAVA_BYTE, at, packed, 0, (int) size);
    int skip = (int) (k % g);
    for (int r = 0; r < p; r++) {
      int offset = packing.position(r) * g;
      int to = r * depth;
      switch (format.storageBits()) {
        case 4 -> ScalarLoops.orderNibbles(packed, offset, p, g, skip, bytes, to, depth);
        case 8 -> ScalarLoops.orderBytes(packed, offset, p, g, skip, bytes, to, depth);
        case 16 -> {
          ScalarLoops.orderShorts(packed, offset, p, g, skip, shorts, to, depth);
          if (!bf16) {
            ScalarLoops.fp16(shorts, floats, to, depth);
          }
        }
        default -> ScalarLoops.orderFloats(packed, offset, p, g, skip, format, floats, to, depth);
      }
    }
  }

  /**
   * Turns codes into numbers.
   *
   * @param count how many
   */
  void decode(int count) {
    if (decoded) {
      return;
    }
    if (floats.length < count) {
      floats = new float[count];
    }
    if (table.length > 0) {
      ScalarLoops.look(bytes, table, floats, count);
    } else if (bf16) {
      ScalarLoops.bf16(shorts, floats, count);
    }
    decoded = true;
  }

  private void reserve(ElementFormat format, int count, int depth) {
    table = format.bits() <= 8 ? DecodeTable.of(format) : NO_TABLE;
    bf16 = format.equals(Formats.BF16);
    decoded = table.length == 0 && !bf16;
    if (table.length > 0) {
      bytes = bytes.length < count + 1 ? new byte[count + 1] : bytes;
      int nibbles = (depth + 1) / 2;
      packed = packed.length < nibbles ? new byte[nibbles] : packed;
    } else {
      if (format.storageBits() == 16) {
        shorts = shorts.length < count ? new short[count] : shorts;
      }
      if (!bf16) {
        floats = floats.length < count ? new float[count] : floats;
      }
    }
  }
}
