package octavo.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import octavo.conformance.MatmulCase.Shape;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Packing;
import org.jspecify.annotations.Nullable;

/**
 * The product of formats, shapes, values, layouts and memories for matrix products: every pair of
 * formats on small shapes, the main ones on everything.
 */
final class MatmulCases {

  /** Formats that pass through every shape, layout, memory and kind of value in pairs. */
  static final List<Format> MAIN =
      List.of(
          Formats.FP32,
          Formats.BF16,
          Formats.FP16,
          Formats.E4M3FN,
          Formats.E5M2,
          Formats.E2M1,
          Formats.INT8,
          Formats.E4M3FN_TENSOR,
          Formats.E4M3FN_ROW,
          Formats.INT8_ROW,
          Formats.MXFP8_E4M3,
          Formats.MXFP8_E5M2,
          Formats.MXFP4,
          Formats.NVFP4,
          Formats.E4M3FN_1X128,
          Formats.E4M3FN_128X128,
          Formats.INT8_1X32);

  /** Rows and columns around the tiles of 4, 6, 8, 12, 16, 32 and 64, and primes. */
  private static final List<Integer> SIZES =
      List.of(
          1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 23, 31, 32, 33, 47, 63, 64, 65);

  private static final List<Integer> PLAIN_K =
      List.of(
          1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 61, 63, 64, 65, 127, 128, 129, 131,
          257);

  /** Numbers of blocks, where K must be a whole number of them. */
  private static final List<Integer> BLOCK_COUNTS = List.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

  /** The formats of results. */
  static final List<ElementFormat> OUTPUTS = List.of(Formats.FP32, Formats.BF16);

  private static final List<Finish> BIAS = List.of(Finish.NOTHING, Finish.BIAS);
  private static final List<Memory> OFF_HEAP =
      List.of(Memory.CONFINED, Memory.SHARED, Memory.AUTOMATIC, Memory.MAPPED);
  private static final List<Memory> MEMORIES = List.of(Memory.values());
  private static final List<Layout> LAYOUTS = List.of(Layout.values());
  private static final List<Values> FINITE_VALUES =
      List.of(Values.NORMAL, Values.WIDE, Values.UNIFORM, Values.FINITE);

  private static final List<Values> PACKED_VALUES =
      List.of(Values.NORMAL, Values.WIDE, Values.FINITE, Values.ANY, Values.UNIFORM);

  /** Few rows, panels that are full or not; k counts the depths. */
  private static final List<Shape> PACKED_SHAPES =
      List.of(
          new Shape(1, 64, 5),
          new Shape(2, 65, 7),
          new Shape(4, 129, 3),
          new Shape(5, 33, 8),
          new Shape(7, 16, 6),
          new Shape(16, 47, 2),
          new Shape(17, 31, 4),
          new Shape(0, 5, 1),
          new Shape(1, 130, 11));

  /** Few rows and many, tiles that are full or not; k counts the depths. */
  private static final List<Shape> FINISH_SHAPES =
      List.of(
          new Shape(1, 65, 5),
          new Shape(2, 7, 3),
          new Shape(3, 70, 1),
          new Shape(4, 33, 2),
          new Shape(5, 31, 4),
          new Shape(6, 16, 1),
          new Shape(13, 48, 2),
          new Shape(19, 29, 3));

  /** Pairs that meet every {@link Finish}: products of floats, of blocks, and of integers. */
  private static final Set<List<Format>> FINISHED =
      Set.of(
          List.of(Formats.FP32, Formats.FP32),
          List.of(Formats.BF16, Formats.E4M3FN),
          List.of(Formats.FP32, Formats.MXFP4),
          List.of(Formats.MXFP8_E4M3, Formats.MXFP8_E4M3),
          List.of(Formats.MXFP4, Formats.MXFP4),
          List.of(Formats.INT8_1X32, Formats.MXFP4));

  private final Format a;
  private final Format b;
  private final List<Long> depths;
  private final Rotation rotation = new Rotation();
  private final List<Case> cases = new ArrayList<>();

  private MatmulCases(Format a, Format b) {
    this.a = a;
    this.b = b;
    int unit = Math.max(unit(a), unit(b));
    this.depths =
        (unit == 1 ? PLAIN_K : BLOCK_COUNTS).stream().map(count -> (long) count * unit).toList();
  }

