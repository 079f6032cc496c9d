package octavo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.jspecify.annotations.Nullable;

/**
 * An n-dimensional array of numbers in some {@link Format}, in a {@link MemorySegment}.
 *
 * <p>A tensor is a <em>view</em>: it says how to read memory that an {@link Arena}, a mapped file
 * or a Java array owns. {@linkplain #slice Slices}, {@linkplain #transpose transposes} and
 * {@linkplain #reshape reshapes} share that memory; nothing here copies, except where the name says
 * so. Sizes and indices are {@code long}: tensors beyond 2 GiB are ordinary.
 *
 * <p>
 *
 * {@snippet :
 * try (Arena arena = Arena.ofConfined()) {
 *   Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3); // on the heap
 *   Tensor w = Tensor.allocate(arena, Formats.MXFP4, 4096, 4096); // codes and scales, off-heap
 *   Tensor head = w.slice(0, 0, 128); // its first 128 rows
 * }
 * }
 *
 * <p><b>Layout.</b> Elements are row-major codes, little endian. Four-bit codes are packed two to a
 * byte, the even column in the low half; every row starts on a byte. In a {@link BlockFormat} the
 * scales are a tensor of their own, {@link #scales()}, of shape {@code [..., ceil(rows/blockRows),
 * ceil(columns/blockColumns)]} (a {@link BlockFormat#WHOLE} dimension has one; {@code WHOLE x
 * WHOLE} has shape {@code [1]}), and {@link #tensorScale()} is one more factor where the format has
 * it. A tensor of rank 1 counts as a single row.
 *
 * <p><b>Lifetime and threads.</b> A tensor lives as long as its memory: using one whose arena is
 * closed gives the JDK's {@link IllegalStateException}, using one of a confined arena from another
 * thread its {@link WrongThreadException}. The view itself is immutable and may be shared; the
 * numbers in it are plain memory.
 */
public final class Tensor {

  private static final long ALIGNMENT = 64;
  private static final int MAX_VIEWS = 1 << 16;

  final Format format;
  final ElementFormat element;
  final long[] shape;
  final long[] strides;
  final MemorySegment data;
  final @Nullable Tensor scales;
  final @Nullable MemorySegment tensorScale;
  private final Storage storage;
  private final boolean confined;

  // Kept so that calls on tensors of other ranks allocate once only. Racing threads make equal
  // views.
  private @Nullable Tensor matrix;
  private @Nullable Tensor @Nullable [] matrices;

  Tensor(
      Format format,
      long[] shape,
      long[] strides,
      MemorySegment data,
      @Nullable Tensor scales,
      @Nullable MemorySegment tensorScale) {
    this.format = format;
    this.element = format.element();
    this.shape = shape;
    this.strides = strides;
    this.data = data;
    this.scales = scales;
    this.tensorScale = tensorScale;
    Storage codes = Storage.of(data);
    this.storage = scales == null ? codes : codes.and(scales.storage);
    this.confined = codes == Storage.CONFINED || (scales != null && scales.confined);
  }

  // ---- making tensors

  /**
   * {@return a tensor of zeros in memory of an arena}, aligned to 64 bytes
   *
   * <p>In a block format the zeros have scale code 0, and the tensor scale is 1.
   *
   * @param arena owns the memory
   * @param format any format
   * @param shape the dimensions, 1 to 8 of them
   * @throws IllegalArgumentException if a dimension is negative, the size exceeds {@code long}, or
   *     the last dimension is no whole number of blocks in a format that demands it
   * @throws OutOfMemoryError if the memory is not to be had
   */
  public static Tensor allocate(Arena arena, Format format, long... shape) {
    return create(bytes -> arena.allocate(Math.max(bytes, 1), ALIGNMENT), format, shape);
  }

