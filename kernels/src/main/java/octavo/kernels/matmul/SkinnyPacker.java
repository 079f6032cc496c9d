package octavo.kernels.matmul;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import octavo.format.ElementFormat;
import octavo.tensor.FiniteCodes;
import octavo.tensor.Tensor;

/** Packs columns of a quad of panels as {@link PanelDot} reads them. */
final class SkinnyPacker {
  /*
   * In words of 16 bits, whatever the format, packing is a transposition: four rows by four words
   * within four longs, which leave as [r, r + lanes, r + 1, r + 1 + lanes] of one word column each.
   * 32-bit numbers go two rows by two.
   *
   * Scratch memory is off-heap like most weights: a second kind of segments in the loops of PanelDot
   * would put a type check before each load.
   */

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong TO =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What PanelDot may read before a panel, and more. */
  private static final int LEAD = 64;

  private static final long ODD_WORDS = 0x0000_FFFF_0000_FFFFL;
  private static final long LOW = 0x0000_0000_FFFF_FFFFL;

  private byte[] lines = new byte[0];
  private MemorySegment packed = MemorySegment.NULL;
  private boolean finite;

  SkinnyPacker() {}

  /** {@return whether the codes packed last were all of finite numbers} */
  boolean finite() {
    return finite;
  }

  /**
   * {@return memory with the packed codes}
   *
   * @param product the product
   * @param row the first row of B
   * @param rows how many
   * @param from the first column, a whole word
   * @param to the column after the last, a whole word; may lie beyond the matrix
   * @param at where, in bytes, column 0 of each panel would be
   */
  MemorySegment pack(SkinnyProduct product, long row, int rows, int from, int to, long[] at) {
    Tensor tensor = Objects.requireNonNull(product.rowsB);
    ElementFormat format = tensor.element();
    int bits = format.storageBits();
    int panelRows = product.panelRows;
    int lineBytes = (to - from) * bits / Byte.SIZE;
    int line = (lineBytes + 7) & -8;
    int panelBytes = line * panelRows;
    int panels = Math.ceilDiv(rows, panelRows);
    lines = lines.length < panelBytes ? new byte[panelBytes] : lines;
    long size = LEAD + (long) SkinnyProduct.QUAD * panelBytes;
    if (packed.byteSize() < size) {
      packed = Arena.ofAuto().allocate(size, 64);
    }
    for (int p = 0; p < panels; p++) {
      int present = Math.min(panelRows, rows - p * panelRows);
      read(tensor, row + (long) p * panelRows, present, from, to, line);
      Arrays.fill(lines, present * line, panelBytes, (byte) 0);
      long panel = LEAD + (long) p * panelBytes;
      for (int r = 0; r < panelRows / 2; r += 2) {
        if (bits == 32) {
          pairs(lines, 2 * r * line, line, packed, panel + 8L * r, 4L * panelRows);
          pairs(lines, (2 * r + 2) * line, line, packed, panel + 8L * r + 8, 4L * panelRows);
        } else {
          words(
              lines,
              r * line,
              (r + panelRows / 2) * line,
              line,
              packed,
              panel + 4L * r,
              2L * panelRows);
        }
      }
    }
    for (int p = 0; p < SkinnyProduct.QUAD; p++) {
      long panel = LEAD + (long) Math.min(p, panels - 1) * panelBytes;
      at[p] = panel - product.lead - (long) from * bits * panelRows / Byte.SIZE;
    }
    finite =
        Objects.requireNonNull(product.weights).keepsNonFinite()
            || FiniteCodes.all(format, packed, LEAD, (long) panels * panelBytes);
    return packed;
  }

  private void read(Tensor tensor, long row, int rows, int from, int to, int line) {
    int bits = tensor.element().storageBits();
    long columns = Math.min(to, tensor.columns()) - from;
    int bytes = (int) ((columns * bits + 7) / Byte.SIZE);
    for (int r = 0; r < rows; r++) {
      long at = (row + r) * tensor.stride(0) + from;
      int start = r * line;
      MemorySegment.copy(
          tensor.data(), ValueLayout.JAVA_BYTE, at * bits / Byte.SIZE, lines, start, bytes);
      if (bytes < line) {
        Arrays.fill(lines, start + bytes, start + line, (byte) 0);
      }
      if (bits == 4 && (columns & 1) != 0) {
        // The other half of the last byte may belong to somebody else.
        lines[start + bytes - 1] &= 0x0F;
      }
    }
  }

  // ---- leaves: one loop each

  /**
   * Lines of words: r and r + 1 from {@code upper}, r + lanes and r + lanes + 1 from {@code lower}.
   */
  private static void words(
      byte[] lines, int upper, int lower, int line, MemorySegment to, long at, long step) {
    for (int i = 0; i < line; i += 8) {
      long a = (long) LONG.get(lines, upper + i);
      long b = (long) LONG.get(lines, lower + i);
      long c = (long) LONG.get(lines, upper + line + i);
      long d = (long) LONG.get(lines, lower + line + i);
      long odd = ((a >>> 16) ^ b) & ODD_WORDS;
      b ^= odd;
      a ^= odd << 16;
      odd = ((c >>> 16) ^ d) & ODD_WORDS;
      d ^= odd;
      c ^= odd << 16;
      long word = at + (i >> 1) * step;
      to.set(TO, word, (a & LOW) | c << 32);
      to.set(TO, word + step, (b & LOW) | d << 32);
      to.set(TO, word + 2 * step, a >>> 32 | (c & ~LOW));
      to.set(TO, word + 3 * step, b >>> 32 | (d & ~LOW));
    }
  }

  /** Two lines of 32-bit numbers. */
  private static void pairs(
      byte[] lines, int first, int line, MemorySegment to, long at, long step) {
    for (int i = 0; i < line; i += 8) {
      long a = (long) LONG.get(lines, first + i);
      long b = (long) LONG.get(lines, first + line + i);
      long number = at + (i >> 2) * step;
      to.set(TO, number, (a & LOW) | b << 32);
      to.set(TO, number + step, a >>> 32 | (b & ~LOW));
    }
  }
}
