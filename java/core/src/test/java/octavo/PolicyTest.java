package octavo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.NibbleOrder;
import octavo.format.Rounding;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyTest {

  static Stream<Arguments> casts() {
    return Arrays.stream(Policy.values())
        .flatMap(
            policy -> policy.castFormats().stream().map(format -> Arguments.of(policy, format)));
  }

  private static FloatFormat format(String name) {
    return (FloatFormat) Formats.byName(name);
  }

  /** All BF16 numbers but NaN, cast by ml_dtypes 0.5.4 and 0.6.0, as CRC-32 of the codes. */
  @ParameterizedTest
  @CsvSource({
    "E3M4, ef80e280", "E4M3, b9c66bca", "E4M3FN, 37449f7b", "E5M2, d888644c",
    "E2M3, 4d85b9f4", "E3M2, 175d59e3", "E2M1, 4b3022d0", "E8M0, 81e73081"
  })
  void castsOfMlDtypesHaveItsChecksums(String name, String crc) {
    assertEquals(crc, checksum(Policy.ML_DTYPES, format(name)));
  }

  /** AWS's simulator casts with ml_dtypes. */
  @ParameterizedTest
  @CsvSource({
    "TRN1, E3M4, ef80e280", "TRN1, E4M3, b9c66bca", "TRN1, E5M2, d888644c",
    "TRN2, E3M4, ef80e280", "TRN2, E4M3, b9c66bca", "TRN2, E5M2, d888644c",
    "TRN3, E3M4, ef80e280", "TRN3, E4M3, b9c66bca", "TRN3, E5M2, d888644c",
    "TRN3, E4M3FN, 37449f7b"
  })
  void castsOfTrainiumHaveTheChecksumsOfItsSimulator(Policy policy, String name, String crc) {
    assertEquals(crc, checksum(policy, format(name)));
  }

  private static String checksum(Policy policy, FloatFormat format) {
    var crc = new CRC32();
    for (float value : PolicyInputs.everyBf16()) {
      if (!Float.isNaN(value)) {
        crc.update(policy.encode(format, value));
      }
    }
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  /** ml_dtypes run on +Inf, -Inf, NaN and -NaN. */
  @ParameterizedTest
  @CsvSource({
    "E3M4, 70, F0, 78, F8", "E4M3, 78, F8, 7C, FC", "E4M3FN, 7F, FF, 7F, FF",
    "E4M3FNUZ, 80, 80, 80, 80", "E4M3B11FNUZ, 80, 80, 80, 80", "E5M2, 7C, FC, 7E, FE",
    "E5M2FNUZ, 80, 80, 80, 80", "E8M0, FF, FF, FF, FF", "E2M3, 1F, 3F, 20, 00",
    "E3M2, 1F, 3F, 20, 00", "E2M1, 07, 0F, 08, 00"
  })
  void specialNumbersOfMlDtypes(
      String name, String inf, String minusInf, String nan, String minus) {
    FloatFormat format = format(name);
    float[] values = {
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.intBitsToFloat(0x7FC00000),
      Float.intBitsToFloat(0xFFC00000)
    };
    String[] expected = {inf, minusInf, nan, minus};
    for (int i = 0; i < values.length; i++) {
      assertEquals(
          HexFormat.fromHexDigits(expected[i]), Policy.ML_DTYPES.encode(format, values[i]));
    }
  }

  /** OFP8 revision 1.0, table of conversions, saturating; and the values of tables 1 to 3. */
  @Test
  void castsOfOcpSaturate() {
    for (FloatFormat format : new FloatFormat[] {Formats.E4M3FN, Formats.E5M2}) {
      float max = format.equals(Formats.E4M3FN) ? 448 : 57344;
      for (float value : new float[] {max, 2 * max, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
        assertEquals(max, format.decode(Policy.OCP.encode(format, value)));
        assertEquals(-max, format.decode(Policy.OCP.encode(format, -value)));
      }
      assertTrue(Float.isNaN(format.decode(Policy.OCP.encode(format, Float.NaN))));
    }
  }

  @ParameterizedTest
  @MethodSource("casts")
  void tablesGiveTheBitsOfTheDefinition(Policy policy, ElementFormat format) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor bf16 = codes(arena, Formats.BF16, 256, 256);
      Tensor fp16 = codes(arena, Formats.FP16, 256, 256);
      Tensor small = codes(arena, Formats.E4M3FN, 16, 16);
      float[] numbers = PolicyInputs.fp32((FloatFormat) format);
      Tensor fp32 = Tensor.of(numbers, 1, numbers.length);
      for (Tensor in :
          new Tensor[] {
            bf16, fp16, small, fp32, bf16.transpose(), bf16.slice(1, 8, 40), fp32.slice(1, 2, 999)
          }) {
        Tensor out = policy.convert(in, format, arena);
        for (long i = 0; i < in.dimension(0); i++) {
          for (long k = 0; k < in.dimension(1); k++) {
            // Tensor.get gives every NaN as the quiet one; FP32 has others.
            boolean isFp32 = in.format().equals(Formats.FP32);
            float value = isFp32 ? Float.intBitsToFloat(in.code(i, k)) : in.get(i, k);
            int expected = policy.encode(format, value);
            if (expected != out.code(i, k)) {
              assertEquals(expected, out.code(i, k), policy + " " + format + " of " + value);
            }
          }
        }
      }
    }
  }

  private static Tensor codes(Arena arena, ElementFormat format, long rows, long columns) {
    Tensor tensor = Tensor.allocate(arena, format, rows, columns);
    for (long i = 0; i < rows; i++) {
      for (long k = 0; k < columns; k++) {
        tensor.setCode((int) (i * columns + k), i, k);
      }
    }
    return tensor;
  }

  @Test
  void outputsMayBeViews() {
    Tensor in = Tensor.of(new float[] {1, 2, 3, 4, 5, 500}, 2, 3);
    Tensor whole = Tensor.allocateHeap(Formats.E4M3FN, 4, 8);
    whole.data().fill((byte) 0x55);
    Tensor part = whole.slice(0, 1, 3).slice(1, 2, 5);
    Policy.TRN3.convert(in, part);
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, Float.NaN}, part.toArray());
    long untouched = 0;
    for (int i = 0; i < 4; i++) {
      for (int k = 0; k < 8; k++) {
        untouched += whole.code(i, k) == 0x55 ? 1 : 0;
      }
    }
    assertEquals(32 - 6, untouched);
  }

  @ParameterizedTest
  @MethodSource("casts")
  void plainCastsGiveTheSameBitsButForNan(Policy policy, ElementFormat format) {
    Cast cast;
    try {
      cast = policy.cast(format);
    } catch (UnsupportedOperationException e) {
      assertEquals(
          "no Cast gives the bits of %s in %s; use %s.convert".formatted(policy, format, policy),
          e.getMessage());
      return;
    }
    assertEquals(Rounding.NEAREST_EVEN, cast.rounding());
    for (float value : PolicyInputs.everyBf16()) {
      int expected = policy.encode(format, value);
      int code = format.encode(value, cast.overflow());
      boolean bothNan = Float.isNaN(format.decode(expected)) && Float.isNaN(format.decode(code));
      if (!bothNan && expected != code) {
        assertEquals(expected, code, policy + " " + format + " of " + value);
      }
    }
  }

  @Test
  void whereNoCastDoesTheSame() {
    List<String> special =
        casts()
            .map(arguments -> arguments.get())
            .filter(pair -> {
              try {
                ((Policy) pair[0]).cast((ElementFormat) pair[1]);
                return false;
              } catch (UnsupportedOperationException e) {
                return true;
              }
            })
            .map(pair -> pair[0] + " " + pair[1])
            .toList();
    assertEquals(
        List.of("ML_DTYPES E3M2", "ML_DTYPES E2M3", "ML_DTYPES E2M1", "TORCH E8M0", "ORT E8M0"),
        special);
  }

  @Test
  void formatsThatAPolicyLacksAreRefusedWithThoseItHas() {
    refused(
        "TRN2 has no cast to E4M3FN; it has TF32, BF16, FP16, E5M2, E4M3, E3M4: E4M3FN ends at 448,"
            + " the E4M3 of this chip at 240",
        () -> Policy.TRN2.cast(Formats.E4M3FN));
    refused("GGML has no cast to E5M2; it has BF16, FP16", () -> Policy.GGML.cast(Formats.E5M2));
    refused(
        "OCP does not quantize to NVFP4; it does to MXFP8_E4M3, MXFP8_E5M2, MXFP6_E3M2, MXFP6_E2M3,"
            + " MXFP4, MXINT8",
        () -> Policy.OCP.quantization(Formats.NVFP4));
    refused(
        "ORT does not quantize to MXFP4; it does to none",
        () -> Policy.ORT.quantize(Tensor.of(new float[32], 32), Formats.MXFP4, Arena.ofAuto()));
    refused(
        "no Quantization gives the bits of GGML; use GGML.quantize",
        () -> Policy.GGML.quantization(Formats.MXFP4));
    refused(
        "TORCH has no cast to E4M3; it has",
        () ->
            Policy.TORCH.convert(Tensor.of(new float[1], 1), Tensor.allocateHeap(Formats.E4M3, 1)));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Policy.OCP.convert(Tensor.of(new float[2], 2), Tensor.allocateHeap(Formats.E4M3FN, 3)));
  }

  private static void refused(String message, Runnable action) {
    var e = assertThrows(UnsupportedOperationException.class, action::run);
    assertTrue(e.getMessage().startsWith(message), e.getMessage());
  }

  @Test
  void scaleRulesOfThePolicies() {
    assertEquals(Quantization.OCP, Policy.OCP.quantization(Formats.MXFP4));
    assertEquals(Quantization.TRAINIUM, Policy.TRN3.quantization(Formats.MXFP8_E5M2));
    assertEquals(Quantization.OCP, Policy.TORCH.quantization(Formats.MXFP8_E4M3));
    assertEquals(List.of(Formats.MXFP4, Formats.NVFP4), Policy.GGML.blockFormats());
    assertEquals(List.of(Formats.E5M2_ROW, Formats.E4M3_ROW), Policy.TRN1.blockFormats());
    assertFalse(Policy.TRN3.blockFormats().contains(Formats.MXFP4));
  }

  /** The worked block: AWS's golden algorithm run with ml_dtypes, under both scale rules. */
  @ParameterizedTest
  @CsvSource({
    "OCP,  MXFP8_E4M3, 7F, 7efe7e7e7efe787877783830800080456c6058383a42ce54f91004824c4ad801",
    "TRN3, MXFP8_E4M3, 80, 78f6767677f870706f7030288000803d64585030323ac64cf10802814442d000",
    "OCP,  MXFP8_E5M2, 78, 7bfb7b7b7bfb787878785854b000805e726c6858595de366f9443cb86261e834",
    "OCP,  MXFP4,      85, 070f0707070f0606060600000800080003010100000008000e00000800000800"
  })
  void theWorkedBlock(Policy policy, String format, String scale, String expected) {
    String bf16 =
        "43fac3e043e043e843f0c3f84380437f437043783f803f00ba80000080004049"
            + "42c8420441883f883f984020c0e04146c3963d003c00bb8040c040a0c1783b00";
    float[] values = new float[32];
    int[] codes = new int[32];
    for (int k = 0; k < 32; k++) {
      values[k] = Float.intBitsToFloat(HexFormat.fromHexDigits(bf16, 4 * k, 4 * k + 4) << 16);
    }
    int code = policy.quantizeBlock((BlockFormat) Formats.byName(format), values, codes);
    assertEquals(HexFormat.fromHexDigits(scale), code);
    byte[] wanted = HexFormat.of().parseHex(expected.replace(" ", ""));
    for (int k = 0; k < 32; k++) {
      assertEquals(wanted[k] & 0xFF, codes[k], "element " + k);
    }
  }

  @ParameterizedTest
  @EnumSource
  void namesFindTheirPolicy(Policy policy) {
    assertEquals(policy, Policy.byName(policy.name().toLowerCase(java.util.Locale.ROOT)));
  }

  @Test
  void anUnknownNameListsAllPolicies() {
    var e = assertThrows(IllegalArgumentException.class, () -> Policy.byName("jax"));
    assertEquals(
        "no policy is called 'jax'; the policies are OCP, TRN1, TRN2, TRN3, ML_DTYPES, TORCH, ORT,"
            + " GGML",
        e.getMessage());
  }

  @Test
  void nibblesGoFromEachOrderToEachOther() {
    byte[] codes = new byte[32];
    byte[] pairs = new byte[16];
    byte[] halves = new byte[16];
    for (int i = 0; i < 32; i++) {
      int code = (i * 5 + 3) & 15;
      codes[i] = (byte) code;
      pairs[i / 2] |= (byte) (code << (i % 2 * 4));
      halves[i % 16] |= (byte) (code << (i / 16 * 4));
    }
    byte[][] orders = {pairs, halves, codes};
    for (NibbleOrder from : NibbleOrder.values()) {
      for (NibbleOrder to : NibbleOrder.values()) {
        byte[] in = twice(orders[index(from)]);
        byte[] out = new byte[2 * to.byteSize(32)];
        Arrays.fill(out, (byte) 0xFF);
        from.copy(MemorySegment.ofArray(in), to, MemorySegment.ofArray(out), 32);
        assertArrayEquals(twice(orders[index(to)]), out, from + " to " + to);
      }
      assertEquals(codes[17], from.get(MemorySegment.ofArray(orders[index(from)]), 0, 17, 32));
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            NibbleOrder.PAIRS.copy(
                MemorySegment.ofArray(pairs),
                NibbleOrder.BYTES,
                MemorySegment.ofArray(new byte[33]),
                32));
    assertEquals(NibbleOrder.HALVES, Policy.GGML.nibbleOrder());
    assertEquals(NibbleOrder.PAIRS, Policy.TRN3.nibbleOrder());
    assertEquals(NibbleOrder.BYTES, Policy.ML_DTYPES.nibbleOrder());
  }

  private static int index(NibbleOrder order) {
    return List.of(NibbleOrder.PAIRS, NibbleOrder.HALVES, NibbleOrder.BYTES).indexOf(order);
  }

  private static byte[] twice(byte[] bytes) {
    byte[] two = Arrays.copyOf(bytes, 2 * bytes.length);
    System.arraycopy(bytes, 0, two, bytes.length, bytes.length);
    return two;
  }

  @Test
  void blocksOfNvfp4AndOfRowsHaveNoFactorForTheTensor() {
    float[] values = new float[16];
    values[3] = -12;
    int[] codes = new int[16];
    assertEquals(0x40, Policy.TORCH.quantizeBlock(Formats.NVFP4, values, codes), "12 / 6");
    assertEquals(0xF, codes[3]);
    BlockFormat row = Formats.E4M3_ROW;
    assertEquals(
        Float.floatToRawIntBits(12f / 240f), Policy.TRN1.quantizeBlock(row, values, codes));
    assertEquals(0xF7, codes[3]);
  }
}
