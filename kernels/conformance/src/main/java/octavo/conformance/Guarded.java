package octavo.conformance;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Tensor;

/** A matrix in memory of its own, with guard bytes around it and a copy of what was there. */
final class Guarded {

  /** What surrounds inputs: NaN in most formats, so that reading it shows in the result. */
  private static final byte POISON = (byte) 0xFF;

  /** What surrounds and fills outputs: no value that a kernel would write there. */
  private static final byte BLANK = (byte) 0xA5;

  private final Placement placement;
  private final MemorySegment memory;
  private final Tensor tensor;
  private MemorySegment original = MemorySegment.NULL;

  private Guarded(Placement placement, MemorySegment memory) {
    this.placement = placement;
    this.memory = memory;
    this.tensor = placement.view(memory);
  }

  /** {@return a matrix somewhere, without values} */
  static Guarded allocate(
      Workspace workspace, Format format, long rows, long columns, Where where) {
    Placement placement = new Placement(format, rows, columns, where.layout());
    return new Guarded(placement, workspace.allocate(where.memory(), placement.bytes()));
  }

  Tensor tensor() {
    return tensor;
  }

  /** Fills the matrix with values and what surrounds it with poison. */
  void fill(Values values, SplittableRandom random) {
    memory.fill(POISON);
    values.fill(tensor, random);
    original = copy();
  }

  /** Fills everything with what an output must not keep, and a guard must. */
  void blank() {
    memory.fill(BLANK);
  }

  /** {@return a copy of the memory, guards included} */
  MemorySegment copy() {
    MemorySegment copy = MemorySegment.ofArray(new byte[Math.toIntExact(memory.byteSize())]);
    copy.copyFrom(memory);
    return copy;
  }

  /**
   * {@return whether the memory is what {@link #fill} made of it}; if not it is again afterwards
   */
  boolean unchanged() {
    if (memory.mismatch(original) == -1) {
      return true;
    }
    memory.copyFrom(original);
    return false;
  }

  /**
   * {@return how the memory differs from an expected copy of it; NaN equals NaN}
   *
   * @param expected a copy of this memory with the expected result
   */
  Differences compare(MemorySegment expected) {
    if (memory.mismatch(expected) == -1) {
      return Differences.NONE;
    }
    MemorySegment actual = copy();
    Tensor actualTensor = placement.view(actual);
    Tensor expectedTensor = placement.view(expected);
    List<Differences.Element> elements = new ArrayList<>();
    long count = settle("", actualTensor, expectedTensor, elements);
    if (placement.format() instanceof BlockFormat block) {
      count += settle("scale", actualTensor.scales(), expectedTensor.scales(), elements);
      if (block.tensorScale()) {
        count += settleTensorScale(actualTensor, expectedTensor, elements);
      }
    }
    return new Differences(tensor.size(), count, elements, actual.mismatch(expected));
  }

  /** Counts and keeps differing codes, and makes them agree so that only the guards can differ. */
  private static long settle(
      String what, Tensor actual, Tensor expected, List<Differences.Element> elements) {
    ElementFormat format = actual.element();
    Tensor actualMatrix = actual.matrix();
    Tensor expectedMatrix = expected.matrix();
    long count = 0;
    for (long i = 0; i < actualMatrix.rows(); i++) {
      for (long k = 0; k < actualMatrix.columns(); k++) {
        int is = actualMatrix.code(i, k);
        int shouldBe = expectedMatrix.code(i, k);
        if (is == shouldBe) {
          continue;
        }
        actualMatrix.setCode(shouldBe, i, k);
        if (Float.isNaN(format.decode(is)) && Float.isNaN(format.decode(shouldBe))) {
          continue;
        }
        count++;
        if (elements.size() < Differences.SHOWN) {
          elements.add(
              new Differences.Element("%s[%d, %d]".formatted(what, i, k), format, shouldBe, is));
        }
      }
    }
    return count;
  }

  private static long settleTensorScale(
      Tensor actual, Tensor expected, List<Differences.Element> elements) {
    int is = Float.floatToRawIntBits(actual.tensorScale());
    int shouldBe = Float.floatToRawIntBits(expected.tensorScale());
    actual.setTensorScale(expected.tensorScale());
    if (is == shouldBe
        || (Float.isNaN(Float.intBitsToFloat(is)) && Float.isNaN(Float.intBitsToFloat(shouldBe)))) {
      return 0;
    }
    elements.add(new Differences.Element("tensor scale", Formats.FP32, shouldBe, is));
    return 1;
  }
}
