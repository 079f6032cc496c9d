package octavo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import org.jspecify.annotations.Nullable;

/**
 * A matrix of weights in the order in which a kernel reads them: packed once, multiplied often. The
 * codes are those of the tensor it was packed from, in as many bytes; only their order differs, as
 * {@link Packing} states it.
 *
 * <p><b>Layout.</b> {@link #data} holds the panels one after the other, each {@link #panelBytes}
 * long; codes lie in a panel as in a tensor, four-bit ones in pairs. Rows and columns that fill up
 * the last panel and the last group have code 0 and are no part of the matrix. Scales that change
 * along rows and belong to one row each (MX, NVFP4, 1 x 128) are a tensor {@code [panels, blocks,
 * panelRows]}, rows in their natural order, those of padding with code 0; all other scales are a
 * tensor as in {@link Tensor}.
 *
 * <p>Lifetime and threads are as in {@link Tensor}: a view of memory that an arena owns, itself
 * immutable.
 */
public final class PackedMatrix {

  private static final long ALIGNMENT = 64;

  private final Format format;
  private final ElementFormat element;
  private final Packing packing;
  private final long rows;
  private final long columns;
  private final MemorySegment data;
  private final @Nullable Tensor scales;
  private final float tensorScale;
  private final Storage storage;

  // Found out when first asked for. Racing threads find the same.
  private @Nullable Boolean finite;

  private PackedMatrix(
      Format format,
      Packing packing,
      long rows,
      long columns,
      MemorySegment data,
      @Nullable Tensor scales,
      float tensorScale) {
    this.format = format;
    this.element = format.element();
    this.packing = packing;
    this.rows = rows;
    this.columns = columns;
    this.data = data;
    this.scales = scales;
    this.tensorScale = tensorScale;
    Storage codes = Storage.of(data);
    this.storage = scales == null ? codes : codes.and(scales.storage());
  }