  /**
   * {@return a group for each left format, of those pairs with or without scales inside their sums}
   */
  static List<CaseGroup> pairs(boolean block) {
    return Formats.all().stream()
        .filter(a -> block || !scalesWithinRow(a))
        .map(a ->
            new CaseGroup(
                a + " x any",
                () ->
                    Formats.all().stream()
                        .filter(b -> (scalesWithinRow(a) || scalesWithinRow(b)) == block)
                        .flatMap(b -> new MatmulCases(a, b).product().stream())))
        .toList();
  }

  private static boolean scalesWithinRow(Format format) {
    return format instanceof BlockFormat block && block.scalesWithinRow();
  }

  /** {@return what K must be a multiple of} */
  private static int unit(Format format) {
    return format instanceof BlockFormat block && block.scalesWithinRow() && !block.partialBlocks()
        ? block.blockColumns()
        : 1;
  }

  private List<Case> product() {
    small();
    packed(List.of(new Shape(1, 19, depths.get(4)), new Shape(3, 70, depths.get(1))));
    if (MAIN.contains(a) && MAIN.contains(b)) {
      shapes();
      values();
      layouts();
      outputs();
      memories();
      finishes(Finish.ALL.size() / 20);
      packed(PACKED_SHAPES.stream().map(s -> new Shape(s.m(), s.n(), depth((int) s.k()))).toList());
    }
    finishes(FINISHED.contains(List.of(a, b)) ? 2 * Finish.ALL.size() : 1);
    return cases;
  }

  private void small() {
    add(new Shape(3, 5, depths.get(2)), Values.NORMAL, Values.NORMAL);
    add(new Shape(1, 17, depths.get(4)), Values.WIDE, Values.NORMAL);
    add(new Shape(9, 4, depths.get(7)), Values.ANY, Values.NORMAL);
    add(new Shape(6, 8, depths.get(1)), Values.EDGE_SCALES, Values.FINITE);
    add(new Shape(5, 6, depths.get(3)), Values.NORMAL, Values.ANY);
  }

  private void shapes() {
    int count = SIZES.size();
    for (int i = 0; i < count; i++) {
      long one = SIZES.get(i);
      long other = SIZES.get((5 * i + 3) % count);
      for (Shape shape :
          List.of(
              new Shape(one, other, depth(3 * i + 1)),
              new Shape(other, one, depth(i)),
              new Shape(1, one, depth(5 * i + 2)))) {
        add(shape, rotation.pick(FINITE_VALUES, 1), rotation.pick(FINITE_VALUES, 2));
      }
    }
    long unit = depths.getFirst();
    long longest = 4096 + (unit == 1 ? 3 : unit);
    for (Shape shape :
        List.of(
            new Shape(5, 1, depth(4)),
            new Shape(130, 71, depth(6)),
            new Shape(2, 259, depth(3)),
            new Shape(1, 13, longest),
            new Shape(7, 9, longest),
            new Shape(4, 16, 4096),
            new Shape(0, 5, depth(1)),
            new Shape(5, 0, depth(1)),
            new Shape(0, 0, depth(1)),
            new Shape(5, 7, 0),
            new Shape(1, 1, 0),
            new Shape(0, 0, 0))) {
      add(shape, Values.NORMAL, Values.WIDE);
    }
  }

  private long depth(int index) {
    return depths.get(index % depths.size());
  }

  private void values() {
    for (Values values : Values.values()) {
      add(new Shape(7, 19, depth(5)), values, values);
      add(new Shape(5, 33, depth(7)), values, Values.NORMAL);
      add(new Shape(17, 9, depth(8)), Values.NORMAL, values);
    }
  }

  private void layouts() {
    for (Layout layoutA : LAYOUTS) {
      for (Layout layoutB : LAYOUTS) {
        for (Layout layoutOut : LAYOUTS) {
          if (layoutA.allows(a) && layoutB.allows(b)) {
            rotation.advance();
            Shape shape =
                new Shape(
                    1 + cases.size() * 5 % 21, 1 + cases.size() * 7 % 37, depth(cases.size()));
            add(
                shape,
                Values.NORMAL,
                Values.WIDE,
                Where.lying(layoutA),
                Where.lying(layoutB),
                Where.lying(layoutOut));
          }
        }
      }
    }
  }

