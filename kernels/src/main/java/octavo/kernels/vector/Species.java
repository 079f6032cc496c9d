package octavo.kernels.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.VectorShape;
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
   * {@return the species of bytes with as many lanes as the copy's width has ints}; at 128 bits the
   * smallest there is, with twice as many
   *
   * @param copy the lookup of the copy, from its static initializer
   */
  public static VectorSpecies<Byte> quarter(MethodHandles.Lookup copy) {
    int bits = Math.max(WidthCopies.width(copy).bits() / 4, 64);
    return VectorSpecies.of(byte.class, VectorShape.forBitSize(bits));
  }
}
