package octavo.kernels.vector;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;

/** Copies of a template class, one for each width of vectors. */
public final class WidthCopies {

  /*
   * C2 turns Vector API calls into instructions only where the species is a constant: a static
   * final field. Passed as a parameter it costs a factor of 30 and garbage. So a loop that exists
   * in three widths must exist in three classes. They are not written three times: a template class
   * has
   *
   *   static final VectorSpecies<Float> SPECIES = Species.of(MethodHandles.lookup(), float.class);
   *
   * and is defined once per width from the same bytes, as a hidden class whose class data is the
   * Width. Each copy has constants, profile and compiled code of its own; inside, the calls are
   * those of hand-written code. The template itself is never initialized.
   *
   * What copies do not separate are the profiles inside the Vector API itself: see EncoderLanes for
   * how a second width in the same process spoiled a loop of the first, and which calls avoid that.
   *
   * Prices: stack traces say ChainTile6x2/0x..., and native images would need the copies at build time.
   * Species as parameter (27 to 44 times slower), codecs behind interfaces in the loop (4 to 6
   * times) and three hand copies were the alternatives; generated source was not needed.
   */

  private WidthCopies() {}

  /**
   * {@return an instance of a new copy of a template}
   *
   * @param <T> what kernels call the copy through: one call per tile or run, never per vector
   * @param lookup a lookup in the template's package
   * @param type an interface of the template
   * @param template a top-level class with a constructor without parameters
   * @param width the width that {@link Species#of} shall give to the copy
   */
  public static <T> T instance(
      MethodHandles.Lookup lookup, Class<T> type, Class<? extends T> template, Width width) {
    return instance(lookup, type, bytes(template), width);
  }

  /**
   * {@return an instance of a new hidden class}
   *
   * @param <T> what kernels call it through: one call per tile or run, never per vector
   * @param lookup a lookup in the package of the class
   * @param type an interface of the class
   * @param code the class, with a constructor without parameters
   * @param width the width that {@link Species#of} shall give to it
   */
  public static <T> T instance(
      MethodHandles.Lookup lookup, Class<T> type, byte[] code, Width width) {
    try {
      MethodHandles.Lookup copy = lookup.defineHiddenClassWithClassData(code, width, true);
      return type.cast(
          copy.findConstructor(copy.lookupClass(), MethodType.methodType(void.class)).invoke());
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(
          "cannot define a %s for %d bits".formatted(type.getName(), width.bits()), e);
    }
  }

  /** {@return the width of a copy} */
  static Width width(MethodHandles.Lookup copy) {
    try {
      return Objects.requireNonNull(
          MethodHandles.classData(copy, ConstantDescs.DEFAULT_NAME, Width.class),
          "a template was initialized that is no copy");
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(Class<?> template) {
    String name = template.getName();
    String file = name.substring(name.lastIndexOf('.') + 1) + ".class";
    try (InputStream in = template.getResourceAsStream(file)) {
      return Objects.requireNonNull(in, file).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
