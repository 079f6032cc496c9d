package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import octavo.Engine;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One conversion behind {@link MxLayout}, cut into parts for several threads. */
final class Relayout implements Workers.Part {
  /*
   * All conversions are one pass over memory. Which one depends on what lies side by side:
   *
   *   columns [K, free]            four rows are merged to one of packed elements (Zipper), or back
   *   rows [free, K], neighbours   a transposition of packed elements (Transposer)
   *   rows [free, K], strided      the same; four runs of a row are merged on the way in or out
   *   scales [free, K / 32]        a transposition of bytes; quadrants are groups of rows
   *
   * A part is some tiles of a transposition, band by band of the source: a band's rows of the target
   * stay in the TLB while each grows from front to back. A part of merging is some partitions.
   *
   * Measured by two threads on 16 MiB, 4096 rows of 4 KiB (the worst case, as all strides are powers
   * of two), of a plain copy at 10 to 15 GB/s: merging and splitting 0.45 to 0.95, packing and
   * unpacking MX blocks 0.25 to 0.32, strided rows 0.16 to 0.28. By one thread transpositions reach
   * 0.15 to 0.23: reading and writing short runs take three quarters of it.
   */

  private static final int BAND = 4;

  /** What a part should move: some tens of microseconds. */
  private static final long PART_BYTES = 256 << 10;

  private static final Spares<Relayout> MOVES = new Spares<>(Relayout::new);
  private static final Spares<Transposer> TRANSPOSERS = new Spares<>(Transposer::new);

  private enum Kind {
    TRANSPOSE,
    ZIP,
    UNZIP
  }

  private final Lines from = new Lines();
  private final Lines to = new Lines();
  private Kind kind = Kind.TRANSPOSE;
  private long rows;
  private long columns;
  private int unit;
  private int bits;
  private @Nullable Interleaving zipped;
  private @Nullable Interleaving unzipped;
  private long partitions;
  private int mostRows;
  private int mostColumns;
  private long down;
  private long across;
  private int parts;

  private Relayout() {}

  /** {@return the bytes from an index of a dimension to the next} */
  static long stride(Tensor tensor, int dimension) {
    return tensor.stride(dimension) * tensor.element().storageBits() / 8;
  }

  /** {@return who may convert one into another} */
  static Workers workers(Engine engine, Tensor one, Tensor other) {
    return one.confined() || other.confined() ? Workers.CALLER : engine.workers();
  }

  // ---- transpositions

  /**
   * Transposes units: {@code to[c][r] = from[r][c]}.
   *
   * @param workers who does it
   * @param unit the bytes of a unit: 1, 2, 4, 8 or 16
   * @param rows the rows of the source
   * @param columns its columns
   * @param from the source
   * @param fromAt the byte where its first unit is
   * @param fromStride the bytes from row to row
   * @param to the target, apart from the source
   * @param toAt the byte where its first unit goes
   * @param toStride the bytes from row to row
   */
  static void transpose(
      Workers workers,
      int unit,
      long rows,
      long columns,
      MemorySegment from,
      long fromAt,
      long fromStride,
      MemorySegment to,
      long toAt,
      long toStride) {
    Relayout move = MOVES.take();
    move.from.set(from, fromAt, fromStride);
    move.to.set(to, toAt, toStride);
    move.transpose(workers, unit, rows, columns);
  }

  /** Packed elements {@code [free, words]}, rows of a matrix, to {@code [words, free, 4]}. */
  static void words(Workers workers, Tensor rows, long words, Tensor packed) {
    elements(workers, rows.rows(), words, rows, packed);
  }

  /** Packed elements {@code [words, free, 4]} to {@code [free, words]}, rows of a matrix. */
  static void wordsBack(Workers workers, Tensor packed, long words, Tensor rows) {
    elements(workers, words, rows.rows(), packed, rows);
  }

