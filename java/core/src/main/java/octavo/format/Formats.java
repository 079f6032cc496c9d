package octavo.format;

import static octavo.format.BlockFormat.WHOLE;

import java.util.List;
import java.util.stream.Stream;

/**
 * Every format, each defined once. Whatever needs to know the formats iterates {@link #elements()},
 * {@link #blocks()} or {@link #all()}: adding a format means adding it here.
 */
public final class Formats {

  private static final boolean SIGNED = true;
  private static final boolean UNSIGNED = false;
  private static final boolean INFINITIES = true;
  private static final boolean FINITE = false;
  private static final boolean NEGATIVE_ZERO = true;
  private static final boolean ONE_ZERO = false;

  // name, bits, exponent, mantissa, bias, sign, infinities, NaN codes, negative zero, subnormals

  /** IEEE 754 binary32, {@code float}. */
  public static final FloatFormat FP32 = ieee("FP32", 32, 8, 23, 127);

  /**
   * FP32 with 10 mantissa bits, kept in 32 bits; the low 13 are zero when written, ignored when
   * read.
   */
  public static final FloatFormat TF32 = ieee("TF32", 32, 8, 10, 127);

  /** The upper half of FP32. */
  public static final FloatFormat BF16 = ieee("BF16", 16, 8, 7, 127);

  /** IEEE 754 binary16. */
  public static final FloatFormat FP16 = ieee("FP16", 16, 5, 10, 15);

  /** OCP FP8 with 5 exponent bits: IEEE-like, largest value 57344. Trainium's FP8_EXP5. */
  public static final FloatFormat E5M2 = ieee("E5M2", 8, 5, 2, 15);

  /** IEEE-like FP8 with 4 exponent bits, largest value 240. Trainium's FP8_EXP4. */
  public static final FloatFormat E4M3 = ieee("E4M3", 8, 4, 3, 7);

  /** OCP FP8 with 4 exponent bits: no infinity, one NaN per sign, largest value 448. */
  public static final FloatFormat E4M3FN =
      new FloatFormat("E4M3FN", 8, 4, 3, 7, SIGNED, FINITE, NanCodes.ALL_ONES, NEGATIVE_ZERO, true);

  /** IEEE-like FP8 with 3 exponent bits, largest value 15.5. Trainium's FP8_EXP3. */
  public static final FloatFormat E3M4 = ieee("E3M4", 8, 3, 4, 3);

  /** E5M2 without infinity and negative zero, bias 16. */
  public static final FloatFormat E5M2FNUZ = fnuz("E5M2FNUZ", 5, 2, 16);

  /** E4M3 without infinity and negative zero, bias 8. */
  public static final FloatFormat E4M3FNUZ = fnuz("E4M3FNUZ", 4, 3, 8);

  /** E4M3 without infinity and negative zero, bias 11. */
  public static final FloatFormat E4M3B11FNUZ = fnuz("E4M3B11FNUZ", 4, 3, 11);

  /** OCP MX FP6 with 3 exponent bits, largest value 28. One code to a byte. */
  public static final FloatFormat E3M2 = finite("E3M2", 6, 3, 2, 3);

  /** OCP MX FP6 with 2 exponent bits, largest value 7.5. One code to a byte. */
  public static final FloatFormat E2M3 = finite("E2M3", 6, 2, 3, 1);

  /** OCP MX FP4: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives. Two codes to a byte. */
  public static final FloatFormat E2M1 = finite("E2M1", 4, 2, 1, 1);

  /** OCP MX scale: the powers of two from 2^-127 to 2^127, and NaN. */
  public static final FloatFormat E8M0 =
      new FloatFormat("E8M0", 8, 8, 0, 127, UNSIGNED, FINITE, NanCodes.ALL_ONES, ONE_ZERO, false);

  /** Eight-bit integers from -128 to 127, to be used with a scale. */
  public static final IntegerFormat INT8 = new IntegerFormat("INT8", 8, 0, false);

  /** The elements of MXINT8: six bits after the point, -127/64 to 127/64 when encoded. */
  public static final IntegerFormat INT8_FIXED6 = new IntegerFormat("INT8_FIXED6", 8, 6, true);

  private static final List<ElementFormat> ELEMENTS =
      List.of(
          FP32,
          TF32,
          BF16,
          FP16,
          E5M2,
          E4M3,
          E4M3FN,
          E3M4,
          E5M2FNUZ,
          E4M3FNUZ,
          E4M3B11FNUZ,
          E3M2,
          E2M3,
          E2M1,
          E8M0,
          INT8,
          INT8_FIXED6);

  /** OCP MXFP8 with E4M3FN elements. */
  public static final BlockFormat MXFP8_E4M3 = mx("MXFP8_E4M3", E4M3FN);

  /** OCP MXFP8 with E5M2 elements. */
  public static final BlockFormat MXFP8_E5M2 = mx("MXFP8_E5M2", E5M2);

  /** OCP MXFP6 with E3M2 elements. */
  public static final BlockFormat MXFP6_E3M2 = mx("MXFP6_E3M2", E3M2);

