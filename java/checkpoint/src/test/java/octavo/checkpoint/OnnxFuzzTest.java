package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is done to a model's bytes, it is read or refused, soon and in little memory. */
class OnnxFuzzTest {

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int ROUNDS = 50_000;

  /** A model with a field of every kind. */
  private static byte[] model() {
    Proto external =
        OnnxBytes.tensor("external", OnnxDataType.UINT8, 0)
            .message(
                OnnxFields.EXTERNAL_DATA,
                new Proto().string(OnnxFields.KEY, "location").string(OnnxFields.VALUE, "w.bin"));
    Proto graph =
        new Proto()
            .message(
                OnnxFields.NODE,
                OnnxBytes.node("Gemm", "layer", "y", "x", "t", "bias")
                    .message(
                        OnnxFields.NODE_ATTRIBUTE,
                        OnnxBytes.attribute("transB").varint(OnnxFields.ATTRIBUTE_INT, 1))
                    .message(
                        OnnxFields.NODE_ATTRIBUTE,
                        OnnxBytes.attribute("alpha").fixed32(OnnxFields.ATTRIBUTE_FLOAT, 1)))
            .message(
                OnnxFields.NODE,
                OnnxBytes.node("Transpose", "", "t", "raw")
                    .message(
                        OnnxFields.NODE_ATTRIBUTE,
                        OnnxBytes.attribute("perm").packed(OnnxFields.ATTRIBUTE_INTS, 1, 0)))
            .string(2, "graph")
            .message(OnnxFields.INITIALIZER, OnnxBytes.zeros("raw", OnnxDataType.FLOAT, 2, 2))
            .message(
                OnnxFields.INITIALIZER,
                OnnxBytes.tensor("floats", OnnxDataType.FLOAT, 3)
                    .packedFloats(OnnxFields.FLOAT_DATA, 1, 2)
                    .fixed32(OnnxFields.FLOAT_DATA, 3))
            .message(
                OnnxFields.INITIALIZER,
                OnnxBytes.tensor("bytes", OnnxDataType.FLOAT8E4M3FN, 4)
                    .packed(OnnxFields.INT32_DATA, 1, 200, 3)
                    .varint(OnnxFields.INT32_DATA, 4))
            .message(
                OnnxFields.INITIALIZER,
                OnnxBytes.tensor("longs", OnnxDataType.INT64, 2)
                    .packed(OnnxFields.INT64_DATA, -1, 1L << 40))
            .message(
                OnnxFields.INITIALIZER,
                OnnxBytes.tensor("doubles", OnnxDataType.DOUBLE, 2)
                    .packedDoubles(OnnxFields.DOUBLE_DATA, 1, 2))
            .message(
                OnnxFields.INITIALIZER,
                OnnxBytes.tensor("text", OnnxDataType.STRING, 1)
                    .string(OnnxFields.STRING_DATA, "text"))
            .message(OnnxFields.INITIALIZER, external);
    return OnnxBytes.model(graph).message(8, new Proto().varint(2, 24)).toByteArray();
  }

  @Test
  void theModelItselfIsSound() throws IOException {
    try (var arena = new CountingArena()) {
      OnnxCheckpoint model = OnnxBytes.read(model(), arena);
      assertTrue(model.initializers().size() == 7 && model.matmulWeights().size() == 1);
      assertTrue(arena.allocated > 0);
    }
  }

  @Test
  void everyTruncationIsReadOrRefused() {
    byte[] model = model();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int length = 0; length < model.length; length++) {
            read(Arrays.copyOf(model, length));
          }
        });
  }

  @Test
  void everyByteOfEveryValueIsReadOrRefused() {
    byte[] model = model();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int at = 0; at < model.length; at++) {
            byte[] changed = model.clone();
            for (int value = 0; value < 256; value++) {
              changed[at] = (byte) value;
              read(changed);
            }
          }
        });
  }

  @Test
  void randomChangesAreReadOrRefused() {
    long seed = Long.getLong("octavo.test.seed", 20260101);
    System.out.println("OnnxFuzzTest: -Doctavo.test.seed=" + seed);
    byte[] model = model();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          var random = new Random(seed);
          for (int round = 0; round < ROUNDS; round++) {
            read(changed(model, random));
          }
        });
  }

  /** A copy with bits flipped, bytes replaced, parts moved or the end cut off. */
  private static byte[] changed(byte[] model, Random random) {
    byte[] bytes = model.clone();
    for (int change = random.nextInt(8); change >= 0; change--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> {
          int count = random.nextInt(Math.min(16, bytes.length - at));
          int from = random.nextInt(bytes.length - count);
          System.arraycopy(model, Math.min(from, model.length - count), bytes, at, count);
        }
        default -> bytes = Arrays.copyOf(bytes, Math.max(1, bytes.length - random.nextInt(4)));
      }
    }
    return bytes;
  }

  private static void read(byte[] model) {
    try (var arena = new CountingArena()) {
      try {
        OnnxBytes.read(model, arena);
      } catch (CheckpointException e) {
        assertTrue(e.offset() >= 0 && e.offset() <= model.length, e::getMessage);
      } catch (IOException | RuntimeException | Error e) {
        throw new AssertionError("model " + Arrays.toString(model), e);
      }
      assertTrue(
          arena.allocated <= 8L * model.length, () -> "memory for " + Arrays.toString(model));
    }
  }

  /** Counts what is allocated. */
  private static final class CountingArena implements Arena {

    private final Arena arena = Arena.ofConfined();
    private long allocated;

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
      allocated += byteSize;
      return arena.allocate(byteSize, byteAlignment);
    }

    @Override
    public MemorySegment.Scope scope() {
      return arena.scope();
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
