package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxExternalDataTest {

  @TempDir Path folder;

  private Path models;

  @BeforeEach
  void writeData() throws IOException {
    models = Files.createDirectories(folder.resolve("models"));
    Files.write(models.resolve("w.bin"), new byte[] {0, 1, 2, 3, 4, 5, 6, 7});
    Files.write(folder.resolve("outside.bin"), new byte[8]);
  }

  @Test
  void offsetAndLengthSelectAPartOfTheFile() throws IOException {
    assertData(new byte[] {2, 3, 4}, 3, "location", "w.bin", "offset", "2", "length", "3");
  }

  @Test
  void withoutOffsetDataStartsTheFileAndWithoutLengthTheShapeHasIt() throws IOException {
    assertData(new byte[] {0, 1, 2}, 3, "location", "w.bin");
    assertData(new byte[] {6, 7}, 2, "location", "w.bin", "offset", "6", "checksum", "unused");
  }

  @Test
  void theFileMayBeInAFolderBelow() throws IOException {
    Files.createDirectories(models.resolve("data"));
    Files.write(models.resolve("data/x.bin"), new byte[] {9});
    assertData(new byte[] {9}, 1, "location", "data/x.bin");
    assertData(new byte[] {9}, 1, "location", "./data/x.bin");
  }

  @Test
  void aModelNamedWithoutItsFolderFindsItsData() throws IOException {
    Path file = write(tensor(3, "location", "w.bin"));
    Path relative = Path.of("").toAbsolutePath().relativize(file.toAbsolutePath());
    assertTrue(OnnxCheckpoint.open(relative, Arena.ofAuto()).find("w").isPresent());
  }

  @Test
  void tensorsShareTheMappingOfOneFile() throws IOException {
    Proto model =
        OnnxBytes.modelOf(
            external("a", 4, "location", "w.bin"),
            external("b", 4, "location", "./w.bin", "offset", "4"));
    Path file = Files.write(models.resolve("m.onnx"), model.toByteArray());
    try (Arena arena = Arena.ofConfined()) {
      OnnxCheckpoint both = OnnxCheckpoint.open(file, arena);
      long a = both.initializer("a").data().address();
      long b = both.initializer("b").data().address();
      assertTrue(b - a == 4, a + " " + b);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside.bin",
        "data/../../outside.bin",
        "/etc/hostname",
        "",
        "..",
        "x\0y",
        "missing.bin",
        "."
      })
  void locationsOutsideTheFolderAndMissingFilesAreRefused(String location) throws IOException {
    assertRefused("has its data in '" + location + "'", 8, "location", location);
  }

  @Test
  void anAbsolutePathIsRefusedEvenIntoTheFolder() throws IOException {
    Path absolute = models.resolve("w.bin").toAbsolutePath();
    assertRefused("relative path without '..'", 8, "location", absolute.toString());
  }

  @Test
  void aLinkOutOfTheFolderIsRefused() throws IOException {
    Files.createSymbolicLink(models.resolve("link.bin"), folder.resolve("outside.bin"));
    assertRefused("a link to a file outside", 8, "location", "link.bin");
  }

  @Test
  void aModelAndItsDataMayBeLinkedIntoOneFolder() throws IOException {
    Path file = write(tensor(3, "location", "w.bin"));
    Path snapshot = Files.createDirectories(folder.resolve("snapshot"));
    Files.createSymbolicLink(snapshot.resolve("model.onnx"), file);
    Files.createSymbolicLink(snapshot.resolve("w.bin"), models.resolve("w.bin"));
    OnnxCheckpoint model = OnnxCheckpoint.open(snapshot.resolve("model.onnx"), Arena.ofAuto());
    assertArrayEquals(
        new byte[] {0, 1, 2}, model.initializer("w").data().toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void dataBeyondTheFileIsRefused() throws IOException {
    assertRefused("that file has 8 bytes", 9, "location", "w.bin");
    assertRefused("that file has 8 bytes", 3, "location", "w.bin", "offset", "6");
    assertRefused("that file has 8 bytes", 1, "location", "w.bin", "offset", "8");
    assertRefused("that file has 8 bytes", 1, "location", "w.bin", "offset", "999999999999999999");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "", "1e3", "9223372036854775808", "0x10", "+1"})
  void numbersThatAreNotAreRefused(String number) throws IOException {
    assertRefused("it is a number of bytes", 1, "location", "w.bin", "offset", number);
    assertRefused("it is a number of bytes", 1, "location", "w.bin", "length", number);
  }

  @Test
  void aLengthOtherThanTheShapesIsRefused() throws IOException {
    assertRefused("has 4 bytes of data", 3, "location", "w.bin", "length", "4");
  }

  @Test
  void aKeyTwiceIsRefused() throws IOException {
    assertRefused("'location' twice", 3, "location", "w.bin", "location", "w.bin");
  }

  @Test
  void dataInBothPlacesIsRefused() throws IOException {
    Path file = write(tensor(1, "location", "w.bin").bytes(OnnxFields.RAW_DATA, (byte) 1));
    Refusal.of(() -> OnnxCheckpoint.open(file, Arena.ofAuto()), "data in two places");
  }

  @Test
  void aModelInMemoryHasNoFilesBesideIt() {
    byte[] model = OnnxBytes.modelOf(tensor(1, "location", "w.bin")).toByteArray();
    Refusal.of(() -> OnnxBytes.read(model, Arena.ofAuto()), "no files beside it");
  }

  private void assertData(byte[] expected, long size, String... entries) throws IOException {
    Path file = write(tensor(size, entries));
    try (Arena arena = Arena.ofConfined()) {
      var data = OnnxCheckpoint.open(file, arena).initializer("w").data();
      assertTrue(data.isMapped() && data.isReadOnly());
      assertArrayEquals(expected, data.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private void assertRefused(String part, long size, String... entries) throws IOException {
    Path file = write(tensor(size, entries));
    Refusal.of(() -> OnnxCheckpoint.open(file, Arena.ofAuto()), part);
  }

  private Path write(Proto tensor) throws IOException {
    return Files.write(models.resolve("model.onnx"), OnnxBytes.modelOf(tensor).toByteArray());
  }

  private static Proto tensor(long size, String... entries) {
    return external("w", size, entries);
  }

  private static Proto external(String name, long size, String... entries) {
    Proto tensor =
        OnnxBytes.tensor(name, OnnxDataType.UINT8, size).varint(OnnxFields.DATA_LOCATION, 1);
    for (int i = 0; i < entries.length; i += 2) {
      tensor.message(
          OnnxFields.EXTERNAL_DATA,
          new Proto().string(OnnxFields.KEY, entries[i]).string(OnnxFields.VALUE, entries[i + 1]));
    }
    return tensor;
  }
}