  /** OCP MXFP6 with E2M3 elements. */
  public static final BlockFormat MXFP6_E2M3 = mx("MXFP6_E2M3", E2M3);

  /** OCP MXFP4. */
  public static final BlockFormat MXFP4 = mx("MXFP4", E2M1);

  /** OCP MXINT8. */
  public static final BlockFormat MXINT8 = mx("MXINT8", INT8_FIXED6);

  /** NVIDIA's FP4: blocks of 16 with E4M3FN scales, and an FP32 scale for the tensor. */
  public static final BlockFormat NVFP4 = new BlockFormat("NVFP4", E2M1, 1, 16, E4M3FN, true);

  /** E4M3FN with one FP32 scale per tensor. */
  public static final BlockFormat E4M3FN_TENSOR = scaled(E4M3FN, WHOLE, WHOLE);

  /** E4M3FN with one FP32 scale per row. */
  public static final BlockFormat E4M3FN_ROW = scaled(E4M3FN, 1, WHOLE);

  /** E4M3FN with one FP32 scale per 1 x 128 elements, as DeepSeek quantizes activations. */
  public static final BlockFormat E4M3FN_1X128 = scaled(E4M3FN, 1, 128);

  /** E4M3FN with one FP32 scale per 128 x 128 elements, as DeepSeek quantizes weights. */
  public static final BlockFormat E4M3FN_128X128 = scaled(E4M3FN, 128, 128);

  /** E5M2 with one FP32 scale per row. */
  public static final BlockFormat E5M2_ROW = scaled(E5M2, 1, WHOLE);

  /** Trainium's E4M3 (largest value 240) with one FP32 scale per row. */
  public static final BlockFormat E4M3_ROW = scaled(E4M3, 1, WHOLE);

  /** Eight-bit integers with one FP32 scale per row. */
  public static final BlockFormat INT8_ROW = scaled(INT8, 1, WHOLE);

  /** Eight-bit integers with one FP32 scale per 32 elements, for activations beside MXFP4. */
  public static final BlockFormat INT8_1X32 = scaled(INT8, 1, 32);

  private static final List<BlockFormat> BLOCKS =
      List.of(
          MXFP8_E4M3,
          MXFP8_E5M2,
          MXFP6_E3M2,
          MXFP6_E2M3,
          MXFP4,
          MXINT8,
          NVFP4,
          E4M3FN_TENSOR,
          E4M3FN_ROW,
          E4M3FN_1X128,
          E4M3FN_128X128,
          E5M2_ROW,
          E4M3_ROW,
          INT8_ROW,
          INT8_1X32);

  private Formats() {}

  /** {@return every element format; a format's position is its number in the native interface} */
  public static List<ElementFormat> elements() {
    return ELEMENTS;
  }

  /** {@return every block format that has a constant here} */
  public static List<BlockFormat> blocks() {
    return BLOCKS;
  }

  /** {@return every element format, then every block format} */
  public static List<Format> all() {
    return Stream.<Format>concat(ELEMENTS.stream(), BLOCKS.stream()).toList();
  }

  /**
   * {@return the format with a name}
   *
   * @param name such as {@code E4M3FN} or {@code MXFP4}, in any case
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static Format byName(String name) {
    return all().stream()
        .filter(format -> format.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no format is called '" + name + "'; the formats are " + all()));
  }

  /**
   * {@return a format of elements with FP32 scales}, named after both, such as {@code E5M2_1X128};
   * equal to the constant where there is one
   *
   * @param element the format of the elements
   * @param blockRows rows of a block, or {@link BlockFormat#WHOLE}
   * @param blockColumns columns of a block, or {@link BlockFormat#WHOLE}
   */
  public static BlockFormat scaled(ElementFormat element, int blockRows, int blockColumns) {
    String block =
        blockRows == WHOLE
            ? "TENSOR"
            : blockColumns == WHOLE && blockRows == 1 ? "ROW" : blockRows + "X" + blockColumns;
    return new BlockFormat(
        element.name() + "_" + block, element, blockRows, blockColumns, FP32, false);
  }

  private static FloatFormat ieee(String name, int bits, int exponent, int mantissa, int bias) {
    return new FloatFormat(
        name,
        bits,
        exponent,
        mantissa,
        bias,
        SIGNED,
        INFINITIES,
        NanCodes.IEEE,
        NEGATIVE_ZERO,
        true);
  }

  private static FloatFormat fnuz(String name, int exponent, int mantissa, int bias) {
    return new FloatFormat(
        name, 8, exponent, mantissa, bias, SIGNED, FINITE, NanCodes.NEGATIVE_ZERO, ONE_ZERO, true);
  }

  private static FloatFormat finite(String name, int bits, int exponent, int mantissa, int bias) {
    return new FloatFormat(
        name, bits, exponent, mantissa, bias, SIGNED, FINITE, NanCodes.NONE, NEGATIVE_ZERO, true);
  }

  private static BlockFormat mx(String name, ElementFormat element) {
    return new BlockFormat(name, element, 1, 32, E8M0, false);
  }
}
