package octavo.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The reference kernels of quantize and dequantize, by hand and against published blocks. */
class QuantizeReferenceTest {

  /** A block worked with the Neuron SDK's golden algorithm and ml_dtypes; all exact in BF16. */
  private static final float[] WORKED = {
    500,
    -448,
    448,
    464,
    480,
    -496,
    256,
    255,
    240,
    248,
    1,
    0.5f,
    -0.0009765625f,
    0,
    -0f,
    3.140625f,
    100,
    33,
    17,
    1.0625f,
    1.1875f,
    2.5f,
    -7,
    12.375f,
    -300,
    0.03125f,
    0.0078125f,
    -0.00390625f,
    6,
    5,
    -15.5f,
    0.001953125f
  };

  @ParameterizedTest
  @CsvSource({
    "MXFP8_E4M3, OCP_FLOOR, 7F,"
        + " 7e fe 7e 7e 7e fe 78 78 77 78 38 30 80 00 80 45"
        + " 6c 60 58 38 3a 42 ce 54 f9 10 04 82 4c 4a d8 01",
    "MXFP8_E4M3, TRAINIUM, 80,"
        + " 78 f6 76 76 77 f8 70 70 6f 70 30 28 80 00 80 3d"
        + " 64 58 50 30 32 3a c6 4c f1 08 02 81 44 42 d0 00",
    "MXFP8_E5M2, OCP_FLOOR, 78,"
        + " 7b fb 7b 7b 7b fb 78 78 78 78 58 54 b0 00 80 5e"
        + " 72 6c 68 58 59 5d e3 66 f9 44 3c b8 62 61 e8 34",
    "MXFP4, OCP_FLOOR, 85,"
        + " 07 0f 07 07 07 0f 06 06 06 06 00 00 08 00 08 00"
        + " 03 01 01 00 00 00 08 00 0e 00 00 08 00 00 08 00"
  })
  void theWorkedBlock(String format, ScaleRule rule, String scale, String codes) {
    for (ElementFormat in : new ElementFormat[] {Formats.FP32, Formats.BF16}) {
      Tensor values = row(in, WORKED);
      Tensor out = Tensor.allocateHeap(Formats.byName(format), 1, 32);
      new QuantizeReference().run(values, out, rule, Rounding.NEAREST_EVEN, 0, Workers.CALLER);
      assertEquals(Integer.parseInt(scale, 16), out.scales().code(0, 0));
      int[] expected =
          Arrays.stream(codes.strip().split(" ", -1))
              .mapToInt(code -> Integer.parseInt(code, 16))
              .toArray();
      assertArrayEquals(expected, codes(out, 0));
    }
  }

  @Test
  void nvfp4InTwoLevels() {
    // The largest magnitude is 448 * 6, so that the tensor scale is 1.
    float[] values = new float[64];
    Arrays.fill(values, 0, 16, 3);
    values[16] = -2688;
    values[17] = 1344;
    values[18] = 112; // a quarter of a unit: to even, zero
    values[19] = 113;
    values[48] = 0x1p-7f; // the smallest scale is 2^-6, where this is 0.5
    Tensor out = quantize(Formats.NVFP4, values);
    assertEquals(1.0f, out.tensorScale());
    assertArrayEquals(new int[] {0x30, 0x7E, 0x08, 0x08}, codes(out.scales(), 0));
    int[] codes = codes(out, 0);
    assertEquals(7, codes[0]);
    assertEquals(7, codes[15]);
    assertArrayEquals(new int[] {0xF, 5, 0, 1}, Arrays.copyOfRange(codes, 16, 20));
    assertEquals(1, codes[48]);
    Tensor back = dequantize(out, Formats.FP32);
    assertEquals(3, back.get(0, 0));
    assertEquals(-2688, back.get(0, 16));
    assertEquals(1344, back.get(0, 17));
    assertEquals(0x1p-7f, back.get(0, 48));
  }

  @Test
  void aBlockOfNvfp4WithInfinityLeavesTheOthersAlone() {
    float[] values = new float[32];
    Arrays.fill(values, 6);
    values[20] = Float.NEGATIVE_INFINITY;
    Tensor out = quantize(Formats.NVFP4, values);
    assertEquals(6f / 2688f, out.tensorScale());
    assertArrayEquals(new int[] {0x7E, 0x7F}, codes(out.scales(), 0));
    Tensor back = dequantize(out, Formats.FP32);
    assertEquals(6 * (448 * (6f / 2688f)), back.get(0, 0));
    for (int k = 16; k < 32; k++) {
      assertEquals(Float.NaN, back.get(0, k));
    }
  }

  @Test
  void int8WithAScalePerRow() {
    Tensor in = Tensor.of(new float[] {254, 1, 3, -254, 5, 0, 0, 0, 0, 0}, 2, 5);
    Tensor out = Tensor.allocateHeap(Formats.INT8_ROW, 2, 5);
    new QuantizeReference()
        .run(in, out, ScaleRule.OCP_FLOOR, Rounding.NEAREST_EVEN, 0, Workers.CALLER);
    assertEquals(2.0f, out.scales().get(0, 0));
    assertEquals(1.0f, out.scales().get(1, 0)); // zeros
    assertArrayEquals(new int[] {127, 0, 2, 0x81, 2}, codes(out, 0)); // 0.5, 1.5 and 2.5 to even
    assertArrayEquals(new int[5], codes(out, 1));
  }