  private static void elements(Workers workers, long rows, long columns, Tensor from, Tensor to) {
    int unit = from.element().storageBits() / 2;
    transpose(
        workers, unit, rows, columns, from.data(), 0, stride(from, 0), to.data(), 0, stride(to, 0));
  }

  /** Scales {@code [free, groups]} to quadrants {@code [., 4, free]}. */
  static void scales(Workers workers, Tensor from, Tensor to) {
    Relayout move = MOVES.take();
    move.from.set(from.data(), 0, stride(from, 0));
    move.to.setGroups(to.data(), 0, to.stride(1), MxTile.GROUPS, to.stride(0));
    move.transpose(workers, 1, from.rows(), from.columns());
  }

  /** Scales of quadrants {@code [., 4, free]} to {@code [free, groups]}. */
  static void scalesBack(Workers workers, Tensor from, long groups, Tensor to) {
    Relayout move = MOVES.take();
    move.from.setGroups(from.data(), 0, from.stride(1), MxTile.GROUPS, from.stride(0));
    move.to.set(to.data(), 0, stride(to, 0));
    move.transpose(workers, 1, groups, from.columns());
  }

  /** Rows {@code [free, K]} to packed elements {@code [P, free, 4]}. */
  static void mergeRows(Workers workers, Tensor from, Interleaving order, Tensor to) {
    if (order == Interleaving.NEIGHBOURS) {
      words(workers, from, to.dimension(0), to);
      return;
    }
    Relayout move = MOVES.take();
    move.zipped = order;
    move.bits = from.element().storageBits();
    move.partitions = to.dimension(0);
    move.from.set(from.data(), 0, stride(from, 0));
    move.to.set(to.data(), 0, stride(to, 0));
    move.transpose(workers, move.bits / 2, from.rows(), move.partitions);
  }

  /** Packed elements {@code [P, free, 4]} to rows {@code [free, K]}. */
  static void splitRows(Workers workers, Tensor from, Interleaving order, Tensor to) {
    if (order == Interleaving.NEIGHBOURS) {
      wordsBack(workers, from, from.dimension(0), to);
      return;
    }
    Relayout move = MOVES.take();
    move.unzipped = order;
    move.bits = from.element().storageBits();
    move.partitions = from.dimension(0);
    move.from.set(from.data(), 0, stride(from, 0));
    move.to.set(to.data(), 0, stride(to, 0));
    move.transpose(workers, move.bits / 2, move.partitions, to.rows());
  }

  private void transpose(Workers workers, int newUnit, long newRows, long newColumns) {
    kind = Kind.TRANSPOSE;
    unit = newUnit;
    rows = newRows;
    columns = newColumns;
    // Not beyond the 128 partitions that four runs belong to.
    int most = zipped == null && unzipped == null ? Integer.MAX_VALUE : NeuronCore.PARTITIONS;
    mostRows = Math.min(Transposer.mostRows(unit), most);
    mostColumns = Math.min(Transposer.mostColumns(unit), most);
    down = Math.ceilDiv(rows, mostRows);
    across = Math.ceilDiv(columns, mostColumns);
    run(workers, rows * columns * unit, down * across);
  }

  // ---- merging

  /** Columns {@code [K, free]} to packed elements {@code [P, free, 4]}. */
  static void mergeColumns(Workers workers, Tensor from, Interleaving order, Tensor to) {
    columns(workers, Kind.ZIP, from, order, to, to);
  }

  /** Packed elements {@code [P, free, 4]} to columns {@code [K, free]}. */
  static void splitColumns(Workers workers, Tensor from, Interleaving order, Tensor to) {
    columns(workers, Kind.UNZIP, from, order, to, from);
  }

  private static void columns(
      Workers workers, Kind kind, Tensor from, Interleaving order, Tensor to, Tensor packed) {
    Relayout move = MOVES.take();
    move.kind = kind;
    move.zipped = order;
    move.bits = from.element().storageBits();
    move.partitions = packed.dimension(0);
    move.columns = packed.dimension(1);
    move.from.set(from.data(), 0, stride(from, 0));
    move.to.set(to.data(), 0, stride(to, 0));
    move.run(workers, move.partitions * move.columns * move.bits / 2, move.partitions);
  }

