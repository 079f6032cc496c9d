package octavo.checkpoint;

import static octavo.checkpoint.SafetensorsBytes.read;
import static octavo.checkpoint.SafetensorsBytes.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsCheckpointTest {

  @TempDir Path folder;

  @Test
  void tensorsAreViewsOfTheMappedFile() throws IOException {
    byte[] bytes =
        SafetensorsBytes.of(
            "{\"__metadata__\":{\"format\":\"pt\",\"x\":\"\\u00e9\\n\"},"
                + tensor("b", "U8", "[3]", 8, 11)
                + ","
                + tensor("a", "F32", "[2,1]", 0, 8)
                + "}   ",
            0,
            0,
            0x80,
            0x3f,
            0,
            0,
            0,
            0xc0,
            7,
            8,
            255);
    Path file = Files.write(folder.resolve("m.safetensors"), bytes);
    try (Arena arena = Arena.ofConfined()) {
      var model = SafetensorsCheckpoint.open(file, arena);

      assertEquals(Map.of("format", "pt", "x", "é\n"), model.metadata());
      assertEquals(
          List.of("a", "b"), model.entries().stream().map(SafetensorsEntry::name).toList());
      Tensor a = model.tensor("a");
      assertArrayEquals(new float[] {1, -2}, a.toArray());
      assertArrayEquals(new long[] {2, 1}, a.shape());
      assertTrue(a.data().isMapped() && a.data().isReadOnly());
      assertEquals(255, model.entry("b").data().get(ValueLayout.JAVA_BYTE, 2) & 0xff);
      assertEquals(Optional.empty(), model.find("c"));
      var e = assertThrows(NoSuchElementException.class, () -> model.entry("c"));
      assertEquals(file + " has no tensor 'c' among its 2, such as 'a', 'b'", e.getMessage());
    }
  }

  @Test
  void scalarsEmptyTensorsAndEmptyFilesAreRead() throws IOException {
    assertTrue(read("{}").entries().isEmpty());
    var model =
        read(
            "{" + tensor("s", "BF16", "[]", 0, 2) + "," + tensor("e", "F32", "[0,5]", 0, 0) + "}",
            0x80,
            0x3f);
    assertArrayEquals(new long[0], model.entry("s").shape());
    assertEquals(1, model.entry("s").elementCount());
    assertArrayEquals(new float[] {1}, model.tensor("s").toArray());
    assertEquals(0, model.entry("e").elementCount());
    assertEquals(0, model.tensor("e").size());
  }

  @Test
  void unknownKeysOfATensorArePassedOver() throws IOException {
    var model =
        read(
            "{\"a\":{\"x\":[{\"y\":1}],\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 5);
    assertEquals(1, model.entry("a").elementCount());
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeIsReadWithItsSize(SafetensorsType type) throws IOException {
    int bytes = type.bits(); // eight elements
    var model = read("{" + tensor("t", type.name(), "[2,4]", 0, bytes) + "}", new int[bytes]);

    assertEquals(8, model.entry("t").elementCount());
    assertEquals(bytes, model.entry("t").data().byteSize());
    if (type.format().isPresent()) {
      Tensor tensor = model.tensor("t");
      assertEquals(type.format().get(), tensor.format());
      assertEquals(Optional.of(type), SafetensorsType.of(type.format().get()));
    } else {
      var e = assertThrows(UnsupportedOperationException.class, () -> model.tensor("t"));
      assertEquals(
          "t " + type + "[2, 4]: tensors have no format of that type; read its data()",
          e.getMessage());
    }
  }

  @Test
  void typesStandForTheFormatsOfTheirSpecifications() {
    assertEquals(Optional.of(Formats.E4M3FN), SafetensorsType.F8_E4M3.format());
    assertEquals(Optional.of(Formats.E5M2), SafetensorsType.F8_E5M2.format());
    assertEquals(Optional.of(Formats.E8M0), SafetensorsType.F8_E8M0.format());
    assertEquals(Optional.of(Formats.E2M1), SafetensorsType.F4.format());
    assertEquals(Optional.of(Formats.BF16), SafetensorsType.BF16.format());
    assertEquals(Optional.of(Formats.FP16), SafetensorsType.F16.format());
    assertEquals(Optional.empty(), SafetensorsType.of(Formats.E4M3), "240: no type");
  }

  @Test
  void fourBitElementsHaveTheFirstInTheLowHalf() throws IOException {
    var model = read("{" + tensor("t", "F4", "[1,4]", 0, 2) + "}", 0x21, 0xf7);
    assertArrayEquals(new float[] {0.5f, 1, 6, -6}, model.tensor("t").toArray());
  }

  @Test
  void fourBitRowsThatStartWithinBytesAreNoTensor() throws IOException {
    var model = read("{" + tensor("t", "F4", "[2,3]", 0, 3) + "}", 1, 2, 3);
    var e = assertThrows(UnsupportedOperationException.class, () -> model.tensor("t"));
    assertEquals(
        "t F4[2, 3]: its rows start within bytes, those of a tensor on bytes; read its data()",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':1}|'a' is value_number_int; it is an object",
        "{'a':{}}|'a' lacks dtype; a tensor has all three",
        "{'a':{'dtype':'U8'}}|'a' lacks shape",
        "{'a':{'dtype':'U8','shape':[1]}}|'a' lacks data_offsets",
        "{'a':{'dtype':'U9','shape':[1],'data_offsets':[0,1]}}|dtype of 'a' is 'U9'; known are [BOOL, F4",
        "{'a':{'dtype':8,'shape':[1],'data_offsets':[0,1]}}|dtype of 'a' is value_number_int; it is a text",
        "{'a':{'dtype':'U8','shape':[-1],'data_offsets':[0,1]}}|the shape of 'a' has -1; numbers are 0 to 2^63 - 1",
        "{'a':{'dtype':'U8','shape':[1.0],'data_offsets':[0,1]}}|the shape of 'a' is value_number_float; it is an array of whole numbers",
        "{'a':{'dtype':'U8','shape':1,'data_offsets':[0,1]}}|the shape of 'a' is value_number_int; it is an array",
        "{'a':{'dtype':'U8','shape':[9223372036854775808],'data_offsets':[0,1]}}|the shape of 'a' has 9223372036854775808",
        "{'a':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,1]}}|'a' is U8[4294967296, 4294967296]; a tensor has less than 2^63 bits",
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0]}}|data_offsets of 'a' are [0]; they are two",
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[1,0]}}|data_offsets of 'a' are [1, 0]",
        "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,1]}}|'a' has 1 bytes of data; U8[2] has 2",
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}}|the data of 'a' begin at 1; the tensor before ends at 0",
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'b':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}|the data of 'b' begin at 0; the tensor before ends at 1",
        "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]}}|the data of 'a' end at 3; after its header the file has 2 bytes",
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}|1 bytes after the last tensor; tensors cover all of the data",
        "{'a':{'dtype':'F4','shape':[3],'data_offsets':[0,2]}}|3 elements of F4 are 12 bits, no whole number of bytes",
        "{'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]},'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}}|a header that is no JSON (Duplicate Object property",
        "{'__metadata__':{'a':1}}|'a' of __metadata__ is value_number_int; it is a text",
        "{'__metadata__':[]}|'__metadata__' is start_array; it is an object",
        "{} x|a header that is no JSON",
        "{} {}|more after the header's object; only spaces may follow it",
        "{'a'|a header that is no JSON",
        "{|a header that is no JSON",
        "` {}`|byte 0x20; the header is a JSON object and begins with {",
        "[]|byte 0x5b; the header is a JSON object",
      })
  void unsoundHeadersAreRefusedWithTheReason(String header, String reason) {
    var e = Refusal.of(() -> read(header.replace('\'', '"'), 1, 2), reason);
    assertTrue(e.getMessage().startsWith(SafetensorsBytes.FILE + ": at byte "), e.getMessage());
    assertTrue(e.offset() >= 8 && e.offset() <= 8 + header.length() + 2, e::getMessage);
  }

  @Test
  void lengthsOfHeadersAreNotTrusted() {
    Refusal.of(
        () -> read(new byte[0]), "a file of 0 bytes; a safetensors file begins with 8 bytes");
    Refusal.of(() -> read(new byte[7]), "a file of 7 bytes");
    Refusal.of(() -> read(new byte[8]), "an empty header");
    byte[] bytes = SafetensorsBytes.of("{}");
    bytes[0] = 3;
    Refusal.of(() -> read(bytes), "a header of 3 bytes; after its length the file has 2");
    bytes[3] = 6;
    Refusal.of(() -> read(bytes), "a header of 100663299 bytes; it may have 100000000");
    Arrays.fill(bytes, 0, 8, (byte) 0xff);
    Refusal.of(() -> read(bytes), "a header of 18446744073709551615 bytes");
  }

  @Test
  void namesOfAnyLengthMakeMessagesOfOneLine() {
    String name = "x\\n".repeat(10_000);
    var e = Refusal.of(() -> read("{\"" + name + "\":1}"), "...' is value_number_int");
    assertTrue(e.getMessage().length() < 400 && e.getMessage().lines().count() == 1);
  }

  @Test
  void deeplyNestedHeadersAreRefused() {
    String header = "{\"a\":{\"x\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}}";
    Refusal.of(() -> read(header), "a header that is no JSON");
  }

  @Test
  void missingFilesAndFoldersAreRefused() {
    Path missing = folder.resolve("missing");
    assertThrows(
        NoSuchFileException.class, () -> SafetensorsCheckpoint.open(missing, Arena.ofAuto()));
    Refusal.of(() -> SafetensorsCheckpoint.open(folder, Arena.ofAuto()), "a folder or a device");
  }
}
