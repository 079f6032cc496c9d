package octavo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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
  private final boolean transposes;
  private final boolean transposesScales;
  private final Queue<PanelTransposition> codes = new ConcurrentLinkedQueue<>();
  private final Queue<PanelTransposition> scales = new ConcurrentLinkedQueue<>();

  private MatrixPacker(Tensor rows, PackedMatrix packed) {
    this.rows = rows;
    this.packed = packed;
    this.rowStride = rows.stride(0);
    this.columnStride = rows.stride(1);
    this.rowAt = new int[packed.packing().panelRows()];
    for (int r = 0; r < rowAt.length; r++) {
      rowAt[packed.packing().position(r)] = r;
    }
    this.transposes =
        columnStride == 1
            && rowStride * packed.element().storageBits() % Byte.SIZE == 0
            && PanelTransposition.takes(unitBits(), rowAt.length);
    this.transposesScales = packed.scalesInPanels() && takesScales(rows.scales(), packed.scales());
  }

  /** {@return the bits of the codes that stay together} */
  private long unitBits() {
    return (long) packed.packing().group() * packed.element().storageBits();
  }

  private static boolean takesScales(Tensor natural, Tensor panels) {
    int rows = (int) panels.shape()[2];
    return natural.stride(1) == 1
        && panels.stride(2) == 1
        && panels.stride(1) == rows
        && panels.stride(0) == rows * natural.columns()
        && PanelTransposition.takes(natural.element().storageBits(), rows);
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
    if (transposes) {
      transpose(panel, true);
    } else if (packed.element().storageBits() == 4) {
      packNibbles(panel);
    } else {
      packWide(panel);
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
    if (transposes) {
      transpose(panel, false);
    } else {
      long first = panel * rowAt.length;
      for (long row = first; row < first + height(panel); row++) {
        for (long k = 0; k < packed.columns(); k++) {
          rows.setCode(packed.code(row, k), row, k);
        }
      }
    }
    if (packed.scalesInPanels()) {
      scales(panel, false);
    }
  }

  /** {@return how many rows of a panel there are} */
  private int height(long panel) {
    return (int) Math.min(rowAt.length, packed.rows() - panel * rowAt.length);
  }

  private void transpose(long panel, boolean pack) {
    int bits = packed.element().storageBits();
    long step = rowStride * bits / Byte.SIZE;
    long at = panel * rowAt.length * step;
    long bytes = Math.ceilDiv(packed.columns() * bits, (long) Byte.SIZE);
    long panelAt = panel * packed.panelBytes();
    PanelTransposition known = codes.poll();
    PanelTransposition its =
        known != null ? known : new PanelTransposition((int) (unitBits() / Byte.SIZE), rowAt);
    if (pack) {
      int lastBits = packed.columns() * bits % Byte.SIZE == 0 ? 0xFF : 0x0F;
      its.pack(rows.data(), at, step, bytes, lastBits, height(panel), packed.data(), panelAt);
    } else {
      its.unpack(packed.data(), panelAt, bytes, height(panel), rows.data(), at, step);
    }
    codes.add(its);
  }

  private void transposeScales(long panel, boolean pack) {
    Tensor natural = rows.scales();
    Tensor panels = packed.scales();
    int unit = natural.element().storageBits() / Byte.SIZE;
    long step = natural.stride(0) * unit;
    long at = panel * rowAt.length * step;
    long bytes = natural.columns() * unit;
    long panelAt = panel * rowAt.length * bytes;
    PanelTransposition known = scales.poll();
    PanelTransposition its = known != null ? known : new PanelTransposition(unit, natural());
    if (pack) {
      its.pack(natural.data(), at, step, bytes, 0xFF, height(panel), panels.data(), panelAt);
    } else {
      its.unpack(panels.data(), panelAt, bytes, height(panel), natural.data(), at, step);
    }
    scales.add(its);
  }

  /** {@return the order of a panel's scales, that of its rows} */
  private int[] natural() {
    int[] order = new int[rowAt.length];
    Arrays.setAll(order, r -> r);
    return order;
  }

  private void scales(long panel, boolean pack) {
    if (transposesScales) {
      transposeScales(panel, pack);
      return;
    }
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

  // Columns that do not adjoin, and groups that are no unit of whole bytes: one code at a time.

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
