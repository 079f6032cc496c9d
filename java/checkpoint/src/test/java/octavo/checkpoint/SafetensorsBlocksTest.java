package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import octavo.checkpoint.SafetensorsWriter.Content;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Codes and scales as gpt-oss, DeepSeek, compressed-tensors and ModelOpt store them. */
class SafetensorsBlocksTest {

  private static final float[] FP4 = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

  @TempDir Path folder;

  private final Arena arena = Arena.ofConfined();
  private final SafetensorsWriter writer = new SafetensorsWriter();

  @AfterEach
  void close() {
    arena.close();
  }

  private void add(String name, SafetensorsType type, long[] shape, byte[] data) {
    writer.add(name, type, shape, Content.of(MemorySegment.ofArray(data)));
  }

  private SafetensorsCheckpoint file() throws IOException {
    Path file = folder.resolve("m.safetensors");
    writer.write(file);
    return SafetensorsCheckpoint.open(file, arena);
  }

  private static byte[] ramp(int size, int start) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) (start + 7 * i);
    }
    return bytes;
  }

  /** gpt-oss's own rule: the low nibble first, the table's value times 2^(scale - 127). */
  private static float fp4(int nibble, double scale) {
    return (float) ((nibble < 8 ? FP4[nibble] : -FP4[nibble - 8]) * scale);
  }

  @Test
  void gptOssBlocksAreMxfp4InPlace() throws IOException {
    for (String separator : new String[] {"_", "."}) {
      byte[] codes = ramp(2 * 3 * 2 * 16, 1);
      byte[] scales = ramp(2 * 3 * 2, 118);
      String name = "experts" + separator.length() + (separator.equals("_") ? "a" : "b");
      add(name + separator + "blocks", SafetensorsType.U8, new long[] {2, 3, 2, 16}, codes);
      add(name + separator + "scales", SafetensorsType.U8, new long[] {2, 3, 2}, scales);
      Tensor tensor = file().blocks(name, arena);

      assertEquals(Formats.MXFP4, tensor.format());
      assertArrayEquals(new long[] {2, 3, 64}, tensor.shape());
      assertTrue(tensor.data().isMapped() && tensor.scales().data().isMapped());
      float[] values = tensor.toArray();
      for (int i = 0; i < values.length; i++) {
        int nibble = codes[i / 2] >> (i % 2 * 4) & 15;
        float expected = fp4(nibble, Math.scalb(1.0, (scales[i / 32] & 0xff) - 127));
        assertEquals(expected, values[i], "element " + i);
      }
    }
  }

  @Test
  void deepSeekTilesDecodeByTheirMultiplier() throws IOException {
    byte[] codes = ramp(130 * 200, 0);
    float[] scales = {1, 2, 4, 8};
    add("w", SafetensorsType.F8_E4M3, new long[] {130, 200}, codes);
    writer.add("w_scale_inv", Tensor.of(scales, 2, 2));
    Tensor tensor = file().blocks("w", arena);

    assertEquals(Formats.E4M3FN_128X128, tensor.format());
    float expected = Formats.E4M3FN.decode(codes[129 * 200 + 150]) * 8;
    assertEquals(expected, tensor.get(129, 150));
    assertEquals(Formats.E4M3FN.decode(codes[150]) * 2, tensor.get(0, 150));
  }

  @Test
  void oneScaleForATensorOrForEachRow() throws IOException {
    add("t.weight", SafetensorsType.F8_E4M3, new long[] {2, 3}, ramp(6, 8));
    add("t.weight_scale", SafetensorsType.F32, new long[0], floats(3));
    add("r.weight", SafetensorsType.F8_E5M2, new long[] {2, 3}, ramp(6, 8));
    add("r.weight_scale", SafetensorsType.F32, new long[] {2, 1}, floats(3, 5));
    add("f.weight", SafetensorsType.F8_E4M3, new long[] {2, 3}, ramp(6, 8));
    add("f.weight_scale", SafetensorsType.BF16, new long[] {2}, new byte[] {0, 0x40, 0, 0x41});
    var file = file();

    Tensor whole = file.blocks("t.weight", arena);
    assertEquals(Formats.E4M3FN_TENSOR, whole.format());
    assertEquals(Formats.E4M3FN.decode(8 + 7 * 5) * 3, whole.get(1, 2));
    Tensor rows = file.blocks("r.weight", arena);
    assertEquals(Formats.E5M2_ROW, rows.format());
    assertEquals(Formats.E5M2.decode(8 + 7 * 5) * 5, rows.get(1, 2));
    Tensor widened = file.blocks("f.weight", arena);
    assertEquals(Formats.E4M3FN_ROW, widened.format());
    assertEquals(Formats.E4M3FN.decode(8 + 7 * 5) * 8, widened.get(1, 2));
  }

  @Test
  void nvfp4OfBothKinds() throws IOException {
    byte[] codes = ramp(2 * 16, 3);
    byte[] scales = {0x38, 0x40, 0x30, 0x44};
    add("c_packed", SafetensorsType.U8, new long[] {2, 16}, codes);
    add("c_scale", SafetensorsType.F8_E4M3, new long[] {2, 2}, scales);
    add("c_global_scale", SafetensorsType.F32, new long[] {1}, floats(4));
    add("m", SafetensorsType.U8, new long[] {2, 16}, codes);
    add("m_scale", SafetensorsType.F8_E4M3, new long[] {2, 2}, scales);
    add("m_scale_2", SafetensorsType.F32, new long[0], floats(0.25f));
    var file = file();
    float[] values = file.blocks("c", arena).toArray();

    assertEquals(Formats.NVFP4, file.blocks("c", arena).format());
    assertArrayEquals(values, file.blocks("m", arena).toArray());
    float[] decoded = {1, 2, 0.5f, 3};
    for (int i = 0; i < values.length; i++) {
      int nibble = codes[i / 2] >> (i % 2 * 4) & 15;
      assertEquals(fp4(nibble, decoded[i / 16] * 0.25), values[i], "element " + i);
    }
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() throws IOException {
    add("a_blocks", SafetensorsType.U8, new long[] {1, 2, 16}, ramp(32, 0));
    add("b_blocks", SafetensorsType.U8, new long[] {1, 2, 16}, ramp(32, 0));
    add("b_scales", SafetensorsType.U8, new long[] {2, 1}, ramp(2, 0));
    add("c", SafetensorsType.F8_E4M3, new long[] {2, 2}, ramp(4, 0));
    add("c_scale", SafetensorsType.F32, new long[] {3}, floats(1, 2, 3));
    add("d", SafetensorsType.F8_E4M3, new long[] {2, 2}, ramp(4, 0));
    add("e", SafetensorsType.BF16, new long[] {2, 2}, ramp(8, 0));
    add("f", SafetensorsType.F8_E4M3, new long[] {2, 2}, ramp(4, 0));
    add("f_scale", SafetensorsType.F64, new long[] {1}, ramp(8, 0));
    add("g", SafetensorsType.F8_E4M3, new long[] {2, 129}, ramp(258, 0));
    add("g_scale_inv", SafetensorsType.F32, new long[] {1, 1}, floats(1));
    var file = file();

    refused(file, "a", "a_blocks U8[1, 2, 16]: ", " has no 'a_scales' beside it");
    refused(file, "b", "b_blocks U8[1, 2, 16] and b_scales U8[2, 1] do not go together");
    refused(file, "c", "c F8_E4M3[2, 2] and c_scale F32[3] do not go together");
    refused(file, "d", "has no 'd_scale' beside it");
    refused(file, "e", "e BF16[2, 2]: only F8_E4M3 and F8_E5M2 have scales like that");
    refused(file, "f", "f_scale F64[1]: such scales are F32, BF16 or F16");
    refused(file, "g", "g F8_E4M3[2, 129] and g_scale_inv F32[1, 1] do not go together");
    var e = assertThrows(NoSuchElementException.class, () -> file.blocks("x", arena));
    assertTrue(e.getMessage().endsWith("has none of 'x', 'x_blocks', 'x.blocks' and 'x_packed'"));
  }

  private void refused(SafetensorsCheckpoint file, String name, String... parts) {
    var e = assertThrows(UnsupportedOperationException.class, () -> file.blocks(name, arena));
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  private static byte[] floats(float... values) {
    var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }
}
