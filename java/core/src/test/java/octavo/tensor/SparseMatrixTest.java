package octavo.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Sparsity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SparseMatrixTest {

  static Stream<Sparsity> patterns() {
    return Stream.concat(Sparsity.trainium().stream(), Stream.of(new Sparsity(15, 16)));
  }

  @ParameterizedTest
  @MethodSource("patterns")
  void keepsTheLargestAndComesBack(Sparsity sparsity) {
    for (ElementFormat format : Formats.elements()) {
      if (format.equals(Formats.E8M0)) {
        continue; // Has no zero: see refusals().
      }
      long columns = 5L * sparsity.group();
      Tensor dense = Tensor.allocate(Arena.ofAuto(), format, 3, columns);
      SplittableRandom random = new SplittableRandom(1);
      for (long i = 0; i < 3; i++) {
        for (long k = 0; k < columns; k++) {
          dense.setCode(random.nextInt(), i, k);
        }
      }
      Tensor pruned = SparseMatrix.prune(dense, sparsity, Arena.ofAuto());
      SparseMatrix sparse = SparseMatrix.compress(pruned, sparsity, Arena.ofAuto());
      Tensor back = sparse.decompress(Arena.ofAuto());
      for (long i = 0; i < 3; i++) {
        for (long from = 0; from < columns; from += sparsity.group()) {
          assertGroup(dense, pruned, i, from, sparsity);
        }
        for (long k = 0; k < columns; k++) {
          // A zero that is not kept loses its sign.
          if (pruned.get(i, k) != 0) {
            assertEquals(pruned.code(i, k), back.code(i, k));
          } else {
            assertEquals(0, Math.abs(back.get(i, k)));
          }
        }
      }
      assertEquals(5L * sparsity.kept(), sparse.values().columns());
      SparseMatrix again = SparseMatrix.of(sparsity, sparse.values(), sparse.tags());
      assertEquals(sparse.toString(), again.toString());
    }
  }

  /** No element that was dropped is larger than one that stayed. */
  private static void assertGroup(
      Tensor dense, Tensor pruned, long row, long from, Sparsity sparsity) {
    float smallestKept = Float.POSITIVE_INFINITY;
    float largestDropped = 0;
    int kept = 0;
    for (long k = from; k < from + sparsity.group(); k++) {
      float before = Math.abs(dense.get(row, k));
      before = Float.isNaN(before) ? Float.POSITIVE_INFINITY : before;
      if (pruned.code(row, k) == dense.code(row, k) && before != 0) {
        smallestKept = Math.min(smallestKept, before);
        kept++;
      } else if (before != 0) {
        assertEquals(0, pruned.code(row, k));
        largestDropped = Math.max(largestDropped, before);
      }
    }
    assertTrue(largestDropped <= smallestKept);
    assertTrue(kept <= sparsity.kept());
  }

  /** The tags of two rows, worked out by hand: four positions to a word, the first lowest. */
  @Test
  void layoutOfTags() {
    Tensor dense = Tensor.allocateHeap(Formats.BF16, 2, 24);
    long[][] positions = {{1, 7, 9, 10, 16, 17, 22, 23}, {0, 2, 5, 7, 9, 11, 13, 15}};
    for (int row = 0; row < 2; row++) {
      for (long k : positions[row]) {
        dense.setCode(0x3F80 + (int) k, row, k);
      }
    }
    // The last group of row 0 has four elements.
    assertThrows(
        IllegalArgumentException.class,
        () -> SparseMatrix.compress(dense, Sparsity.S2_8, Arena.ofAuto()));
    SparseMatrix sparse = SparseMatrix.compress(dense, Sparsity.S4_8, Arena.ofAuto());
    // Row 0: group 0 keeps 1, 7 and its first zeros 0, 2; group 1: 1, 2 and 0, 3; group 2: 0, 1, 6,
    // 7.
    short[] expected = {
      0x7210, 0x3210, 0x7610, // ascending within each group
      0x7520, 0x7531, 0x3210
    };
    assertArrayEquals(expected, sparse.tags().toArray(ValueLayout.JAVA_SHORT));
    assertEquals(0x3F80 + 7, sparse.values().code(0, 3));
    assertEquals(0x3F80 + 22, sparse.values().code(0, 10));
  }

  @Test
  void refusals() {
    Tensor odd = Tensor.allocateHeap(Formats.BF16, 2, 20);
    assertEquals(
        "BF16 [2, 20] has 20 columns, no multiple of the 16 of a group of 4:16: pad it to 32",
        assertThrows(
                IllegalArgumentException.class,
                () -> SparseMatrix.prune(odd, Sparsity.S4_16, Arena.ofAuto()))
            .getMessage());
    Tensor scaled = Tensor.allocateHeap(Formats.MXFP4, 2, 32);
    assertThrows(
        IllegalArgumentException.class,
        () -> SparseMatrix.compress(scaled, Sparsity.S4_16, Arena.ofAuto()));
    Tensor values = Tensor.allocateHeap(Formats.BF16, 1, 4);
    MemorySegment twice = MemorySegment.ofArray(new short[] {0x2210});
    assertEquals(
        "tag 3 of row 0 is 2; positions in a group of 4:8 ascend and are below 8",
        assertThrows(
                IllegalArgumentException.class, () -> SparseMatrix.of(Sparsity.S4_8, values, twice))
            .getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            SparseMatrix.of(Sparsity.S4_8, values, MemorySegment.ofArray(new short[] {0x3210, 0})));
    Tensor scales = Tensor.allocateHeap(Formats.E8M0, 2, 16);
    assertThrows(
        IllegalArgumentException.class,
        () -> SparseMatrix.compress(scales, Sparsity.S4_16, Arena.ofAuto()));
    assertThrows(IllegalArgumentException.class, () -> new Sparsity(4, 4));
    assertThrows(IllegalArgumentException.class, () -> new Sparsity(4, 17));
  }
}