  // ---- parts

  /** Runs all parts, and gives this back. */
  private void run(Workers workers, long bytes, long pieces) {
    try {
      long wanted = Math.min(pieces, Math.ceilDiv(bytes, PART_BYTES));
      parts = (int) Math.min(wanted, 1 << 16);
      if (parts > 0) {
        workers.run(parts, this);
      }
    } finally {
      from.clear();
      to.clear();
      zipped = null;
      unzipped = null;
      MOVES.give(this);
    }
  }

  @Override
  public void run(int index) {
    Transposer transposer = TRANSPOSERS.take();
    try {
      if (kind == Kind.TRANSPOSE) {
        tiles(transposer, share(index, down * across), share(index + 1, down * across));
      } else {
        merge(transposer.zipper(), share(index, partitions), share(index + 1, partitions));
      }
    } finally {
      TRANSPOSERS.give(transposer);
    }
  }

  /** {@return where a part begins} without the product of pieces and parts, which may be large */
  private long share(long index, long pieces) {
    return pieces / parts * index + pieces % parts * index / parts;
  }

  private void tiles(Transposer transposer, long first, long end) {
    for (long i = first; i < end; i++) {
      long band = i / (BAND * down);
      long within = i % (BAND * down);
      long width = Math.min(BAND, across - band * BAND);
      long row = within / width * mostRows;
      long column = (band * BAND + within % width) * mostColumns;
      transposer.run(
          this,
          row,
          (int) Math.min(mostRows, rows - row),
          column,
          (int) Math.min(mostColumns, columns - column));
    }
  }

  private void merge(Zipper zipper, long first, long end) {
    Interleaving order = Objects.requireNonNull(zipped);
    boolean zip = kind == Kind.ZIP;
    Lines flat = zip ? from : to;
    Lines packed = zip ? to : from;
    for (long p = first; p < end; p++) {
      long index = order.index(partitions, p, 0);
      long at = flat.place(index);
      long step = flat.place(order.index(partitions, p, 1)) - at;
      if (zip) {
        zipper.zip(bits, from.data(), at, step, to.data(), packed.place(p), columns);
      } else {
        zipper.unzip(bits, from.data(), packed.place(p), to.data(), at, step, columns);
      }
    }
  }

  // ---- what a tile needs

  /** {@return the bytes of a unit} */
  int unit() {
    return unit;
  }

  /** Reads a part of a row to an array. */
  void read(Zipper zipper, long row, long column, int count, long[] array, int index) {
    long at = from.place(row);
    if (zipped == null) {
      Lines.read(from.data(), at + column * unit, array, index, count * unit);
      return;
    }
    long first = zipped.index(partitions, column, 0);
    long step = zipped.index(partitions, column, 1) - first;
    zipper.zip(bits, from.data(), at + first * bits / 8, step * bits / 8, count, array, index);
  }

  /** Writes a part of a row from the front of an array. */
  void write(Zipper zipper, long row, long column, int count, long[] array) {
    long at = to.place(row);
    if (unzipped == null) {
      Lines.write(array, 0, to.data(), at + column * unit, count * unit);
      return;
    }
    long first = unzipped.index(partitions, column, 0);
    long step = unzipped.index(partitions, column, 1) - first;
    zipper.unzip(bits, array, 0, count, to.data(), at + first * bits / 8, step * bits / 8);
  }

  /** {@return the byte where a group's scales begin} */
  static long scaleRow(Tensor quadrants, long group) {
    return group / MxTile.GROUPS * quadrants.stride(0)
        + group % MxTile.GROUPS * quadrants.stride(1);
  }

  /** Fills bytes of a tensor's memory. */
  static void fill(Tensor tensor, long at, long count, int value) {
    tensor.data().asSlice(at, count).fill((byte) value);
  }
}
