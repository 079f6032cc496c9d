package octavo.checkpoint;

import java.util.Optional;
import octavo.format.ElementFormat;
import octavo.format.Formats;

/**
 * The element types of ONNX tensors, with the numbers that {@code TensorProto.DataType} gives them.
 *
 * <p>Elements of less than a byte are packed from the low bits of a byte upwards: the first of two
 * 4-bit elements is in the low half. A tensor takes whole bytes.
 */
public enum OnnxDataType {
  /** IEEE 754 binary32. */
  FLOAT(1, 32, OnnxFields.FLOAT_DATA),
  /** Integers from 0 to 255. */
  UINT8(2, 8, OnnxFields.INT32_DATA),
  /** Integers from -128 to 127. */
  INT8(3, 8, OnnxFields.INT32_DATA),
  /** Integers of 16 bits without a sign. */
  UINT16(4, 16, OnnxFields.INT32_DATA),
  /** Integers of 16 bits. */
  INT16(5, 16, OnnxFields.INT32_DATA),
  /** Integers of 32 bits. */
  INT32(6, 32, OnnxFields.INT32_DATA),
  /** Integers of 64 bits. */
  INT64(7, 64, OnnxFields.INT64_DATA),
  /** Byte strings of any length: the only type whose data has no fixed size. */
  STRING(8, 0, OnnxFields.STRING_DATA),
  /** 0 or 1 in a byte. */
  BOOL(9, 8, OnnxFields.INT32_DATA),
  /** IEEE 754 binary16. */
  FLOAT16(10, 16, OnnxFields.INT32_DATA),
  /** IEEE 754 binary64. */
  DOUBLE(11, 64, OnnxFields.DOUBLE_DATA),
  /** Integers of 32 bits without a sign. */
  UINT32(12, 32, OnnxFields.UINT64_DATA),
  /** Integers of 64 bits without a sign. */
  UINT64(13, 64, OnnxFields.UINT64_DATA),
  /** Two FLOATs: real, imaginary. */
  COMPLEX64(14, 64, OnnxFields.FLOAT_DATA),
  /** Two DOUBLEs: real, imaginary. */
  COMPLEX128(15, 128, OnnxFields.DOUBLE_DATA),
  /** The upper half of a FLOAT. */
  BFLOAT16(16, 16, OnnxFields.INT32_DATA),
  /** OCP FP8, 4 exponent bits, no infinity, largest value 448. */
  FLOAT8E4M3FN(17, 8, OnnxFields.INT32_DATA),
  /** FP8, 4 exponent bits, bias 8, no infinity, no negative zero. */
  FLOAT8E4M3FNUZ(18, 8, OnnxFields.INT32_DATA),
  /** OCP FP8, 5 exponent bits, IEEE-like. */
  FLOAT8E5M2(19, 8, OnnxFields.INT32_DATA),
  /** FP8, 5 exponent bits, bias 16, no infinity, no negative zero. */
  FLOAT8E5M2FNUZ(20, 8, OnnxFields.INT32_DATA),
  /** Integers from 0 to 15, two to a byte. */
  UINT4(21, 4, OnnxFields.INT32_DATA),
  /** Integers from -8 to 7, two to a byte. */
  INT4(22, 4, OnnxFields.INT32_DATA),
  /** OCP FP4, two to a byte. */
  FLOAT4E2M1(23, 4, OnnxFields.INT32_DATA),
  /** OCP MX scales: powers of two from 2^-127 to 2^127. */
  FLOAT8E8M0(24, 8, OnnxFields.INT32_DATA),
  /** Integers from 0 to 3, four to a byte. */
  UINT2(25, 2, OnnxFields.INT32_DATA),
  /** Integers from -2 to 1, four to a byte. */
  INT2(26, 2, OnnxFields.INT32_DATA);

  private static final OnnxDataType[] TYPES = values();

  private final int number;
  private final int bits;
  private final int typedField;

  OnnxDataType(int number, int bits, int typedField) {
    this.number = number;
    this.bits = bits;
    this.typedField = typedField;
  }

  /** {@return the number of this type in ONNX files} */
  public int number() {
    return number;
  }

  /** {@return the bits of one element; 0 for {@link #STRING}} */
  public int bits() {
    return bits;
  }

  /**
   * {@return the bytes that a number of elements takes, rounded up to whole bytes}
   *
   * @param elements the number of elements
   * @throws ArithmeticException if the bits do not fit in a {@code long}
   */
  public long byteSize(long elements) {
    return Math.ceilDiv(Math.multiplyExact(elements, (long) bits), 8L);
  }

  /** {@return the format in which tensors compute with this type, if there is one} */
  public Optional<ElementFormat> format() {
    return switch (this) {
      case FLOAT -> Optional.of(Formats.FP32);
      case FLOAT16 -> Optional.of(Formats.FP16);
      case BFLOAT16 -> Optional.of(Formats.BF16);
      case FLOAT8E4M3FN -> Optional.of(Formats.E4M3FN);
      case FLOAT8E4M3FNUZ -> Optional.of(Formats.E4M3FNUZ);
      case FLOAT8E5M2 -> Optional.of(Formats.E5M2);
      case FLOAT8E5M2FNUZ -> Optional.of(Formats.E5M2FNUZ);
      case FLOAT4E2M1 -> Optional.of(Formats.E2M1);
      case FLOAT8E8M0 -> Optional.of(Formats.E8M0);
      case INT8 -> Optional.of(Formats.INT8);
      default -> Optional.empty();
    };
  }

  /** {@return the field of TensorProto that holds elements of this type when raw_data does not} */
  int typedField() {
    return typedField;
  }

  /**
   * {@return the type with a number, if there is one}
   *
   * @param number the number in an ONNX file
   */
  public static Optional<OnnxDataType> of(int number) {
    // Numbers start at 1 and have no gaps; 0 means UNDEFINED.
    return number >= 1 && number <= TYPES.length
        ? Optional.of(TYPES[number - 1])
        : Optional.empty();
  }
}
