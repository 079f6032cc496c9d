package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class OutputBitsTest {

  private static OutputBits bits(float... values) {
    var bits = new OutputBits();
    bits.add("layer", Tensor.of(values, 1, values.length));
    return bits;
  }

  @Test
  void digestIsTheBeginningOfTheSha256OfTheLittleEndianBits() {
    // printf '\x00\x00\x80\x3f' | sha256sum
    assertEquals("e00e5eb9444182f3", bits(1.0f).digest());
  }

  @Test
  void everyNanIsTheSame() {
    var one = bits(Float.intBitsToFloat(0x7FC0_0001), 1);
    var other = bits(Float.intBitsToFloat(0xFFC1_2345), 1);

    assertEquals(one.digest(), other.digest());
    assertEquals(0, one.mismatches(other).count());
  }

  @Test
  void zerosOfDifferentSignDiffer() {
    assertNotEquals(bits(0.0f).digest(), bits(-0.0f).digest());
    assertEquals(1, bits(0.0f).mismatches(bits(-0.0f)).count());
  }

  @Test
  void mismatchesAreCountedAndTheFirstIsNamed() {
    var ours = new OutputBits();
    ours.add("a", Tensor.of(new float[] {1, 2, 3, 4}, 2, 2));
    ours.add("b", Tensor.of(new float[] {5}, 1, 1));
    var theirs = new OutputBits();
    theirs.add("a", Tensor.of(new float[] {1, 2, -3, 4}, 2, 2));
    theirs.add("b", Tensor.of(new float[] {6}, 1, 1));

    var mismatches = ours.mismatches(theirs);

    assertEquals(2, mismatches.count());
    assertEquals("a row 1 column 0: 40400000, expected c0400000", mismatches.first());
  }

  @Test
  void equalBitsHaveNoFirstMismatch() {
    assertNull(bits(1, 2).mismatches(bits(1, 2)).first());
  }

  @Test
  void resultsOfOtherShapesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> bits(1).mismatches(bits(1, 2)));
  }
}