  /**
   * {@return a packed matrix over existing memory}
   *
   * @param format any format
   * @param packing the order of the codes
   * @param rows the rows of the matrix
   * @param columns its columns
   * @param data exactly the panels
   * @param scales the scales as the class comment states them; {@code null} in element formats
   * @param tensorScale the factor of the whole tensor; 1 in formats without one
   * @throws IllegalArgumentException if sizes, shapes or formats do not fit together
   */
  public static PackedMatrix of(
      Format format,
      Packing packing,
      long rows,
      long columns,
      MemorySegment data,
      @Nullable Tensor scales,
      float tensorScale) {
    long[] shape = Shape.checked(new long[] {rows, columns});
    long bytes = byteSize(format, packing, shape);
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "segment of %d bytes; %s %s, %s, needs %d"
              .formatted(data.byteSize(), format, Arrays.toString(shape), packing, bytes));
    }
    if (format instanceof BlockFormat block) {
      Shape.checkBlocks(block, shape);
      long[] needed = scaleShape(block, packing, shape);
      if (scales == null
          || !scales.format().equals(block.scale())
          || !Arrays.equals(scales.shape(), needed)) {
        throw new IllegalArgumentException(
            "scales are %s; %s %s, %s, needs %s %s"
                .formatted(
                    scales,
                    format,
                    Arrays.toString(shape),
                    packing,
                    block.scale(),
                    Arrays.toString(needed)));
      }
    } else if (scales != null) {
      throw new IllegalArgumentException(
          "%s has no scales, but %s is given".formatted(format, scales));
    }
    return new PackedMatrix(format, packing, rows, columns, data, scales, tensorScale);
  }

  /**
   * {@return an empty packed matrix in memory of an arena, for {@link MatrixPacker} to fill}
   *
   * @param arena owns the memory
   * @param packing the order of the codes
   * @param source the matrix that will be packed
   */
  static PackedMatrix allocate(Arena arena, Packing packing, Tensor source) {
    long[] shape = {source.rows(), source.columns()};
    long bytes = byteSize(source.format(), packing, shape);
    MemorySegment data = arena.allocate(Math.max(bytes, 1), ALIGNMENT).asSlice(0, bytes);
    Tensor scales =
        source.format() instanceof BlockFormat block
            ? Tensor.allocate(arena, block.scale(), scaleShape(block, packing, shape))
            : null;
    return new PackedMatrix(
        source.format(), packing, shape[0], shape[1], data, scales, source.tensorScale());
  }

  /**
   * {@return the bytes that the codes of a matrix take}
   *
   * @throws IllegalArgumentException if there is no such matrix
   */
  static long dataBytes(Format format, Packing packing, long rows, long columns) {
    return byteSize(format, packing, Shape.checked(new long[] {rows, columns}));
  }

  /**
   * {@return a tensor over the scales of a matrix}
   *
   * @param memory begins with the scales
   * @throws IllegalArgumentException if there is no such matrix
   * @throws IndexOutOfBoundsException if the memory is too small
   */
  static Tensor scales(
      BlockFormat format, Packing packing, long rows, long columns, MemorySegment memory) {
    long[] shape = Shape.checked(new long[] {rows, columns});
    Shape.checkBlocks(format, shape);
    long[] scales = scaleShape(format, packing, shape);
    long[] strides = Shape.strides(scales, Shape.rowUnit(format.scale()));
    long bytes = Shape.byteSize(format.scale(), scales, strides);
    return Tensor.of(format.scale(), memory.asSlice(0, bytes), scales);
  }

  private static long byteSize(Format format, Packing packing, long[] shape) {
    long codes = packing.panelCodes(1);
    if (codes * format.element().storageBits() % 8 != 0) {
      throw new IllegalArgumentException(
          "%s: a group of %d codes of %s ends within a byte; take an even number of rows or columns"
              .formatted(packing, codes, format));
    }
    try {
      return Codes.byteSize(
          format.element(),
          Math.multiplyExact(packing.panelCodes(shape[1]), packing.panels(shape[0])));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "%s %s, %s, has more than 2^63 bytes".formatted(format, Arrays.toString(shape), packing),
          e);
    }
  }

  /** {@return the dimensions of the scales} */
  private static long[] scaleShape(BlockFormat format, Packing packing, long[] shape) {
    return scalesInPanels(format)
        ? new long[] {packing.panels(shape[0]), format.scaleColumns(shape[1]), packing.panelRows()}
        : Shape.scaleShape(format, shape);
  }

  /** {@return whether scales are packed with the rows} */
  static boolean scalesInPanels(BlockFormat format) {
    return format.scalesWithinRow() && format.blockRows() == 1;
  }

  /** {@return the format} */
  public Format format() {
    return format;
  }

  /** {@return the format of the codes} */
  public ElementFormat element() {
    return element;
  }

  /** {@return the order of the codes} */
  public Packing packing() {
    return packing;
  }

  /** {@return the rows of the matrix, padding not counted} */
  public long rows() {
    return rows;
  }

  /** {@return the columns of the matrix, padding not counted} */
  public long columns() {
    return columns;
  }

  /** {@return the number of panels} */
  public long panels() {
    return packing.panels(rows);
  }

  /** {@return the bytes from one panel to the next} */
  public long panelBytes() {
    return Codes.byteSize(element, packing.panelCodes(columns));
  }

  /** {@return the codes, panel by panel} */
  public MemorySegment data() {
    return data;
  }

  /**
   * {@return whether no code stands for NaN or infinity}; scales do not count
   *
   * <p>The first call reads all codes, later ones remember. Kernels ask, to leave such codes out of
   * consideration in their loops.
   */
  public boolean finite() {
    Boolean known = finite;
    if (known == null) {
      known = FiniteCodes.all(element, data, 0, data.byteSize());
      finite = known;
    }
    return known;
  }

  /** {@return what keeps codes and scales alive} */
  public Storage storage() {
    return storage;
  }

  /** {@return whether codes or scales lie in an arena that only one thread may use} */
  public boolean confined() {
    return Storage.of(data) == Storage.CONFINED || (scales != null && scales.confined());
  }

  /** {@return whether the scales are {@code [panels, blocks, panelRows]}} */
  public boolean scalesInPanels() {
    return format instanceof BlockFormat block && scalesInPanels(block);
  }

  /**
   * {@return the scales}, in the shape that the class comment states
   *
   * @throws UnsupportedOperationException if the format is no block format
   */
  public Tensor scales() {
    if (scales == null) {
      throw new UnsupportedOperationException(format + " has no scales");
    }
    return scales;
  }

  /** {@return whether the format has scales} */
  boolean hasScales() {
    return scales != null;
  }

  /** {@return the factor of the whole tensor: 1 in formats without one} */
  public float tensorScale() {
    return tensorScale;
  }

  /** {@return the bytes that codes, scales and tensor scale take, padding included} */
  public long byteSize() {
    return data.byteSize()
        + (scales == null ? 0 : scales.byteSize())
        + (format instanceof BlockFormat block && block.tensorScale() ? Float.BYTES : 0);
  }

  /**
   * {@return an element's code}
   *
   * @param row its row
   * @param column its column
   * @throws IndexOutOfBoundsException if an index is not within the matrix
   */
  public int code(long row, long column) {
    Objects.checkIndex(row, rows);
    Objects.checkIndex(column, columns);
    int p = packing.panelRows();
    int g = packing.group();
    long index =
        row / p * packing.panelCodes(columns)
            + column / g * p * g
            + (long) packing.position((int) (row % p)) * g
            + column % g;
    return Codes.get(data, element, index);
  }

  /**
   * {@return the block scale that applies to an element}, without the tensor scale; 1 in formats
   * without scales
   *
   * @param row its row
   * @param column its column
   * @throws IndexOutOfBoundsException if an index is not within the matrix
   */
  public float scale(long row, long column) {
    Objects.checkIndex(row, rows);
    Objects.checkIndex(column, columns);
    return format instanceof BlockFormat block && block.scalesWithinRow()
        ? blockScale(block, row, column / block.blockColumns())
        : rowScale(row);
  }

  /**
   * {@return the number at an index}: the decoded element, times its scale in block formats
   *
   * @param row its row
   * @param column its column
   * @throws IndexOutOfBoundsException if an index is not within the matrix
   */
  public float get(long row, long column) {
    float value = element.decode(code(row, column));
    return format instanceof BlockFormat ? value * (scale(row, column) * tensorScale) : value;
  }

  /**
   * {@return the factor that applies to the results of a row at the end}: its row or tensor scale
   * if scales do not change along rows, times {@link #tensorScale}
   *
   * @param row the row
   */
  public float endFactor(long row) {
    Objects.checkIndex(row, rows);
    boolean within = format instanceof BlockFormat block && block.scalesWithinRow();
    return (within ? 1.0f : rowScale(row)) * tensorScale;
  }

  private float rowScale(long row) {
    if (!(format instanceof BlockFormat block)) {
      return 1.0f;
    }
    return block.blockRows() == BlockFormat.WHOLE ? scales().get(0) : scales().get(row, 0);
  }

  private float blockScale(BlockFormat block, long row, long blockColumn) {
    int p = packing.panelRows();
    return scalesInPanels(block)
        ? scales().get(row / p, blockColumn, row % p)
        : scales().get(row / block.blockRows(), blockColumn);
  }

  /** {@return format, shape and packing, such as {@code MXFP4 [4096, 4096] packed 64/4/1}} */
  @Override
  public String toString() {
    return "%s [%d, %d] %s".formatted(format, rows, columns, packing);
  }
}
