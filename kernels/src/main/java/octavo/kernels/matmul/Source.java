package octavo.kernels.matmul;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import octavo.format.BlockFormat;
import octavo.format.DecodeTable;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.ScaleRule;
import octavo.tensor.Codes;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An operand as {@link PanelPacker} reads it: the codes of rows, a scale, a row's end factor;
 * whether it is a tensor with any strides or a matrix that was packed for another kernel. Pooled
 * with the product that uses it: {@link #set} it before, {@link #clear} it after a call. Reading
 * changes nothing in it.
 */
final class Source {

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final float[] NO_TABLE = {};

  private static final int SCALE_BIAS = Formats.E8M0.bias();

  private @Nullable Tensor tensor;
  private @Nullable PackedMatrix packed;
  private @Nullable Tensor scales;
  private @Nullable BlockFormat block;
  private @Nullable ElementFormat element;
  private float[] scaleTable = NO_TABLE;
  private float tensorScale = 1;

  Source() {}

  void set(Tensor operand) {
    clear();
    tensor = operand;
    set(operand.format(), operand.tensorScale());
    if (block != null) {
      scales = operand.scales();
    }
  }

  void set(PackedMatrix operand) {
    clear();
    packed = operand;
    set(operand.format(), operand.tensorScale());
    if (block != null) {
      scales = operand.scales();
    }
  }

  private void set(Format format, float factor) {
    element = format.element();
    BlockFormat its = format instanceof BlockFormat known ? known : null;
    block = its;
    scaleTable = its != null && its.scale().bits() <= 8 ? DecodeTable.of(its.scale()) : NO_TABLE;
    tensorScale = factor;
  }

  /** Lets go of the operand's memory. */
  void clear() {
    tensor = null;
    packed = null;
    scales = null;
    block = null;
    element = null;
  }

  ElementFormat element() {
    return Objects.requireNonNull(element);
  }

  /** {@return whether neighbouring rows are neighbours in memory, in whole bytes} */
  boolean rowsAdjoin() {
    return tensor != null
        && tensor.stride(0) == 1
        && !tensor.unitColumnStride()
        && element().storageBits() >= 8;
  }

  // ---- scales

  /** {@return whether scales change along rows} */
  boolean scalesWithinRow() {
    return block != null && block.scalesWithinRow();
  }

  /** {@return the scale of an element, of an operand whose scales change along rows} */
  float scale(long row, long column) {
    BlockFormat format = Objects.requireNonNull(block);
    Tensor numbers = Objects.requireNonNull(scales);
    long blockColumn = column / format.blockColumns();
    if (packed != null && packed.scalesInPanels()) {
      int rows = packed.packing().panelRows();
      long panel = row / rows * numbers.stride(0);
      return scale(panel + blockColumn * numbers.stride(1) + row % rows * numbers.stride(2));
    }
    return scale(row / format.blockRows() * numbers.stride(0) + blockColumn * numbers.stride(1));
  }

  /**
   * Reads the scales of runs, of an operand whose scales change along rows.
   *
   * @param row the row
   * @param k where the first run begins
   * @param runs how many
   * @param length the length of a run
   * @param to where they go
   * @param toAt where the first goes
   * @param apart how far apart they go
   */
  void scales(long row, long k, int runs, int length, float[] to, int toAt, int apart) {
    BlockFormat format = Objects.requireNonNull(block);
    Tensor numbers = Objects.requireNonNull(scales);
    long first;
    if (packed != null && packed.scalesInPanels()) {
      int rows = packed.packing().panelRows();
      first = row / rows * numbers.stride(0) + row % rows * numbers.stride(2);
    } else {
      first = row / format.blockRows() * numbers.stride(0);
    }
    int columns = format.blockColumns();
    if (numbers.element().storageBits() == 8) {
      long step = numbers.stride(1);
      MemorySegment data = numbers.data();
      if (length == columns) { // Almost always; a division for each run takes longer than the rest.
        long at = first + k / columns * step;
        for (int run = 0; run < runs; run++) {
          to[toAt + run * apart] = scaleTable[data.get(ValueLayout.JAVA_BYTE, at) & 0xFF];
          at += step;
        }
        return;
      }
      for (int run = 0; run < runs; run++) {
        long at = first + (k + (long) run * length) / columns * step;
        to[toAt + run * apart] = scaleTable[data.get(ValueLayout.JAVA_BYTE, at) & 0xFF];
      }
    } else {
      for (int run = 0; run < runs; run++) {
        long at = first + (k + (long) run * length) / columns * numbers.stride(1);
        to[toAt + run * apart] = scale(at);
      }
    }
  }

  /**
   * {@return whether {@link PanelPacker} can multiply elements by scales, all of them powers of
   * two} An operand whose scales do not change along rows has none to multiply by.
   */
  boolean scalesFold() {
    return !scalesWithinRow()
        || (Objects.requireNonNull(block).scale().equals(Formats.E8M0) && !rowsAdjoin());
  }

  /**
   * {@return the range of the scales' exponents}, as {@link ScaleFolding#range} packs it, of an
   * operand whose {@linkplain #scalesFold scales fold}; beyond all bounds if one of them is NaN
   */
  long scaleExponents() {
    if (!scalesWithinRow()) {
      return ScaleFolding.range(0, 0);
    }
    BlockFormat format = Objects.requireNonNull(block);
    Tensor numbers = Objects.requireNonNull(scales);
    PackedMatrix matrix = packed;
    boolean panels = matrix != null && matrix.scalesInPanels();
    int panelRows = panels ? Objects.requireNonNull(matrix).packing().panelRows() : 1;
    long rows = matrix != null ? matrix.rows() : Objects.requireNonNull(tensor).rows();
    long columns = matrix != null ? matrix.columns() : Objects.requireNonNull(tensor).columns();
    long scaleRows = Math.ceilDiv(rows, (long) format.blockRows());
    long scaleColumns = Math.ceilDiv(columns, (long) format.blockColumns());
    MemorySegment data = numbers.data();
    int least = ScaleRule.NAN_SCALE;
    int largest = 0;
    for (long r = 0; r < scaleRows; r++) {
      long at =
          panels
              ? r / panelRows * numbers.stride(0) + r % panelRows * numbers.stride(2)
              : r * numbers.stride(0);
      for (long c = 0; c < scaleColumns; c++) {
        int code = data.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
        least = Math.min(least, code);
        largest = Math.max(largest, code);
        at += numbers.stride(1);
      }
    }
    return largest == ScaleRule.NAN_SCALE
        ? ScaleFolding.range(-ScaleRule.NAN_SCALE, ScaleRule.NAN_SCALE)
        : ScaleFolding.range(least - SCALE_BIAS, largest - SCALE_BIAS);
  }

  /** {@return the factor of a row's results: row or tensor scale, times tensor scale} */
  float endFactor(long row) {
    float factor = 1.0f;
    if (block != null && !block.scalesWithinRow()) {
      boolean one = block.blockRows() == BlockFormat.WHOLE;
      long scaleRow = one ? 0 : row / block.blockRows();
      factor = scale(scaleRow * Objects.requireNonNull(scales).stride(0));
    }
    return factor * tensorScale;
  }

  private float scale(long offset) {
    Tensor numbers = Objects.requireNonNull(scales);
    int code = Codes.get(numbers.data(), numbers.element(), offset);
    return scaleTable.length > 0
        ? scaleTable[code & (scaleTable.length - 1)]
        : numbers.element().decode(code);
  }

  // ---- codes of rows: `rows` lines, `line` apart, the k-th code of each at k

  /**
   * Reads codes of up to eight bits, one to a byte; up to seven bytes behind a line are written,
   * and as many behind the codes in {@code nibbles} are read.
   */
  void readBytes(long row, int rows, long k, int depth, byte[] lines, int line, byte[] nibbles) {
    if (packed != null) {
      for (int r = 0; r < rows; r++) {
        readPacked(packed, row + r, k, depth, lines, r * line);
      }
      return;
    }
    Tensor from = Objects.requireNonNull(tensor);
    MemorySegment data = from.data();
    ElementFormat format = element();
    for (int r = 0; r < rows; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (!from.unitColumnStride() || (format.storageBits() == 4 && (at & 1) != 0)) {
        for (int i = 0; i < depth; i++) {
          lines[r * line + i] = (byte) Codes.get(data, format, at + i * from.stride(1));
        }
      } else if (format.storageBits() == 4) {
        int bytes = (depth + 1) >> 1;
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at >> 1, nibbles, 0, bytes);
        widen(nibbles, lines, r * line, depth);
      } else {
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, lines, r * line, depth);
      }
    }
  }

  /** Two codes per byte to one, eight at a time, the even one from the low half. */
  private static void widen(byte[] from, byte[] to, int toAt, int count) {
    for (int i = 0; i < count; i += 8) {
      long x = (int) INT.get(from, i >> 1) & 0xFFFF_FFFFL;
      x = (x | x << 16) & 0x0000_FFFF_0000_FFFFL;
      x = (x | x << 8) & 0x00FF_00FF_00FF_00FFL;
      x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0FL;
      LONG.set(to, toAt + i, x);
    }
  }

  /** Reads 16-bit codes. */
  void readShorts(long row, int rows, long k, int depth, short[] lines, int line) {
    if (packed != null) {
      for (int r = 0; r < rows; r++) {
        long at = packedAt(packed, row + r);
        for (int i = 0; i < depth; i++) {
          lines[r * line + i] = packed.data().get(Codes.SHORT, (at + packedStep(k + i)) << 1);
        }
      }
      return;
    }
    Tensor from = Objects.requireNonNull(tensor);
    for (int r = 0; r < rows; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (from.unitColumnStride()) {
        MemorySegment.copy(from.data(), Codes.SHORT, at << 1, lines, r * line, depth);
      } else {
        for (int i = 0; i < depth; i++) {
          lines[r * line + i] = from.data().get(Codes.SHORT, (at + i * from.stride(1)) << 1);
        }
      }
    }
  }

  /** Reads 32-bit codes as numbers. */
  void readFloats(long row, int rows, long k, int depth, float[] lines, int linesAt, int line) {
    ElementFormat format = element();
    if (packed != null) {
      for (int r = 0; r < rows; r++) {
        long at = packedAt(packed, row + r);
        for (int i = 0; i < depth; i++) {
          int code = packed.data().get(Codes.INT, (at + packedStep(k + i)) << 2);
          lines[linesAt + r * line + i] = format.decode(code);
        }
      }
      return;
    }
    Tensor from = Objects.requireNonNull(tensor);
    for (int r = 0; r < rows; r++) {
      long at = (row + r) * from.stride(0) + k * from.stride(1);
      if (from.unitColumnStride() && PanelPacker.isFp32(format)) {
        MemorySegment.copy(from.data(), Codes.FLOAT, at << 2, lines, linesAt + r * line, depth);
      } else {
        for (int i = 0; i < depth; i++) {
          int code = from.data().get(Codes.INT, (at + i * from.stride(1)) << 2);
          lines[linesAt + r * line + i] = format.decode(code);
        }
      }
    }
  }

  // ---- packed matrices: where a row begins, and how far k lies behind

  private static long packedAt(PackedMatrix matrix, long row) {
    Packing packing = matrix.packing();
    int rows = packing.panelRows();
    return row / rows * packing.panelCodes(matrix.columns())
        + (long) packing.position((int) (row % rows)) * packing.group();
  }

  private long packedStep(long k) {
    Packing packing = Objects.requireNonNull(packed).packing();
    int group = packing.group();
    return k / group * group * packing.panelRows() + k % group;
  }

  private void readPacked(
      PackedMatrix matrix, long row, long k, int depth, byte[] lines, int lineAt) {
    Packing packing = matrix.packing();
    MemorySegment data = matrix.data();
    ElementFormat format = element();
    long at = packedAt(matrix, row);
    if (packing.group() > 1) {
      for (int i = 0; i < depth; i++) {
        lines[lineAt + i] = (byte) Codes.get(data, format, at + packedStep(k + i));
      }
      return;
    }
    long step = packing.panelRows();
    long from = at + k * step;
    if (format.storageBits() == 4) {
      // An even number of rows, as groups end with bytes: all codes of a row are in the same half.
      int shift = (int) (from & 1) << 2;
      for (int i = 0; i < depth; i++) {
        int two = data.get(ValueLayout.JAVA_BYTE, (from + i * step) >> 1);
        lines[lineAt + i] = (byte) (two >>> shift & 0xF);
      }
    } else {
      for (int i = 0; i < depth; i++) {
        lines[lineAt + i] = data.get(ValueLayout.JAVA_BYTE, from + i * step);
      }
    }
  }

  // ---- codes of columns, where rows adjoin: `depth` lines of `rows` codes

  /** Reads the codes of rows that adjoin, bytes of codes one column after the other. */
  void readColumns(long row, int rows, long k, int depth, byte[] lines, int line) {
    Tensor from = Objects.requireNonNull(tensor);
    int bytes = element().storageBits() / Byte.SIZE;
    for (int i = 0; i < depth; i++) {
      long at = (row * from.stride(0) + (k + i) * from.stride(1)) * bytes;
      MemorySegment.copy(from.data(), ValueLayout.JAVA_BYTE, at, lines, i * line, rows * bytes);
    }
  }

  /** {@return a 16-bit code in a line of bytes} */
  static short shortAt(byte[] bytes, int index) {
    return (short) SHORT.get(bytes, index << 1);
  }

  /** {@return a 32-bit code in a line of bytes} */
  static int intAt(byte[] bytes, int index) {
    return (int) INT.get(bytes, index << 2);
  }
}
