package octavo.conformance;

import java.util.List;
import java.util.function.Consumer;
import octavo.conformance.UnaryCall.Extent;
import octavo.format.BlockFormat;
import octavo.format.Format;

/** The product of shapes, values, layouts and memories for operations with one input. */
final class UnaryProduct {

  /** Columns around the widths of vectors, and of several vectors, of every element size. */
  private static final List<Integer> COLUMNS =
      List.of(
          1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 63, 64, 65, 127, 128, 129, 191,
          255, 257, 1021);

  private static final List<Integer> BLOCK_COUNTS = List.of(1, 2, 3, 4, 5, 7, 8, 9, 17, 33);
  private static final List<Integer> ROWS = List.of(1, 2, 3, 5, 1, 4, 7);
  private static final List<Memory> OFF_HEAP =
      List.of(Memory.CONFINED, Memory.SHARED, Memory.AUTOMATIC, Memory.MAPPED);

  private final Format in;
  private final Format out;
  private final List<Long> columns;
  private final Rotation rotation = new Rotation();
  private final Consumer<Extent> consumer;

  /** Makes the product for two formats; what it holds goes to the consumer. */
  UnaryProduct(Format in, Format out, Consumer<Extent> consumer) {
    this.in = in;
    this.out = out;
    this.consumer = consumer;
    int unit = Math.max(unit(in), unit(out));
    this.columns =
        (unit == 1 ? COLUMNS : BLOCK_COUNTS).stream().map(count -> (long) count * unit).toList();
  }

  private static int unit(Format format) {
    return format instanceof BlockFormat block && block.scalesWithinRow() && !block.partialBlocks()
        ? block.blockColumns()
        : 1;
  }

  /** Every kind of value, each on one shape. */
  void values() {
    for (Values values : Values.values()) {
      add(rotation.pick(ROWS, 1), rotation.pick(columns, 2), values);
    }
  }

  /** Every width, and matrices without elements. */
  void shapes() {
    for (long width : columns) {
      add(rotation.pick(ROWS, 1), width, Values.NORMAL);
    }
    // Rows around, and columns across, blocks of 128 x 128.
    for (long rows : new long[] {127, 128, 129, 257}) {
      add(rows, columns.get(columns.size() / 2), Values.WIDE);
    }
    add(1, columns.getFirst() * 4096, Values.WIDE);
    add(0, columns.get(1), Values.NORMAL);
    add(3, 0, Values.NORMAL);
    add(0, 0, Values.NORMAL);
  }

  /** Every pair of layouts, on two widths. */
  void layouts() {
    for (Layout layoutIn : Layout.values()) {
      for (Layout layoutOut : Layout.values()) {
        if (layoutIn.allows(in) && layoutOut.allows(out)) {
          for (int repeat = 0; repeat < 2; repeat++) {
            rotation.advance();
            consumer.accept(
                new Extent(
                    rotation.pick(ROWS, 1) + 1,
                    rotation.pick(columns, 2),
                    Values.NORMAL,
                    Where.lying(layoutIn),
                    Where.lying(layoutOut)));
          }
        }
      }
    }
  }

  /** Every pair of memories. */
  void memories() {
    for (Memory memoryIn : Memory.values()) {
      for (Memory memoryOut : Memory.values()) {
        rotation.advance();
        consumer.accept(
            new Extent(
                rotation.pick(ROWS, 1),
                rotation.pick(columns, 2),
                Values.NORMAL,
                Where.in(memoryIn),
                Where.in(memoryOut)));
      }
    }
  }

  /** Adds one shape, somewhere off-heap. */
  void add(long rows, long width, Values values) {
    rotation.advance();
    Where where = Where.in(rotation.pick(OFF_HEAP, 3));
    consumer.accept(new Extent(rows, width, values, where, where));
  }

  /** {@return a width that suits both formats} */
  long width(int index) {
    return columns.get(index % columns.size());
  }
}