  @Test
  void partialBlocksOf128By128() {
    Tensor in = Tensor.allocateHeap(Formats.FP32, 129, 130);
    in.setCode(Float.floatToRawIntBits(448), 127, 127);
    in.setCode(Float.floatToRawIntBits(-896), 0, 128);
    in.setCode(Float.floatToRawIntBits(Float.NaN), 128, 0);
    in.setCode(Float.floatToRawIntBits(Float.MIN_VALUE), 128, 129);
    Tensor out = Tensor.allocateHeap(Formats.E4M3FN_128X128, 129, 130);
    new QuantizeReference()
        .run(in, out, ScaleRule.OCP_FLOOR, Rounding.NEAREST_EVEN, 0, Workers.CALLER);
    assertArrayEquals(new float[] {1, 2, Float.NaN, Float.MIN_NORMAL}, out.scales().toArray());
    assertEquals(0x7E, out.code(127, 127));
    assertEquals(0xFE, out.code(0, 128));
    assertEquals(0x00, out.code(128, 129)); // 2^-149 / 2^-126 is below half of 2^-9
  }

  @ParameterizedTest
  @CsvSource({
    // scale code, element code, value in FP32, BF16 and FP16
    "0x00, 0x38, 0x00400000, 0x0040, 0x0000", // 1 * 2^-127: subnormal in FP32
    "0x00, 0x01, 0x00002000, 0x0000, 0x0000", // 2^-9 * 2^-127
    "0x00, 0x81, 0x80002000, 0x8000, 0x8000",
    "0x00, 0x7E, 0x04600000, 0x0460, 0x0000", // 448 * 2^-127 = 1.75 * 2^-119
    "0x7F, 0x39, 0x3F900000, 0x3F90, 0x3C80",
    "0xFE, 0x38, 0x7F000000, 0x7F00, 0x7C00", // 1 * 2^127
    "0xFE, 0x40, 0x7F800000, 0x7F80, 0x7C00", // 2 * 2^127 is infinite
    "0xFE, 0x81, 0xFA800000, 0xFA80, 0xFC00",
    "0xFE, 0x80, 0x80000000, 0x8000, 0x8000",
    "0xFF, 0x38, 0x7FC00000, 0x7FC0, 0x7E00",
    "0xFF, 0x00, 0x7FC00000, 0x7FC0, 0x7E00",
  })
  void dequantizeAtTheEndsOfE8m0(String scale, String code, String fp32, String bf16, String fp16) {
    Tensor in = Tensor.allocateHeap(Formats.MXFP8_E4M3, 1, 32);
    in.scales().setCode(Integer.decode(scale), 0, 0);
    in.setCode(Integer.decode(code), 0, 5);
    assertEquals(Long.decode(fp32).intValue(), dequantize(in, Formats.FP32).code(0, 5));
    assertEquals(Integer.decode(bf16), dequantize(in, Formats.BF16).code(0, 5));
    assertEquals(Integer.decode(fp16), dequantize(in, Formats.FP16).code(0, 5));
  }

  @Test
  void theScaleTimesTheTensorScaleIsRoundedFirst() {
    Tensor in = Tensor.allocateHeap(Formats.NVFP4, 1, 16);
    in.scales().setCode(0x3B, 0, 0); // 1.375
    in.setTensorScale(0.1f);
    in.setCode(0x5, 0, 3); // 3
    float factor = 1.375f * 0.1f;
    assertEquals(3 * factor, dequantize(in, Formats.FP32).get(0, 3));
  }

  private static Tensor row(ElementFormat format, float[] values) {
    Tensor tensor = Tensor.allocateHeap(format, 1, values.length);
    for (int k = 0; k < values.length; k++) {
      tensor.setCode(format.encode(values[k], Overflow.IEEE), 0, k);
    }
    return tensor;
  }

  private static Tensor quantize(BlockFormat format, float[] values) {
    Tensor out = Tensor.allocateHeap(format, 1, values.length);
    new QuantizeReference()
        .run(
            row(Formats.FP32, values),
            out,
            ScaleRule.OCP_FLOOR,
            Rounding.NEAREST_EVEN,
            0,
            Workers.CALLER);
    return out;
  }

  private static Tensor dequantize(Tensor in, ElementFormat format) {
    Tensor out = Tensor.allocateHeap(format, in.rows(), in.columns());
    new DequantizeReference().run(in, out, Workers.CALLER);
    return out;
  }

  private static int[] codes(Tensor tensor, int row) {
    int[] codes = new int[(int) tensor.columns()];
    for (int k = 0; k < codes.length; k++) {
      codes[k] = tensor.code(row, k);
    }
    return codes;
  }
}