  /** Every output, with and without a bias, in every layout. */
  private void outputs() {
    for (Layout layout : LAYOUTS) {
      for (ElementFormat out : OUTPUTS) {
        for (Finish finish : BIAS) {
          rotation.advance();
          Shape shape = new Shape(1 + cases.size() * 5 % 21, 1 + cases.size() * 7 % 37, depth(5));
          Where where = Where.lying(Layout.PACKED);
          cases.add(
              new MatmulCase(
                  a,
                  b,
                  out,
                  finish,
                  shape,
                  Values.WIDE,
                  Values.NORMAL,
                  where,
                  where,
                  Where.lying(layout),
                  null));
        }
      }
    }
  }

  /** So many ways to finish, in turn: all of them are met if there are twice as many. */
  private void finishes(int count) {
    List<Packing> packings = packings();
    for (int i = 0; i < count; i++) {
      rotation.advance();
      boolean all = count >= Finish.ALL.size();
      Shape shape = rotation.pick(FINISH_SHAPES, 6);
      boolean packed = rotation.pick(List.of(false, true), 7);
      Where where =
          packed
              ? Where.in(rotation.pick(OFF_HEAP, 3))
              : new Where(Layout.PACKED, rotation.pick(MEMORIES, 3));
      cases.add(
          new MatmulCase(
              a,
              b,
              all ? OUTPUTS.get(i / Finish.ALL.size()) : rotation.pick(OUTPUTS, 4),
              all ? Finish.ALL.get(i % Finish.ALL.size()) : rotation.pick(Finish.ALL, 5),
              new Shape(shape.m(), shape.n(), depth((int) shape.k())),
              rotation.pick(PACKED_VALUES, 1),
              rotation.pick(PACKED_VALUES, 2),
              where,
              where,
              packed ? where : Where.lying(rotation.pick(LAYOUTS, 8)),
              packed ? rotation.pick(packings, 9) : null));
    }
  }

  private void memories() {
    int count = MEMORIES.size();
    for (int i = 0; i < 2 * count; i++) {
      rotation.advance();
      boolean same = i < count;
      Memory memory = MEMORIES.get(i % count);
      add(
          new Shape(4 + i, 29 - i, depth(i)),
          Values.NORMAL,
          Values.NORMAL,
          Where.in(memory),
          Where.in(same ? memory : MEMORIES.get((i + 2) % count)),
          Where.in(same ? memory : MEMORIES.get((i + 3) % count)));
    }
  }

  /** Shapes of a packed right operand, as one kind of vectors after the other would have it. */
  private void packed(List<Shape> shapes) {
    for (Shape shape : shapes) {
      for (Packing packing : packings()) {
        rotation.advance();
        Where where = Where.in(rotation.pick(OFF_HEAP, 3));
        add(
            shape,
            rotation.pick(PACKED_VALUES, 1),
            rotation.pick(PACKED_VALUES, 2),
            where,
            where,
            where,
            packing);
      }
    }
  }

  /** {@return what kernels of one kind of vectors after the other read, and some that none does} */
  private List<Packing> packings() {
    int bits = b.element().storageBits();
    int group = Math.max(1, 16 / bits);
    int interleave = bits == 32 ? 1 : 2;
    return Stream.of(
            new Packing(16, interleave, group),
            new Packing(8, interleave, group),
            new Packing(32, interleave, group),
            new Packing(16, 1, 1),
            new Packing(16, 1, 4),
            new Packing(64, 4, 1))
        .distinct()
        .toList();
  }

  private void add(Shape shape, Values valuesA, Values valuesB) {
    rotation.advance();
    Where where = Where.in(rotation.pick(OFF_HEAP, 3));
    add(shape, valuesA, valuesB, where, where, where);
  }

  private void add(
      Shape shape, Values valuesA, Values valuesB, Where whereA, Where whereB, Where whereOut) {
    add(shape, valuesA, valuesB, whereA, whereB, whereOut, null);
  }

  private void add(
      Shape shape,
      Values valuesA,
      Values valuesB,
      Where whereA,
      Where whereB,
      Where whereOut,
      @Nullable Packing packing) {
    cases.add(
        new MatmulCase(
            a,
            b,
            rotation.pick(OUTPUTS, 4),
            rotation.pick(BIAS, 5),
            shape,
            valuesA,
            valuesB,
            whereA,
            whereB,
            whereOut,
            packing));
  }
}
