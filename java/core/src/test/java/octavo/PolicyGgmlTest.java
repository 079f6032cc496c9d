package octavo;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import octavo.format.BlockFormat;
import octavo.format.FloatFormat;
import octavo.format.Formats;
import octavo.format.NibbleOrder;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@link Policy#GGML} against ggml, bit by bit. */
class PolicyGgmlTest {

  private static Peer ggml;

  @BeforeAll
  static void load() {
    ggml = Peer.load("ggml", List.of("libggml-base.so"));
  }

  @Test
  void everyNumberIsCastAlike() throws Throwable {
    for (Map.Entry<FloatFormat, String> cast :
        Map.of(Formats.BF16, "ggml_fp32_to_bf16_row", Formats.FP16, "ggml_fp32_to_fp16_row")
            .entrySet()) {
      FloatFormat format = cast.getKey();
      MethodHandle row =
          ggml.function(cast.getValue(), FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_LONG));
      for (float[] values :
          List.of(PolicyInputs.everyBf16(), PolicyInputs.everyFp16(), PolicyInputs.fp32(format))) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment in = arena.allocateFrom(JAVA_FLOAT, values);
          MemorySegment out = arena.allocate(JAVA_SHORT, values.length);
          row.invokeExact(in, out, (long) values.length);
          for (int i = 0; i < values.length; i++) {
            int theirs = out.getAtIndex(JAVA_SHORT, i) & 0xFFFF;
            int ours = Policy.GGML.encode(format, values[i]);
            if (ours != theirs) {
              assertEquals(
                  theirs, ours, "%s of %08x".formatted(format, Float.floatToRawIntBits(values[i])));
            }
          }
        }
      }
    }
  }

  @Test
  void mxfp4BlocksAreAlike() throws Throwable {
    assertBlocksAlike(Formats.MXFP4, "quantize_mxfp4", 32, 1);
  }

  @Test
  void nvfp4BlocksAreAlike() throws Throwable {
    assertBlocksAlike(Formats.NVFP4, "quantize_nvfp4", 64, 4);
  }

  /**
   * ggml's blocks begin with their scales; NVFP4's have four, each for 16 numbers in two halves.
   */
  private static void assertBlocksAlike(
      BlockFormat format, String function, int superBlock, int scales) throws Throwable {
    MethodHandle quantize =
        ggml.function(
            function,
            FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
    int length = format.blockColumns();
    float[][] blocks = PolicyInputs.blocks(60_000, superBlock);
    float[] values = new float[blocks.length * superBlock];
    for (int b = 0; b < blocks.length; b++) {
      System.arraycopy(blocks[b], 0, values, b * superBlock, superBlock);
    }
    // Every BF16 number leads a block in which all else is half of it.
    for (int code = 0; code < 1 << 16; code++) {
      int at = code * superBlock % values.length;
      Arrays.fill(values, at, at + superBlock, Float.intBitsToFloat(code << 16) / 2);
      values[at] = Float.intBitsToFloat(code << 16);
      if (at + 2 * superBlock >= values.length || code == (1 << 16) - 1) {
        compare(quantize, format, values, length, superBlock, scales);
      }
    }
    for (int b = 0; b < blocks.length; b++) {
      System.arraycopy(blocks[b], 0, values, b * superBlock, superBlock);
    }
    compare(quantize, format, values, length, superBlock, scales);
  }

  private static void compare(
      MethodHandle quantize,
      BlockFormat format,
      float[] values,
      int length,
      int superBlock,
      int scales)
      throws Throwable {
    int stride = scales + superBlock / 2;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(JAVA_FLOAT, values);
      long count = values.length / superBlock;
      MemorySegment out = arena.allocate(count * stride);
      long size =
          (long) quantize.invokeExact(in, out, 1L, (long) values.length, MemorySegment.NULL);
      assertEquals(out.byteSize(), size);
      Tensor ours = Tensor.allocate(arena, format, values.length);
      Policy.GGML.quantize(Tensor.of(values, values.length), ours);
      int[] codes = new int[length];
      float[] block = new float[length];
      for (int b = 0; b < values.length / length; b++) {
        System.arraycopy(values, b * length, block, 0, length);
        long start = (long) (b / scales) * stride;
        int part = b % scales;
        long codesAt = start + scales + (long) part * (length / 2);
        int theirScale = out.get(JAVA_BYTE, start + part) & 0xFF;
        int scale = Policy.GGML.quantizeBlock(format, block, codes);
        assertEquals(theirScale, scale, () -> format + " scale of " + Arrays.toString(block));
        assertEquals(theirScale, ours.scales().code(b));
        for (int k = 0; k < length; k++) {
          int theirs = NibbleOrder.HALVES.get(out, codesAt, k, length);
          int element = k;
          assertEquals(
              theirs, codes[k], () -> format + "[" + element + "] " + Arrays.toString(block));
          assertEquals(theirs, ours.code((long) b * length + k));
        }
      }
    }
  }
}
