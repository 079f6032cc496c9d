package octavo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Sparsity;

/**
 * A matrix of which only a fixed number of elements of every group is stored, with their positions.
 *
 * <p>{@link #values} is {@code [rows, columns / group * kept]}: of each group the kept elements in
 * the order of their columns. {@link #tags} has for each of them its position within its group in
 * four bits, four to a little-endian 16-bit word, the first in the lowest bits, every row beginning
 * with a new word: {@code [rows, ceil(columns / group * kept / 4)]} words. That is the tag layout
 * that the AWS Neuron SDK documents for Trainium 2 (architecture guide, structured sparsity), with
 * rows here where the device has partitions.
 *
 * <p>Immutable as {@link Tensor} is: a view of memory that an arena owns.
 */
public final class SparseMatrix {

  private static final int TAGS_PER_WORD = 4;

  private final Sparsity sparsity;
  private final Tensor values;
  private final MemorySegment tags;
  private final long columns;
  private final long tagRowBytes;

  private SparseMatrix(Sparsity sparsity, Tensor values, MemorySegment tags, long columns) {
    this.sparsity = sparsity;
    this.values = values;
    this.tags = tags;
    this.columns = columns;
    this.tagRowBytes = tagRowBytes(values.columns());
  }

  private static long tagRowBytes(long kept) {
    return Math.ceilDiv(kept, (long) TAGS_PER_WORD) * Short.BYTES;
  }

  /**
   * {@return a sparse matrix over existing values and tags}
   *
   * @param sparsity the pattern
   * @param values the kept elements, as the class comment states them
   * @param tags exactly their positions
   * @throws IllegalArgumentException if sizes do not fit together, the format has scales, or a
   *     position lies beyond its group or not behind the one before
   */
  public static SparseMatrix of(Sparsity sparsity, Tensor values, MemorySegment tags) {
    checkFormat(values);
    if (values.columns() % sparsity.kept() != 0) {
      throw new IllegalArgumentException(
          "values are %s; rows of %s hold multiples of %d"
              .formatted(values, sparsity, sparsity.kept()));
    }
    long columns = values.columns() / sparsity.kept() * sparsity.group();
    SparseMatrix matrix = new SparseMatrix(sparsity, values, tags, columns);
    if (tags.byteSize() != matrix.rows() * matrix.tagRowBytes) {
      throw new IllegalArgumentException(
          "tags take %d bytes; %s values in %s need %d"
              .formatted(tags.byteSize(), values, sparsity, matrix.rows() * matrix.tagRowBytes));
    }
    for (long row = 0; row < matrix.rows(); row++) {
      int before = -1;
      for (long i = 0; i < values.columns(); i++) {
        int tag = matrix.tag(row, i);
        before = i % sparsity.kept() == 0 ? -1 : before;
        if (tag <= before || tag >= sparsity.group()) {
          throw new IllegalArgumentException(
              "tag %d of row %d is %d; positions in a group of %s ascend and are below %d"
                  .formatted(i, row, tag, sparsity, sparsity.group()));
        }
        before = tag;
      }
    }
    return matrix;
  }

  /**
   * {@return the matrix with all but the largest magnitudes of each group set to zero}; of equal
   * ones the first stays, and NaN counts as larger than any number
   *
   * @param dense a matrix in an element format, its columns a multiple of the group
   * @param sparsity the pattern
   * @param arena owns the result
   * @throws IllegalArgumentException if the format has scales or no zero, or the columns are no
   *     multiple of the group
   */
  public static Tensor prune(Tensor dense, Sparsity sparsity, Arena arena) {
    check(dense, sparsity);
    Tensor pruned = Tensor.allocate(arena, dense.format(), dense.rows(), dense.columns());
    int[] codes = new int[sparsity.group()];
    for (long row = 0; row < dense.rows(); row++) {
      for (long from = 0; from < dense.columns(); from += sparsity.group()) {
        for (int g = 0; g < codes.length; g++) {
          codes[g] = dense.code(row, from + g);
        }
        for (int kept = 0; kept < sparsity.kept(); kept++) {
          int best = largest(dense.element(), codes);
          if (isZero(dense.element(), codes[best])) {
            break;
          }
          pruned.setCode(codes[best], row, from + best);
          codes[best] = 0;
        }
      }
    }
    return pruned;
  }

  private static int largest(ElementFormat format, int[] codes) {
    int best = 0;
    float most = -1;
    for (int g = 0; g < codes.length; g++) {
      float magnitude = Math.abs(format.decode(codes[g]));
      if (magnitude > most || (Float.isNaN(magnitude) && !Float.isNaN(most))) {
        best = g;
        most = magnitude;
      }
    }
    return best;
  }

