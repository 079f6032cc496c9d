package octavo.kernels.codec;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import octavo.kernels.vector.Width;
import octavo.kernels.vector.WidthCopies;

/**
 * Largest magnitudes, as the bits of FP32: NaN above infinity above all else. Segments are
 * off-heap, positions in bytes, counts multiples of {@link Line#UNIT}.
 */
public interface Reducer {

  /**
   * {@return the largest magnitude}
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   */
  int largest(MemorySegment in, long inAt, int count);

  /**
   * {@return the largest finite magnitude}
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   */
  int largestFinite(MemorySegment in, long inAt, int count);

  /**
   * Finds the largest magnitude of every 16 numbers.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param largest where the magnitudes go; up to 16 elements behind the last are written
   */
  void largestOf16(MemorySegment in, long inAt, int count, int[] largest);

  /**
   * Finds the largest magnitude of every 32 numbers.
   *
   * @param in FP32 numbers
   * @param inAt where they begin
   * @param count how many
   * @param largest where the magnitudes go; up to 16 elements behind the last are written
   */
  void largestOf32(MemorySegment in, long inAt, int count, int[] largest);

  /**
   * Chooses scales in E4M3FN by {@link octavo.format.BlockScaling}, of blocks without NaN and
   * infinity.
   *
   * @param largest the bits of the largest magnitude of each block
   * @param count how many blocks; rounded up to a multiple of {@link Line#GROUP}
   * @param maxElement the largest element
   * @param tensorScale the tensor scale
   * @param codes where the codes of the scales go
   * @param factors where the factors of elements go
   */
  void e4m3Scales(
      int[] largest, int count, float maxElement, float tensorScale, int[] codes, float[] factors);

  /**
   * {@return the reducer for a width}, made at first use
   *
   * @param width the width
   */
  static Reducer of(Width width) {
    return switch (width) {
      case BITS_128 -> Bits128.REDUCER;
      case BITS_256 -> Bits256.REDUCER;
      case BITS_512 -> Bits512.REDUCER;
    };
  }

  private static Reducer copy(Width width) {
    return WidthCopies.instance(MethodHandles.lookup(), Reducer.class, ReducerLanes.class, width);
  }

  /** Holds the reducer of 128 bits. */
  final class Bits128 {
    private static final Reducer REDUCER = copy(Width.BITS_128);

    private Bits128() {}
  }

  /** Holds the reducer of 256 bits. */
  final class Bits256 {
    private static final Reducer REDUCER = copy(Width.BITS_256);

    private Bits256() {}
  }

  /** Holds the reducer of 512 bits. */
  final class Bits512 {
    private static final Reducer REDUCER = copy(Width.BITS_512);

    private Bits512() {}
  }
}
