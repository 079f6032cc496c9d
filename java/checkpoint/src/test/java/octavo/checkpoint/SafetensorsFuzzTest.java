package octavo.checkpoint;

import static octavo.checkpoint.SafetensorsBytes.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is done to a file's bytes, it is read or refused, soon. */
class SafetensorsFuzzTest {

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int ROUNDS = 100_000;

  private static final String[] PIECES = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "0",
    "1",
    "9",
    "-",
    ".",
    "e",
    "U8",
    "F4",
    "F8_E4M3",
    "null",
    "true",
    "\"shape\"",
    "\"dtype\"",
    "\"data_offsets\"",
    "__metadata__",
    "\\u0000",
    "\\",
    " ",
    "9223372036854775807",
    "99999999999999999999",
    "1e400"
  };

  private static byte[] file() {
    return SafetensorsBytes.of(
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + tensor("a.weight", "F8_E4M3", "[2,3]", 0, 6)
            + ","
            + tensor("a.weight_scale", "F32", "[1]", 6, 10)
            + ","
            + tensor("b_blocks", "U8", "[1,1,2]", 10, 12)
            + ","
            + tensor("four", "F4", "[2,2]", 12, 14)
            + ","
            + tensor("empty", "BF16", "[0]", 14, 14)
            + "}  ",
        1,
        2,
        3,
        4,
        5,
        6,
        0,
        0,
        0x80,
        0x3f,
        7,
        8,
        9,
        10);
  }

  @Test
  void theFileItselfIsSound() throws IOException {
    assertEquals(5, SafetensorsBytes.read(file()).entries().size());
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] file = file();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            Refusal.of(() -> SafetensorsBytes.read(cut), "");
          }
        });
  }

  @Test
  void everyByteOfEveryValueIsReadOrRefused() {
    byte[] file = file();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          for (int at = 0; at < file.length; at++) {
            byte[] changed = file.clone();
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
    System.out.println("SafetensorsFuzzTest: -Doctavo.test.seed=" + seed);
    byte[] file = file();
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          var random = new Random(seed);
          for (int round = 0; round < ROUNDS; round++) {
            read(changed(file, random));
          }
        });
  }

  /** A copy with bits flipped, pieces of JSON put in, parts moved or the end cut off. */
  private static byte[] changed(byte[] file, Random random) {
    byte[] bytes = file.clone();
    for (int change = random.nextInt(8); change >= 0; change--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> {
          byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.US_ASCII);
          System.arraycopy(piece, 0, bytes, at, Math.min(piece.length, bytes.length - at));
        }
        case 2 -> {
          int count = random.nextInt(Math.min(40, bytes.length - at));
          int from = random.nextInt(bytes.length - count);
          System.arraycopy(bytes.clone(), from, bytes, at, count);
        }
        default -> bytes = Arrays.copyOf(bytes, Math.max(1, bytes.length - random.nextInt(4)));
      }
    }
    return bytes;
  }

  private static void read(byte[] file) {
    try {
      var model = SafetensorsBytes.read(file);
      long size = 0;
      for (SafetensorsEntry entry : model.entries()) {
        size += entry.data().byteSize();
      }
      assertTrue(size < file.length);
    } catch (CheckpointException e) {
      assertTrue(e.offset() >= 0 && e.offset() <= file.length, e::getMessage);
      assertEquals(1, e.getMessage().lines().count(), e::getMessage);
    } catch (IOException | RuntimeException | Error e) {
      throw new AssertionError("file " + new String(file, StandardCharsets.ISO_8859_1), e);
    }
  }
}