  /**
   * {@return a matrix without its zeros}; where a group has fewer elements than are kept, its first
   * zeros are kept too
   *
   * @param pruned a matrix in an element format, its columns a multiple of the group
   * @param sparsity the pattern
   * @param arena owns the result
   * @throws IllegalArgumentException if a group has more elements that are not zero than the
   *     pattern keeps, the format has scales, or the columns are no multiple of the group
   */
  public static SparseMatrix compress(Tensor pruned, Sparsity sparsity, Arena arena) {
    check(pruned, sparsity);
    long kept = pruned.columns() / sparsity.group() * sparsity.kept();
    Tensor values = Tensor.allocate(arena, pruned.format(), pruned.rows(), kept);
    MemorySegment tags = arena.allocate(Math.max(1, pruned.rows() * tagRowBytes(kept)), 64);
    SparseMatrix matrix =
        new SparseMatrix(
            sparsity, values, tags.asSlice(0, pruned.rows() * tagRowBytes(kept)), pruned.columns());
    int[] codes = new int[sparsity.group()];
    for (long row = 0; row < pruned.rows(); row++) {
      long at = 0;
      for (long from = 0; from < pruned.columns(); from += sparsity.group()) {
        int spare = sparsity.kept();
        for (int g = 0; g < codes.length; g++) {
          codes[g] = pruned.code(row, from + g);
          spare -= isZero(pruned.element(), codes[g]) ? 0 : 1;
        }
        if (spare < 0) {
          throw new IllegalArgumentException(
              "row %d has %d elements other than zero in columns %d to %d; %s keeps %d: prune it first"
                  .formatted(
                      row,
                      sparsity.kept() - spare,
                      from,
                      from + sparsity.group() - 1,
                      sparsity,
                      sparsity.kept()));
        }
        for (int g = 0; g < codes.length; g++) {
          boolean zero = isZero(pruned.element(), codes[g]);
          if (!zero || spare-- > 0) {
            values.setCode(codes[g], row, at);
            matrix.setTag(row, at++, g);
          }
        }
      }
    }
    return matrix;
  }

  private static boolean isZero(ElementFormat format, int code) {
    return format.decode(code) == 0;
  }

  private static void check(Tensor dense, Sparsity sparsity) {
    checkFormat(dense);
    if (dense.columns() % sparsity.group() != 0) {
      throw new IllegalArgumentException(
          "%s has %d columns, no multiple of the %d of a group of %s: pad it to %d"
              .formatted(
                  dense,
                  dense.columns(),
                  sparsity.group(),
                  sparsity,
                  Math.ceilDiv(dense.columns(), (long) sparsity.group()) * sparsity.group()));
    }
  }

  /**
   * {@return whether matrices in a format can be sparse: whether code 0, which is what is left out,
   * is zero}
   *
   * @param format any element format
   */
  public static boolean takes(ElementFormat format) {
    return isZero(format, 0);
  }

  private static void checkFormat(Tensor tensor) {
    if (tensor.rank() != 2 || tensor.format() instanceof BlockFormat) {
      throw new IllegalArgumentException(
          "%s: structured sparsity takes matrices without scales".formatted(tensor));
    }
    if (!takes(tensor.element())) {
      throw new IllegalArgumentException(
          "%s: %s has no zero, so none can be left out".formatted(tensor, tensor.element()));
    }
  }

  /**
   * {@return the matrix with its zeros}
   *
   * @param arena owns the result
   */
  public Tensor decompress(Arena arena) {
    Tensor dense = Tensor.allocate(arena, values.format(), rows(), columns);
    for (long row = 0; row < rows(); row++) {
      for (long i = 0; i < values.columns(); i++) {
        dense.setCode(values.code(row, i), row, column(row, i));
      }
    }
    return dense;
  }

  /** {@return the pattern} */
  public Sparsity sparsity() {
    return sparsity;
  }

  /** {@return the format of the values} */
  public ElementFormat format() {
    return values.element();
  }

  /** {@return the rows of the matrix} */
  public long rows() {
    return values.rows();
  }

  /** {@return the columns of the matrix, zeros included} */
  public long columns() {
    return columns;
  }

  /** {@return the kept elements} */
  public Tensor values() {
    return values;
  }

  /** {@return the positions of the kept elements within their groups} */
  public MemorySegment tags() {
    return tags;
  }

  /** {@return the bytes from the tags of one row to those of the next} */
  public long tagRowBytes() {
    return tagRowBytes;
  }

  /** {@return the bytes that values and tags take} */
  public long byteSize() {
    return values.byteSize() + tags.byteSize();
  }

  /** {@return whether values or tags lie in an arena that only one thread may use} */
  public boolean confined() {
    return values.confined() || Storage.of(tags) == Storage.CONFINED;
  }

  /**
   * {@return the position of a kept element within its group}
   *
   * @param row its row
   * @param index its position among the kept elements of the row
   */
  public int tag(long row, long index) {
    Objects.checkIndex(index, values.columns());
    long word = row * tagRowBytes + index / TAGS_PER_WORD * Short.BYTES;
    return tags.get(Codes.SHORT, word) >>> (index % TAGS_PER_WORD * 4) & 0xF;
  }

  private void setTag(long row, long index, int tag) {
    long at = row * tagRowBytes + index / TAGS_PER_WORD * Short.BYTES;
    int shift = (int) (index % TAGS_PER_WORD * 4);
    tags.set(Codes.SHORT, at, (short) (tags.get(Codes.SHORT, at) | tag << shift));
  }

  /**
   * {@return the column of a kept element}
   *
   * @param row its row
   * @param index its position among the kept elements of the row
   */
  public long column(long row, long index) {
    return index / sparsity.kept() * sparsity.group() + tag(row, index);
  }

  /** {@return format, shape and pattern, such as {@code BF16 [4096, 4096] sparse 4:16}} */
  @Override
  public String toString() {
    return "%s [%d, %d] sparse %s".formatted(format(), rows(), columns, sparsity);
  }
}
