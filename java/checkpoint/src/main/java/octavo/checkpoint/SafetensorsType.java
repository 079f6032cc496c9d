package octavo.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import octavo.format.ElementFormat;
import octavo.format.Formats;

/**
 * The element types of safetensors files, under the names that their headers use.
 *
 * <p>Elements are little-endian. Those of less than a byte are packed without gaps and fill whole
 * bytes; the format does not say in which order, and this library follows PyTorch: the first of two
 * {@link #F4} elements is in the low half of its byte.
 *
 * <p>{@link #F8_E4M3} means OCP's E4M3 without infinity (E4M3FN, largest value 448). There is no
 * type for the IEEE-like E4M3 of Trainium 1 and 2 nor for E3M4: checkpoints for them carry their
 * codes as F8_E4M3 and rely on both formats having the same codes up to 240.
 */
public enum SafetensorsType {
  /** 0 or 1 in a byte. */
  BOOL(8),
  /** OCP FP4 (E2M1), two to a byte. */
  F4(4),
  /** OCP FP6 with 2 exponent bits, four to three bytes. */
  F6_E2M3(6),
  /** OCP FP6 with 3 exponent bits, four to three bytes. */
  F6_E3M2(6),
  /** Integers from 0 to 255; also the bytes of packed formats. */
  U8(8),
  /** Integers from -128 to 127. */
  I8(8),
  /** OCP FP8, 5 exponent bits, IEEE-like. */
  F8_E5M2(8),
  /** OCP FP8, 4 exponent bits, no infinity, largest value 448. */
  F8_E4M3(8),
  /** OCP MX scales: powers of two from 2^-127 to 2^127. */
  F8_E8M0(8),
  /** FP8, 4 exponent bits, bias 8, no infinity, no negative zero. */
  F8_E4M3FNUZ(8),
  /** FP8, 5 exponent bits, bias 16, no infinity, no negative zero. */
  F8_E5M2FNUZ(8),
  /** Integers of 16 bits. */
  I16(16),
  /** Integers of 16 bits without a sign. */
  U16(16),
  /** IEEE 754 binary16. */
  F16(16),
  /** The upper half of an F32. */
  BF16(16),
  /** Integers of 32 bits. */
  I32(32),
  /** Integers of 32 bits without a sign. */
  U32(32),
  /** IEEE 754 binary32. */
  F32(32),
  /** Two F32: real, imaginary. */
  C64(64),
  /** IEEE 754 binary64. */
  F64(64),
  /** Integers of 64 bits. */
  I64(64),
  /** Integers of 64 bits without a sign. */
  U64(64);

  private final int bits;

  SafetensorsType(int bits) {
    this.bits = bits;
  }

  /** {@return the bits of one element} */
  public int bits() {
    return bits;
  }

  /** {@return the format in which tensors compute with this type, if there is one} */
  public Optional<ElementFormat> format() {
    return switch (this) {
      case F4 -> Optional.of(Formats.E2M1);
      case I8 -> Optional.of(Formats.INT8);
      case F8_E5M2 -> Optional.of(Formats.E5M2);
      case F8_E4M3 -> Optional.of(Formats.E4M3FN);
      case F8_E8M0 -> Optional.of(Formats.E8M0);
      case F8_E4M3FNUZ -> Optional.of(Formats.E4M3FNUZ);
      case F8_E5M2FNUZ -> Optional.of(Formats.E5M2FNUZ);
      case F16 -> Optional.of(Formats.FP16);
      case BF16 -> Optional.of(Formats.BF16);
      case F32 -> Optional.of(Formats.FP32);
      default -> Optional.empty();
    };
  }

  /**
   * {@return the bytes that a number of elements takes}
   *
   * @param elements the number of elements
   * @throws ArithmeticException if the bits do not fit in a {@code long}
   * @throws IllegalArgumentException if the elements do not fill whole bytes
   */
  public long byteSize(long elements) {
    long total = Math.multiplyExact(elements, (long) bits);
    if (total % Byte.SIZE != 0) {
      throw new IllegalArgumentException(
          "%d elements of %s are %d bits, no whole number of bytes"
              .formatted(elements, this, total));
    }
    return total / Byte.SIZE;
  }

  /**
   * {@return the type with a name, if there is one}
   *
   * @param name the name in a header, such as {@code F8_E4M3}
   */
  public static Optional<SafetensorsType> of(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * {@return the type whose elements a format's codes are, if there is one}
   *
   * @param format a format of elements
   */
  public static Optional<SafetensorsType> of(ElementFormat format) {
    return Arrays.stream(values())
        .filter(type -> type.format().filter(format::equals).isPresent())
        .findFirst();
  }
}
