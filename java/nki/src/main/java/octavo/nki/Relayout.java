package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.Engine;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** One conversion behind {@link MxLayout}, cut into parts for several threads. */
final class Relayout implements Workers.Part {
  /*
   * All conversions are one pass over memory. Which one depends on what lies side by side:
   *
   *   columns [K, free]            four rows are merged to one of packed elements (Zipper), or back
   *   rows [free, K], neighbours   a transposition of packed elements (Transposer)
   *   rows [free, K], strided      the same; tiles of a row are merged on the way in or out
   *   scales [free, K / 32]        a transposition of bytes; quadrants are groups of rows
   *
   * A part is some tiles of a transposition, down the source: the rows of the target stay in the
   * TLB while each grows from front to back. A part of merging is some partitions.
   *
   * Measured by one thread on 8 and 16 MiB, 4096 rows of 2 and 4 KiB (the worst case, as all
   * strides are powers of two), of a plain copy at 9 to 10 GB/s on a machine busy with other work:
   * merging and splitting columns 0.42 to 0.56, transposing units of 4, 8 and 16 bytes 0.35 to
   * 0.48, of 1 and 2 bytes 0.3 to 0.37, packing and unpacking MXFP8 blocks 0.34 to 0.4, MXFP4 0.3
   * to 0.38, strided rows 0.33 to 0.44, scales 0.26 to 0.4. Moving the runs alone would leave 0.6 to
   * 0.7, see Transposer; what is beyond that takes prefetches and streaming stores, which Java has
   * not.
   */

  /** What a part should move: some tens of microseconds. */
  private static final long PART_BYTES = 256 << 10;

  private static final Spares<Relayout> MOVES = new Spares<>(Relayout::new);
  private static final Spares<Transposer> TRANSPOSERS = new Spares<>(Transposer::new);
  private static final Spares<Zipper> ZIPPERS = new Spares<>(Zipper::new);

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
  private boolean zipped;
  private boolean unzipped;
  private Interleaving order = Interleaving.NEIGHBOURS;
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
    move.zipped = true;
    move.bits = from.element().storageBits();
    move.from.set(from.data(), 0, stride(from, 0));
    move.to.set(to.data(), 0, stride(to, 0));
    move.transpose(workers, move.bits / 2, from.rows(), to.dimension(0));
  }

  /** Packed elements {@code [P, free, 4]} to rows {@code [free, K]}. */
  static void splitRows(Workers workers, Tensor from, Interleaving order, Tensor to) {
    if (order == Interleaving.NEIGHBOURS) {
      wordsBack(workers, from, from.dimension(0), to);
      return;
    }
    Relayout move = MOVES.take();
    move.unzipped = true;
    move.bits = from.element().storageBits();
    move.from.set(from.data(), 0, stride(from, 0));
    move.to.set(to.data(), 0, stride(to, 0));
    move.transpose(workers, move.bits / 2, from.dimension(0), to.rows());
  }

  private void transpose(Workers workers, int newUnit, long newRows, long newColumns) {
    kind = Kind.TRANSPOSE;
    unit = newUnit;
    bits = zipped || unzipped ? bits : Math.min(64, 8 * unit);
    rows = newRows;
    columns = newColumns;
    // A tile has whole tiles of partitions on the side where four runs are merged or taken apart.
    mostRows = Math.max(Transposer.mostRows(unit), unzipped ? NeuronCore.PARTITIONS : 0);
    mostColumns = Transposer.mostColumns(unit, mostRows);
    int step = zipped ? NeuronCore.PARTITIONS : 1;
    mostColumns = Math.max(1, mostColumns / step) * step;
    // Many threads get smaller tiles rather than none: they share the memory's time anyway.
    int threads = workers.parallelism();
    while (threads > 1
        && Math.ceilDiv(rows, mostRows) * Math.ceilDiv(columns, mostColumns) < 4L * threads
        && (long) mostRows * mostColumns * unit > PART_BYTES
        && mostColumns % (2 * step) == 0) {
      mostColumns /= 2;
    }
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
    move.order = order;
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
      zipped = false;
      unzipped = false;
      MOVES.give(this);
    }
  }

  @Override
  public void run(int index) {
    if (kind == Kind.TRANSPOSE) {
      tiles(share(index, down * across), share(index + 1, down * across));
    } else {
      merge(share(index, partitions), share(index + 1, partitions));
    }
  }

  /** {@return where a part begins} without the product of pieces and parts, which may be large */
  private long share(long index, long pieces) {
    return pieces / parts * index + pieces % parts * index / parts;
  }

  private void tiles(long first, long end) {
    Transposer transposer = TRANSPOSERS.take();
    try {
      for (long i = first; i < end; i++) {
        long row = i % down * mostRows;
        long column = i / down * mostColumns;
        int count = (int) Math.min(mostRows, rows - row);
        int width = (int) Math.min(mostColumns, columns - column);
        transposer.run(this, row, count, column, width);
      }
    } finally {
      TRANSPOSERS.give(transposer);
    }
  }

  private void merge(long first, long end) {
    boolean zip = kind == Kind.ZIP;
    Lines flat = zip ? from : to;
    Lines packed = zip ? to : from;
    Zipper zipper = ZIPPERS.take();
    try {
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
    } finally {
      ZIPPERS.give(zipper);
    }
  }

  // ---- what a tile needs

  /** {@return the bytes of a unit} */
  int unit() {
    return unit;
  }

  /** {@return the bits of a code that moves as one: of a unit, at most 64, or of a part of one} */
  int bits() {
    return bits;
  }

  /** {@return whether four runs in a row of the source become its units} */
  boolean zipped() {
    return zipped;
  }

  /** {@return whether units become four runs in a row of the target} */
  boolean unzipped() {
    return unzipped;
  }

  /** Reads a part of a row to an array. */
  void read(long row, long column, int count, long[] array, int index) {
    Lines.read(from.data(), from.place(row) + column * unit, array, index, count * unit);
  }

  /** Writes a part of a row from an array. */
  void write(long row, long column, int count, long[] array, int index) {
    Lines.write(array, index, to.data(), to.place(row) + column * unit, count * unit);
  }

  /** {@return the byte where a group's scales begin} */
  static long scaleRow(Tensor quadrants, long group) {
    return group / MxTile.GROUPS * quadrants.stride(0)
        + group % MxTile.GROUPS * quadrants.stride(1);
  }

  /** Writes bytes to a tensor's memory, again and again. */
  static void fill(Tensor tensor, long at, long count, byte[] bytes) {
    for (long i = 0; i < count; i += bytes.length) {
      int length = (int) Math.min(bytes.length, count - i);
      MemorySegment.copy(bytes, 0, tensor.data(), ValueLayout.JAVA_BYTE, at + i, length);
    }
  }
}