  /**
   * {@return a tensor of zeros in Java arrays}, for data of at most 2 GiB that the garbage
   * collector shall own; native kernels prefer off-heap memory
   *
   * @param format any format
   * @param shape the dimensions, 1 to 8 of them
   * @throws IllegalArgumentException as for {@link #allocate}, or beyond the size of an array
   */
  public static Tensor allocateHeap(Format format, long... shape) {
    return create(
        bytes -> {
          if (bytes > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                "%d bytes exceed a Java array (%d); allocate the tensor in an Arena"
                    .formatted(bytes, Integer.MAX_VALUE - 8));
          }
          return MemorySegment.ofArray(new byte[(int) bytes]);
        },
        format,
        shape);
  }

  private interface Allocator {
    MemorySegment allocate(long bytes);
  }

  private static Tensor create(Allocator allocator, Format format, long... shape) {
    long[] checked = Shape.checked(shape);
    long[] strides = Shape.strides(checked, Shape.rowUnit(format.element()));
    long bytes = Shape.byteSize(format.element(), checked, strides);
    MemorySegment data = allocator.allocate(bytes).asSlice(0, bytes);
    Tensor scales = null;
    MemorySegment tensorScale = null;
    if (format instanceof BlockFormat block) {
      Shape.checkBlocks(block, checked);
      scales = create(allocator, block.scale(), Shape.scaleShape(block, checked));
      if (block.tensorScale()) {
        tensorScale = allocator.allocate(Float.BYTES).asSlice(0, Float.BYTES);
        tensorScale.set(Codes.FLOAT, 0, 1.0f);
      }
    }
    return new Tensor(format, checked, strides, data, scales, tensorScale);
  }

  /**
   * {@return an FP32 tensor over a Java array}, which it shares
   *
   * @param values the numbers, row-major
   * @param shape the dimensions
   * @throws IllegalArgumentException if the shape does not have as many elements as the array
   */
  public static Tensor of(float[] values, long... shape) {
    return of(Formats.FP32, MemorySegment.ofArray(values), shape);
  }

  /**
   * {@return a tensor over existing codes}
   *
   * @param format an element format; for block formats see {@link #ofBlocks}
   * @param data exactly the codes, row-major, each row starting on a byte
   * @param shape the dimensions
   * @throws IllegalArgumentException if the segment's size is not that of the codes
   */
  public static Tensor of(ElementFormat format, MemorySegment data, long... shape) {
    long[] checked = Shape.checked(shape);
    long[] strides = Shape.strides(checked, Shape.rowUnit(format));
    checkSize(format, checked, strides, data);
    return new Tensor(format, checked, strides, data, null, null);
  }

  /**
   * {@return a block tensor over existing codes and scales}
   *
   * @param format the block format
   * @param data exactly the element codes, row-major
   * @param scales the scales, in the format and shape that the class comment states
   * @param tensorScale a segment holding one FP32 number where the format has a tensor scale, else
   *     ignored; {@link MemorySegment#NULL} stands for a factor of 1
   * @param shape the dimensions
   * @throws IllegalArgumentException if sizes, shapes or formats do not fit together
   */
  public static Tensor ofBlocks(
      BlockFormat format,
      MemorySegment data,
      Tensor scales,
      MemorySegment tensorScale,
      long... shape) {
    long[] checked = Shape.checked(shape);
    long[] strides = Shape.strides(checked, Shape.rowUnit(format.element()));
    Shape.checkBlocks(format, checked);
    checkSize(format.element(), checked, strides, data);
    long[] needed = Shape.scaleShape(format, checked);
    if (!scales.format.equals(format.scale()) || !Arrays.equals(scales.shape, needed)) {
      throw new IllegalArgumentException(
          "scales are %s %s; %s %s needs %s %s"
              .formatted(
                  scales.format,
                  Arrays.toString(scales.shape),
                  format,
                  Arrays.toString(shape),
                  format.scale(),
                  Arrays.toString(needed)));
    }
    MemorySegment factor = null;
    if (format.tensorScale()) {
      factor = tensorScale;
      if (tensorScale.equals(MemorySegment.NULL)) {
        factor = MemorySegment.ofArray(new float[] {1.0f});
      } else if (tensorScale.byteSize() != Float.BYTES) {
        throw new IllegalArgumentException(
            "the tensor scale is %d bytes; one FP32 number has 4"
                .formatted(tensorScale.byteSize()));
      }
    }
    return new Tensor(format, checked, strides, data, scales, factor);
  }

  private static void checkSize(
      ElementFormat format, long[] shape, long[] strides, MemorySegment data) {
    long needed = Shape.byteSize(format, shape, strides);
    if (data.byteSize() != needed) {
      throw new IllegalArgumentException(
          "segment of %d bytes; %s %s needs %d"
              .formatted(data.byteSize(), format, Arrays.toString(shape), needed));
    }
  }

  // ---- what a tensor is

  /** {@return the format} */
  public Format format() {
    return format;
  }

  /** {@return the format of the codes in {@link #data()}} */
  public ElementFormat element() {
    return element;
  }

  /** {@return the number of dimensions} */
  public int rank() {
    return shape.length;
  }

  /** {@return a copy of the dimensions} */
  public long[] shape() {
    return shape.clone();
  }

  /**
   * {@return one dimension}
   *
   * @param d its position, from 0
   */
  public long dimension(int d) {
    return shape[Objects.checkIndex(d, shape.length)];
  }

  /** {@return the number of elements} */
  public long size() {
    return Shape.size(shape);
  }

  /** {@return the length of the last dimension} */
  public long columns() {
    return shape[shape.length - 1];
  }

  /** {@return the number of rows: the product of all dimensions but the last} */
  public long rows() {
    long rows = 1;
    for (int d = 0; d < shape.length - 1; d++) {
      rows *= shape[d];
    }
    return rows;
  }

  /**
   * {@return the distance between neighbours along a dimension, in elements}
   *
   * @param d the dimension's position, from 0
   */
  public long stride(int d) {
    return strides[Objects.checkIndex(d, strides.length)];
  }

  /** {@return the memory of the codes, from the first element on} */
  public MemorySegment data() {
    return data;
  }

  /** {@return what keeps codes and scales alive} */
  public Storage storage() {
    return storage;
  }

  /** {@return whether codes or scales lie in an arena that only one thread may use} */
  public boolean confined() {
    return confined;
  }

  /**
   * {@return whether another tensor has the same dimensions}
   *
   * @param other another tensor
   */
  public boolean sameShape(Tensor other) {
    return Arrays.equals(shape, other.shape);
  }

  /**
   * {@return the scales}
   *
   * @throws UnsupportedOperationException if the format is no block format
   */
  public Tensor scales() {
    if (scales == null) {
      throw new UnsupportedOperationException(format + " has no scales");
    }
    return scales;
  }

  /** {@return the factor of the whole tensor: 1 in formats without one} */
  public float tensorScale() {
    return tensorScale == null ? 1.0f : tensorScale.get(Codes.FLOAT, 0);
  }

  /**
   * Sets the factor of the whole tensor, also for every view of it.
   *
   * @param value the factor
   * @throws UnsupportedOperationException if the format has none
   */
  public void setTensorScale(float value) {
    if (tensorScale == null) {
      throw new UnsupportedOperationException(format + " has no tensor scale");
    }
    tensorScale.set(Codes.FLOAT, 0, value);
  }

  /** {@return whether neighbouring columns are neighbours in memory, and so are their scales} */
  public boolean unitColumnStride() {
    return (strides[strides.length - 1] == 1 || columns() <= 1)
        && (scales == null || scales.unitColumnStride());
  }

  /** {@return the bytes that codes, scales and tensor scale take, gaps between rows included} */
  public long byteSize() {
    return Codes.byteSize(element, Shape.extent(shape, strides))
        + (scales == null ? 0 : scales.byteSize())
        + (tensorScale == null ? 0 : Float.BYTES);
  }

  // ---- views

  /**
   * {@return the part of this tensor between two indices of one dimension}
   *
   * <p>Scales that span a {@link BlockFormat#WHOLE} dimension, and the tensor scale, are shared
   * with what lies outside the slice: quantizing into such a slice changes the numbers out there.
   * Where that matters, quantize whole rows or whole tensors.
   *
   * @param d the dimension's position, from 0
   * @param from the first index, inclusive
   * @param to the last index, exclusive
   * @throws IndexOutOfBoundsException if the range is not within the dimension
   * @throws IllegalArgumentException if the range would cut a block, or a byte of two codes
   */
  public Tensor slice(int d, long from, long to) {
    return Views.slice(this, d, from, to);
  }

  /**
   * {@return this matrix with rows and columns exchanged}
   *
   * @throws IllegalArgumentException if this is no matrix, has scales, or packs two codes to a byte
   */
  public Tensor transpose() {
    return Views.transpose(this);
  }

  /**
   * {@return the same elements in the same order with other dimensions}
   *
   * @param dimensions the new dimensions
   * @throws IllegalArgumentException if the number of elements differs, or the elements are not
   *     consecutive in memory, or a block format's last dimension changes
   */
  public Tensor reshape(long... dimensions) {
    return Views.reshape(this, dimensions);
  }

  /**
   * {@return this tensor as a matrix of {@link #rows()} by {@link #columns()}}; this tensor itself
   * if it has rank 2
   *
   * @throws IllegalArgumentException if its rows do not lie at equal distances
   */
  public Tensor matrix() {
    if (rank() == 2) {
      return this;
    }
    Tensor view = matrix;
    if (view == null) {
      view = Views.matrix(this);
      matrix = view;
    }
    return view;
  }

  /** {@return the number of matrices: the product of all dimensions but the last two} */
  public long matrices() {
    long count = 1;
    for (int d = 0; d < shape.length - 2; d++) {
      count *= shape[d];
    }
    return count;
  }

  /**
   * {@return one of the matrices that the last two dimensions form}
   *
   * @param index its row-major position among {@link #matrices()}
   * @throws IndexOutOfBoundsException if there are not so many
   */
  public Tensor matrix(long index) {
    Objects.checkIndex(index, matrices());
    if (rank() <= 2) {
      return matrix();
    }
    @Nullable Tensor[] views = matrices;
    if (views == null) {
      views = new Tensor[(int) Math.min(matrices(), MAX_VIEWS)];
      matrices = views;
    }
    if (index >= views.length) {
      return Views.matrix(this, index);
    }
    Tensor view = views[(int) index];
    if (view == null) {
      view = Views.matrix(this, index);
      views[(int) index] = view;
    }
    return view;
  }

  // ---- single elements

  /**
   * {@return an element's code}
   *
   * @param index one index per dimension
   * @throws IndexOutOfBoundsException if an index is not within its dimension
   */
  public int code(long... index) {
    return Codes.get(data, element, offset(index));
  }

  /**
   * Writes an element's code; scales stay as they are.
   *
   * @param code the code in the low bits
   * @param index one index per dimension
   * @throws IndexOutOfBoundsException if an index is not within its dimension
   */
  public void setCode(int code, long... index) {
    Codes.set(data, element, offset(index), code);
  }

  /**
   * {@return the number at an index}: the decoded element, times its scale in block formats
   *
   * @param index one index per dimension
   * @throws IndexOutOfBoundsException if an index is not within its dimension
   */
  public float get(long... index) {
    float value = element.decode(code(index));
    return format instanceof BlockFormat ? value * (scale(index) * tensorScale()) : value;
  }

  /**
   * {@return the block scale that applies to an element}, without the tensor scale; 1 in formats
   * without scales
   *
   * @param index one index per dimension
   * @throws IndexOutOfBoundsException if an index is not within its dimension
   */
  public float scale(long... index) {
    offset(index); // For its checks: a scale may be shared beyond the last element.
    if (!(format instanceof BlockFormat block)) {
      return 1.0f;
    }
    if (block.blockRows() == BlockFormat.WHOLE) {
      return scales().get(0);
    }
    long[] at = index.clone();
    int last = at.length - 1;
    at[last] = block.scalesWithinRow() ? at[last] / block.blockColumns() : 0;
    if (last > 0) {
      at[last - 1] /= block.blockRows();
    }
    return scales().get(at);
  }

  private long offset(long... index) {
    if (index.length != shape.length) {
      throw new IndexOutOfBoundsException("%d indices for %s".formatted(index.length, this));
    }
    long offset = 0;
    for (int d = 0; d < index.length; d++) {
      offset += Objects.checkIndex(index[d], shape[d]) * strides[d];
    }
    return offset;
  }

  /** {@return the numbers of this tensor in row-major order, copied to a Java array} */
  public float[] toArray() {
    long size = size();
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "%s has more elements than a Java array; take slices of it".formatted(this));
    }
    float[] values = new float[(int) size];
    long[] index = new long[shape.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = get(index);
      for (int d = shape.length - 1; d >= 0 && ++index[d] == shape[d]; d--) {
        index[d] = 0;
      }
    }
    return values;
  }

  /**
   * {@return whether this tensor and another share memory}, codes or scales
   *
   * @param other another tensor
   */
  public boolean overlaps(Tensor other) {
    return overlap(data, other.data)
        || (scales != null && scales.overlaps(other))
        || (other.scales != null && overlaps(other.scales));
  }

  /**
   * {@return whether this tensor and a packed matrix share memory}, codes or scales
   *
   * @param other a packed matrix
   */
  public boolean overlaps(PackedMatrix other) {
    return overlap(data, other.data())
        || (scales != null && scales.overlaps(other))
        || (other.hasScales() && overlaps(other.scales()));
  }

  /**
   * {@return whether this tensor, codes or scales, and a sparse matrix, values or tags, share
   * memory}
   *
   * @param other a sparse matrix
   */
  public boolean overlaps(SparseMatrix other) {
    return overlap(data, other.tags())
        || (scales != null && scales.overlaps(other))
        || overlaps(other.values());
  }

  /**
   * {@return whether another tensor is a view of the same elements: format, dimensions, memory}
   *
   * @param other another tensor
   */
  public boolean sameView(Tensor other) {
    return format.equals(other.format)
        && sameShape(other)
        && Arrays.equals(strides, other.strides)
        && data.heapBase().equals(other.data.heapBase())
        && data.address() == other.data.address();
  }

  private static boolean overlap(MemorySegment a, MemorySegment b) {
    if (a.byteSize() == 0 || b.byteSize() == 0) {
      return false;
    }
    if (a.isNative() && b.isNative()) {
      return a.address() < b.address() + b.byteSize() && b.address() < a.address() + a.byteSize();
    }
    return a.asOverlappingSlice(b).isPresent();
  }

  /** {@return format and shape, such as {@code MXFP4 [4096, 4096]}} */
  @Override
  public String toString() {
    return format + " " + Arrays.toString(shape);
  }
}
