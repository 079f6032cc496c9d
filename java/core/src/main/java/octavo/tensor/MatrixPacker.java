package octavo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.format.BlockFormat;

/**
 * Packs matrices and unpacks them, a panel at a time: a panel is a part that any thread may take.
 *
 * <p>Safe for use by several threads as long as each takes other panels.
 */
public final class MatrixPacker {

  private final Tensor rows;
  private final PackedMatrix packed;
  private final long rowStride;
  private final long columnStride;
  private final int[] rowAt;

  private MatrixPacker(Tensor rows, PackedMatrix packed) {
    this.rows = rows;
    this.packed = packed;
    this.rowStride = rows.stride(0);
    this.columnStride = rows.stride(1);
    this.rowAt = new int[packed.packing().panelRows()];
    for (int r = 0; r < rowAt.length; r++) {
      rowAt[packed.packing().position(r)] = r;
    }
  }

  /**
   * {@return what packs a matrix into new memory}
   *
   * @param source a matrix
   * @param packing the order of the codes
   * @param arena owns the packed matrix
   * @throws IllegalArgumentException if a group of codes of that format would end within a byte
   */
  public static MatrixPacker of(Tensor source, Packing packing, Arena arena) {
    MatrixPacker packer = new MatrixPacker(source, PackedMatrix.allocate(arena, packing, source));
    if (source.format() instanceof BlockFormat block && !PackedMatrix.scalesInPanels(block)) {
      copy(source.scales(), packer.packed.scales());
    }
    return packer;
  }

  /**
   * {@return what unpacks a matrix into new memory}
   *
   * @param source a packed matrix
   * @param arena owns the tensor
   */
  public static MatrixPacker of(PackedMatrix source, Arena arena) {
    Tensor rows = Tensor.allocate(arena, source.format(), source.rows(), source.columns());
    if (source.format() instanceof BlockFormat block) {
      if (block.tensorScale()) {
        rows.setTensorScale(source.tensorScale());
      }
      if (!PackedMatrix.scalesInPanels(block)) {
        copy(source.scales(), rows.scales());
      }
    }
    return new MatrixPacker(rows, source);
  }

  private static void copy(Tensor from, Tensor to) {
    Tensor source = from.rank() == 1 ? from : from.matrix();
    Tensor target = to.rank() == 1 ? to : to.matrix();
    long rows = source.rank() == 1 ? 1 : source.rows();
    for (long i = 0; i < rows; i++) {
      for (long k = 0; k < source.columns(); k++) {
        if (source.rank() == 1) {
          target.setCode(source.code(k), k);
        } else {
          target.setCode(source.code(i, k), i, k);
        }
      }
    }
  }

  /** {@return the packed matrix} */
  public PackedMatrix packed() {
    return packed;
  }

  /** {@return the unpacked matrix} */
  public Tensor rows() {
    return rows;
  }

  /**
   * Packs a panel, codes and scales.
   *
   * @param panel which, from 0
   */
  public void pack(long panel) {
    switch (packed.element().storageBits()) {
      case 8 -> packBytes(panel);
      case 4 -> packNibbles(panel);
      default -> packWide(panel);
    }
    if (packed.scalesInPanels()) {
      scales(panel, true);
    }
  }

  /**
   * Unpacks a panel, codes and scales.
   *
   * @param panel which, from 0
   */
  public void unpack(long panel) {
    Packing packing = packed.packing();
    long first = panel * packing.panelRows();
    long last = Math.min(packed.rows(), first + packing.panelRows());
    for (long row = first; row < last; row++) {
      for (long k = 0; k < packed.columns(); k++) {
        rows.setCode(packed.code(row, k), row, k);
      }
    }
    if (packed.scalesInPanels()) {
      scales(panel, false);
    }
  }

  private void scales(long panel, boolean pack) {
    Tensor panels = packed.scales();
    Tensor natural = rows.scales();
    int p = packed.packing().panelRows();
    long first = panel * p;
    int height = (int) Math.min(p, packed.rows() - first);
    for (int r = 0; r < height; r++) {
      for (long block = 0; block < natural.columns(); block++) {
        if (pack) {
          panels.setCode(natural.code(first + r, block), panel, block, r);
        } else {
          natural.setCode(panels.code(panel, block, r), first + r, block);
        }
      }
    }
  }

  // Memory is written in order; the rows of a panel are as many streams of reads, each of which
  // uses a cache line for as many columns as it holds.

  private void packBytes(long panel) {
    int p = rowAt.length;
    int group = packed.packing().group();
    long first = panel * p;
    long columns = packed.columns();
    MemorySegment from = rows.data();
    MemorySegment to = packed.data();
    long at = panel * packed.panelBytes();
    for (long k = 0; k < columns; k += group) {
      int width = (int) Math.min(group, columns - k);
      for (int q = 0; q < p; q++, at += group) {
        long row = first + rowAt[q];
        if (row < packed.rows()) {
          long source = row * rowStride + k * columnStride;
          for (int g = 0; g < width; g++) {
            to.set(
                ValueLayout.JAVA_BYTE,
                at + g,
                from.get(ValueLayout.JAVA_BYTE, source + g * columnStride));
          }
        }
      }
    }
  }

  private void packNibbles(long panel) {
    int p = rowAt.length;
    int group = packed.packing().group();
    long first = panel * p;
    long columns = packed.columns();
    MemorySegment to = packed.data();
    long at = panel * packed.panelBytes();
    int codes = p * group;
    for (long k = 0; k < columns; k += group) {
      for (int q = 0; q < codes; q += 2) {
        int low = nibble(first + rowAt[q / group], k + q % group);
        int high = nibble(first + rowAt[(q + 1) / group], k + (q + 1) % group);
        to.set(ValueLayout.JAVA_BYTE, at++, (byte) (high << 4 | low));
      }
    }
  }

  private int nibble(long row, long column) {
    if (row >= packed.rows() || column >= packed.columns()) {
      return 0;
    }
    long index = row * rowStride + column * columnStride;
    return rows.data().get(ValueLayout.JAVA_BYTE, index >> 1) >>> ((index & 1) << 2) & 0xF;
  }

  private void packWide(long panel) {
    int p = rowAt.length;
    int group = packed.packing().group();
    long first = panel * p;
    long columns = packed.columns();
    long at = panel * packed.packing().panelCodes(columns);
    for (long k = 0; k < columns; k += group) {
      int width = (int) Math.min(group, columns - k);
      for (int q = 0; q < p; q++, at += group) {
        long row = first + rowAt[q];
        if (row < packed.rows()) {
          long source = row * rowStride + k * columnStride;
          for (int g = 0; g < width; g++) {
            int code = Codes.get(rows.data(), packed.element(), source + g * columnStride);
            Codes.set(packed.data(), packed.element(), at + g, code);
          }
        }
      }
    }
  }
}
