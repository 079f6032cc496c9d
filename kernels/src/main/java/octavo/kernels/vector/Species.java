package octavo.kernels.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The species of the templates that {@link WidthCopies} copies. Touches the Vector API: load it
 * only once its module is known to be there.
 */
public final class Species {

  private Species() {}

  /** {@return the width in bits that the host's vectors have} */
  public static int preferredBits() {
    return VectorShape.preferredShape().vectorBitSize();
  }

  /**
   * {@return the species of a copy's width}
   *
   * @param <E> the boxed type of the lanes
   * @param copy the lookup of the copy, from its static initializer
   * @param type the primitive type of the lanes, such as {@code float.class}
   */
  public static <E> VectorSpecies<E> of(MethodHandles.Lookup copy, Class<E> type) {
    return VectorSpecies.of(type, VectorShape.forBitSize(WidthCopies.width(copy).bits()));
  }

  /**
   * {@return the shuffle that moves parts of ints next to those of the same rank}: of ints cut into
   * {@code parts} bytes each, or pairs of bytes cut in two, part {@code q} of element {@code j}
   * goes to {@code q * n + j}, {@code n} being the number of elements
   *
   * @param copy the lookup of the copy, from its static initializer
   * @param parts the bytes of an element
   */
  public static VectorShuffle<Byte> spread(MethodHandles.Lookup copy, int parts) {
    VectorSpecies<Byte> bytes = of(copy, byte.class);
    int n = bytes.length() / parts;
    return VectorShuffle.fromOp(bytes, to -> to % n * parts + to / n);
  }

  /**
   * {@return the shuffle that undoes {@link #spread}}
   *
   * @param copy the lookup of the copy, from its static initializer
   * @param parts the bytes of an element
   */
  public static VectorShuffle<Byte> gather(MethodHandles.Lookup copy, int parts) {
    VectorSpecies<Byte> bytes = of(copy, byte.class);
    int n = bytes.length() / parts;
    return VectorShuffle.fromOp(bytes, to -> to % parts * n + to / parts);
  }

  /**
   * {@return the shuffle that brings pairs of codes to both their lanes}: the byte of code {@code q
   * * n + j} of half a vector of pairs goes to byte {@code q} of int {@code j} of {@code n}
   *
   * @param copy the lookup of the copy, from its static initializer
   * @param half 0 for the lower half, 1 for the upper
   */
  public static VectorShuffle<Byte> gatherPairs(MethodHandles.Lookup copy, int half) {
    VectorSpecies<Byte> bytes = of(copy, byte.class);
    int n = bytes.length() / 4;
    return VectorShuffle.fromOp(bytes, to -> half * bytes.length() / 2 + (to % 4 * n + to / 4) / 2);
  }

  /**
   * {@return the shuffle that moves the lower halves of ints before the upper ones}
   *
   * @param copy the lookup of the copy, from its static initializer
   */
  public static VectorShuffle<Short> spreadShorts(MethodHandles.Lookup copy) {
    VectorSpecies<Short> shorts = of(copy, short.class);
    int n = shorts.length() / 2;
    return VectorShuffle.fromOp(shorts, to -> to % n * 2 + to / n);
  }

  /**
   * {@return the shuffle that undoes {@link #spreadShorts}}
   *
   * @param copy the lookup of the copy, from its static initializer
   */
  public static VectorShuffle<Short> gatherShorts(MethodHandles.Lookup copy) {
    VectorSpecies<Short> shorts = of(copy, short.class);
    int n = shorts.length() / 2;
    return VectorShuffle.fromOp(shorts, to -> to % 2 * n + to / 2);
  }

  /**
   * {@return the shuffle that puts each byte of one half of a vector twice}
   *
   * @param copy the lookup of the copy, from its static initializer
   * @param half 0 for the lower half, 1 for the upper
   */
  public static VectorShuffle<Byte> doubled(MethodHandles.Lookup copy, int half) {
    VectorSpecies<Byte> bytes = of(copy, byte.class);
    return VectorShuffle.fromOp(bytes, to -> half * bytes.length() / 2 + to / 2);
  }

  /**
   * {@return the shuffle that exchanges ints at a distance}
   *
   * @param copy the lookup of the copy, from its static initializer
   * @param distance a power of two; if not less than the lanes, nothing moves
   */
  public static VectorShuffle<Integer> swap(MethodHandles.Lookup copy, int distance) {
    VectorSpecies<Integer> ints = of(copy, int.class);
    return VectorShuffle.fromOp(ints, to -> (to ^ distance) & (ints.length() - 1));
  }

  /**
   * {@return the species of bytes with as many lanes as the copy's width has ints}; at 128 bits the
   * smallest there is, with twice as many
   *
   * @param copy the lookup of the copy, from its static initializer
   */
  public static VectorSpecies<Byte> quarter(MethodHandles.Lookup copy) {
    int bits = Math.max(WidthCopies.width(copy).bits() / 4, 64);
    return VectorSpecies.of(byte.class, VectorShape.forBitSize(bits));
  }

  /**
   * {@return the species of shorts with as many lanes as the copy's width has ints}
   *
   * @param copy the lookup of the copy, from its static initializer
   */
  public static VectorSpecies<Short> half(MethodHandles.Lookup copy) {
    return VectorSpecies.of(
        short.class, VectorShape.forBitSize(WidthCopies.width(copy).bits() / 2));
  }
}
