package octavo.nki;

import java.util.Arrays;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The element types of {@code nki.language}, and the FP8 type that only the runtime lists.
 *
 * <p>Source: AWS Neuron SDK, NKI ISA API Common Fields, table "Supported Data Types by NKI"; for
 * {@link #FLOAT8_E3M4} the runtime's {@code nrt_dtype} and the page on data types.
 */
public enum DType {
  /** IEEE binary32. */
  FLOAT32("float32", 4, Formats.FP32),
  /** FP32 with 10 mantissa bits, kept in 32 bits. */
  TFLOAT32("tfloat32", 4, Formats.TF32),
  /** The upper half of FP32. */
  BFLOAT16("bfloat16", 2, Formats.BF16),
  /** IEEE binary16. */
  FLOAT16("float16", 2, Formats.FP16),
  /** FP8_EXP5, largest value 57344. */
  FLOAT8_E5M2("float8_e5m2", 1, Formats.E5M2),
  /** FP8_EXP4, IEEE-like, largest value 240. */
  FLOAT8_E4M3("float8_e4m3", 1, Formats.E4M3),
  /** OCP FP8, largest value 448; NeuronCore-v4. */
  FLOAT8_E4M3FN("float8_e4m3fn", 1, Formats.E4M3FN),
  /** FP8_EXP3, largest value 15.5; known to the runtime, not to {@code nki.language}. */
  FLOAT8_E3M4("float8_e3m4", 1, Formats.E3M4),
  /** A power of two: the scale of MX blocks; NeuronCore-v4. */
  FLOAT8_E8M0FNU("float8_e8m0fnu", 1, Formats.E8M0),
  /** Four {@link #FLOAT8_E5M2} in 32 bits, element 0 lowest; NeuronCore-v4. */
  FLOAT8_E5M2_X4("float8_e5m2_x4", 4, Formats.E5M2),
  /** Four {@link #FLOAT8_E4M3FN} in 32 bits, element 0 lowest; NeuronCore-v4. */
  FLOAT8_E4M3FN_X4("float8_e4m3fn_x4", 4, Formats.E4M3FN),
  /** Four E2M1 in 16 bits, element 0 lowest; NeuronCore-v4. */
  FLOAT4_E2M1FN_X4("float4_e2m1fn_x4", 2, Formats.E2M1),
  /** Signed 8 bits. */
  INT8("int8", 1, Formats.INT8),
  /** Unsigned 8 bits, also {@code bool_}. */
  UINT8("uint8", 1, null),
  /** Signed 16 bits. */
  INT16("int16", 2, null),
  /** Unsigned 16 bits. */
  UINT16("uint16", 2, null),
  /** Signed 32 bits. */
  INT32("int32", 4, null),
  /** Unsigned 32 bits. */
  UINT32("uint32", 4, null);

  private static final DType[] VALUES = values();

  private final String nkiName;
  private final int bytes;

  @SuppressWarnings(
      "ImmutableEnumChecker") // ElementFormat is sealed, and its records are immutable.
  private final @Nullable ElementFormat format;

  DType(String nkiName, int bytes, @Nullable ElementFormat format) {
    this.nkiName = nkiName;
    this.bytes = bytes;
    this.format = format;
  }

  /** {@return the name in {@code nki.language}} */
  public String nkiName() {
    return nkiName;
  }

  /** {@return the bytes of one element; of all four in a packed type} */
  public int bytes() {
    return bytes;
  }

  /** {@return whether an element holds four numbers} */
  public boolean packed() {
    return this == FLOAT8_E5M2_X4 || this == FLOAT8_E4M3FN_X4 || this == FLOAT4_E2M1FN_X4;
  }

  /** {@return whether this is an integer type} */
  public boolean integer() {
    return switch (this) {
      case INT8, UINT8, INT16, UINT16, INT32, UINT32 -> true;
      default -> false;
    };
  }

  /** {@return whether this is one of the four unpacked FP8 number types} */
  public boolean fp8() {
    return bytes == 1 && !integer() && this != FLOAT8_E8M0FNU;
  }

  /**
   * {@return the format of its numbers}
   *
   * @throws UnsupportedOperationException for the integer types that tensors have no format for:
   *     see {@link IntegerTile}
   */
  public ElementFormat format() {
    if (format == null) {
      throw new UnsupportedOperationException(
          nkiName + " has no tensor format; keep it in an IntegerTile");
    }
    return format;
  }

  /**
   * {@return the unpacked type of a tensor's elements}
   *
   * @param tensor any tensor
   * @throws IllegalArgumentException if NKI has no unpacked type of that format
   */
  public static DType of(Tensor tensor) {
    for (DType type : VALUES) {
      if (type.format != null && !type.packed() && type.format.equals(tensor.format())) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "NKI has no type for a tile %s; its formats are %s"
            .formatted(
                tensor,
                Arrays.stream(values())
                    .filter(type -> type.format != null && !type.packed())
                    .map(type -> type.format)
                    .toList()));
  }

  /**
   * {@return the packed type of an element format}
   *
   * @param element E5M2, E4M3FN or E2M1
   * @throws IllegalArgumentException for other formats
   */
  public static DType packedOf(ElementFormat element) {
    for (DType type : VALUES) {
      if (type.packed() && element.equals(type.format)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        element + " cannot be packed by four; E5M2, E4M3FN and E2M1 can");
  }

  /** {@return the name in {@code nki.language}} */
  @Override
  public String toString() {
    return nkiName;
  }
}
