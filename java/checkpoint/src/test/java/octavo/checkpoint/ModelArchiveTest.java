package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelArchiveTest {

  private static final byte[] DATA = {1, 2, 3};
  private static final byte[] MODEL =
      OnnxBytes.modelOf(
              OnnxBytes.tensor("w", OnnxDataType.UINT8, 3).bytes(OnnxFields.RAW_DATA, DATA))
          .toByteArray();

  @TempDir Path folder;

  @Test
  void aStoredModelIsMappedWhereItLies() throws IOException {
    Path file = write(zip(ZipEntry.STORED));
    try (Arena arena = Arena.ofConfined()) {
      OnnxCheckpoint model = ModelArchive.open(file, arena).onnx("models/m.onnx", cache());
      assertEquals(file, model.file());
      assertTrue(model.initializer("w").data().isMapped());
      assertArrayEquals(DATA, model.initializer("w").data().toArray(ValueLayout.JAVA_BYTE));
    }
    assertTrue(Files.notExists(cache()));
  }

  @Test
  void aDeflatedModelIsUnpackedOnce() throws IOException {
    Path file = write(zip(ZipEntry.DEFLATED));
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(file, arena);
      assertEquals(List.of("README", "models/m.onnx"), archive.entries());
      OnnxCheckpoint model = archive.onnx("models/m.onnx", cache());
      assertArrayEquals(DATA, model.initializer("w").data().toArray(ValueLayout.JAVA_BYTE));
      assertTrue(model.initializer("w").data().isMapped());
      assertEquals(List.of(model.file()), cached());
      Object key = Files.readAttributes(model.file(), "unix:ino").get("ino");
      archive.onnx("models/m.onnx", cache());
      assertEquals(key, Files.readAttributes(model.file(), "unix:ino").get("ino"));
    }
  }

  @Test
  void aPartOfAModelInTheCacheIsReplaced() throws IOException {
    Path file = write(zip(ZipEntry.DEFLATED));
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(file, arena);
      Path unpacked = archive.unpack("models/m.onnx", cache());
      Files.write(unpacked, Arrays.copyOf(MODEL, 5));
      assertEquals(unpacked, archive.unpack("models/m.onnx", cache()));
      assertArrayEquals(MODEL, Files.readAllBytes(unpacked));
    }
  }

  @Test
  void aStoredEntryCanBeUnpackedToo() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(write(zip(ZipEntry.STORED)), arena);
      assertArrayEquals(MODEL, Files.readAllBytes(archive.unpack("models/m.onnx", cache())));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../../escape.onnx", "/etc/m.onnx", "..\\m.onnx", "a\0b", "..", "dir/", "é"})
  void unpackedFilesStayInTheCache(String name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(write(zip(ZipEntry.DEFLATED, name)), arena);
      Path unpacked = archive.unpack(name, cache());
      assertEquals(cache(), unpacked.getParent());
      assertEquals(cache().toRealPath(), unpacked.toRealPath().getParent());
    }
  }

  @Test
  void offsetsOfErrorsInAStoredModelAreOfTheArchive() throws IOException {
    byte[] zip = zip(ZipEntry.STORED);
    int model = indexOf(zip, MODEL);
    zip[model] = 0;
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(write(zip), arena);
      var e = Refusal.of(() -> archive.onnx("models/m.onnx", cache()), "model");
      assertEquals(model, e.offset());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.STORED, ZipEntry.DEFLATED})
  void contentOfAnotherCrcIsRefusedAndLeavesNothing(int method) throws IOException {
    byte[] zip = zip(method);
    int crc = indexOf(zip, littleEndian(4, crc(MODEL)));
    int inDirectory =
        crc
            + 4
            + indexOf(Arrays.copyOfRange(zip, crc + 4, zip.length), littleEndian(4, crc(MODEL)));
    zip[inDirectory] ^= 1;
    assertUnpackingRefused(zip, "does not have the size and CRC-32");
  }

  @Test
  void dataThatCannotBeInflatedIsRefusedAndLeavesNothing() throws IOException {
    byte[] zip = zip(ZipEntry.DEFLATED);
    int data = indexOf(zip, "models/m.onnx".getBytes(StandardCharsets.UTF_8)) + 13;
    zip[data] = 7;
    assertUnpackingRefused(zip, "cannot be inflated");
  }

  @Test
  void encryptedAndForeignMethodsAreRefused() throws IOException {
    byte[] encrypted = zip(ZipEntry.STORED);
    int header = lastIndexOfDirectoryEntry(encrypted);
    encrypted[header + 8] |= 1;
    assertUnpackingRefused(encrypted, "is encrypted; stored (0) and deflated (8) entries are read");
    byte[] foreign = zip(ZipEntry.STORED);
    foreign[header + 10] = 93;
    assertUnpackingRefused(foreign, "is packed by method 93");
    byte[] sizes = zip(ZipEntry.STORED);
    sizes[header + 20]++;
    assertUnpackingRefused(sizes, "is stored, but has two sizes");
  }

  @Test
  void aMissingEntryIsAnsweredWithThoseThatAreThere() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(write(zip(ZipEntry.STORED)), arena);
      var e = assertThrows(NoSuchElementException.class, () -> archive.onnx("m.onnx", cache()));
      assertTrue(e.getMessage().contains("[README, models/m.onnx]"), e::getMessage);
    }
  }

  @Test
  void anArchiveWithACommentIsRead() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      zip.setComment("PK\5\6 in a comment");
      zip.putNextEntry(new ZipEntry("m"));
      zip.write(MODEL);
    }
    try (Arena arena = Arena.ofConfined()) {
      assertEquals(List.of("m"), ModelArchive.open(write(bytes.toByteArray()), arena).entries());
    }
  }

  @Test
  void ofEntriesWithOneNameTheLastCounts() throws IOException {
    byte[] zip = zip(ZipEntry.STORED, "README2");
    int entry = lastIndexOfDirectoryEntry(zip);
    zip[entry + 28]--; // The name is a byte shorter,
    zip[entry + 32]++; // and the comment after it a byte longer.
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(write(zip), arena);
      assertEquals(List.of("README"), archive.entries());
      assertArrayEquals(MODEL, Files.readAllBytes(archive.unpack("README", cache())));
    }
  }

  @Test
  void sizesAndOffsetsOf64BitsAreRead() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      OnnxCheckpoint model = ModelArchive.open(write(zip64()), arena).onnx("m", cache());
      assertArrayEquals(DATA, model.initializer("w").data().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void anythingElseIsRefused() throws IOException {
    for (byte[] bytes : List.of(new byte[0], new byte[21], new byte[100], MODEL)) {
      Path file = write(bytes);
      Refusal.of(() -> ModelArchive.open(file, Arena.ofAuto()), "no end of a zip directory");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.STORED, ZipEntry.DEFLATED, -1})
  void everyByteOfEveryValueIsReadOrRefused(int method) {
    byte[] zip = method < 0 ? zip64() : zip(method);
    assertTimeoutPreemptively(
        Duration.ofMinutes(2),
        () -> {
          for (int length = 0; length < zip.length; length++) {
            readAll(Arrays.copyOf(zip, length));
          }
          for (int at = 0; at < zip.length; at++) {
            byte[] changed = zip.clone();
            for (int value : new int[] {0, 0x7f, 0xff, zip[at] ^ 1}) {
              changed[at] = (byte) value;
              readAll(changed);
            }
          }
        });
  }

  private void readAll(byte[] zip) throws IOException {
    Path file = write(zip);
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(file, arena);
      for (String name : archive.entries()) {
        try {
          archive.onnx(name, cache());
        } catch (CheckpointException e) {
          // One entry may be damaged, and another sound.
        }
      }
    } catch (CheckpointException e) {
      assertTrue(e.offset() >= 0, e::getMessage);
    }
  }

  private void assertUnpackingRefused(byte[] zip, String part) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      ModelArchive archive = ModelArchive.open(write(zip), arena);
      Refusal.of(() -> archive.unpack("models/m.onnx", cache()), part);
      assertEquals(List.of(), cached());
    }
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("models.jar"), bytes);
  }

  private Path cache() {
    return folder.resolve("cache");
  }

  private List<Path> cached() throws IOException {
    if (Files.notExists(cache())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(cache())) {
      return files.toList();
    }
  }

  private static byte[] zip(int method) {
    return zip(method, "models/m.onnx");
  }

  private static byte[] zip(int method, String name) {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      put(zip, method, "README", "Read me.".getBytes(StandardCharsets.UTF_8));
      put(zip, method, name, MODEL);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream zip, int method, String name, byte[] content)
      throws IOException {
    var entry = new ZipEntry(name);
    entry.setMethod(method);
    entry.setSize(content.length);
    entry.setCrc(crc(content));
    zip.putNextEntry(entry);
    zip.write(content);
  }

  /** An archive of one stored entry "m", all of whose numbers are in 64 bits. */
  private static byte[] zip64() {
    var zip = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
    int crc = (int) crc(MODEL);
    zip.putInt(0x04034b50).putShort((short) 45).putInt(0).putInt(0);
    zip.putInt(crc).putInt(-1).putInt(-1).putShort((short) 1).putShort((short) 20).put((byte) 'm');
    zip.putShort((short) 1).putShort((short) 16).putLong(MODEL.length).putLong(MODEL.length);
    zip.put(MODEL);
    long directory = zip.position();
    zip.putInt(0x02014b50).putInt(45).putInt(0).putInt(0).putInt(crc).putInt(-1).putInt(-1);
    zip.putShort((short) 1).putShort((short) 33).putShort((short) 0).putLong(0).putInt(-1);
    zip.put((byte) 'm').putShort((short) 0x5455).putShort((short) 1).put((byte) 0);
    zip.putShort((short) 1).putShort((short) 24);
    zip.putLong(MODEL.length).putLong(MODEL.length).putLong(0);
    long end = zip.position();
    zip.putInt(0x06064b50).putLong(44).putInt(45).putInt(0).putInt(0).putLong(1).putLong(1);
    zip.putLong(end - directory).putLong(directory);
    zip.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
    zip.putInt(0x06054b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0);
    return Arrays.copyOf(zip.array(), zip.position());
  }

  private static int lastIndexOfDirectoryEntry(byte[] zip) {
    int first = indexOf(zip, littleEndian(4, 0x02014b50));
    int from = first + 4;
    return from + indexOf(Arrays.copyOfRange(zip, from, zip.length), littleEndian(4, 0x02014b50));
  }

  private static byte[] littleEndian(int width, long value) {
    byte[] bytes = new byte[width];
    for (int i = 0; i < width; i++) {
      bytes[i] = (byte) (value >> (8 * i));
    }
    return bytes;
  }

  private static long crc(byte[] bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  private static int indexOf(byte[] bytes, byte[] part) {
    for (int at = 0; at <= bytes.length - part.length; at++) {
      if (Arrays.equals(bytes, at, at + part.length, part, 0, part.length)) {
        return at;
      }
    }
    throw new AssertionError("not there");
  }
}
