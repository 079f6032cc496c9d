package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each way in which a file can be wrong, and what is said about it. */
class OnnxCorruptionTest {

  private static final long HUGE = 1L << 40;

  @TempDir Path folder;

  static Stream<Arguments> tensors() {
    var two = OnnxDataType.FLOAT;
    return Stream.of(
        Arguments.of(
            "data shorter than the shape",
            OnnxBytes.tensor("w", two, 2).bytes(OnnxFields.RAW_DATA, new byte[7]),
            "'w' FLOAT[2] has 7 bytes of data; by its type and shape it has 8"),
        Arguments.of(
            "data longer than the shape",
            OnnxBytes.tensor("w", two, 2).bytes(OnnxFields.RAW_DATA, new byte[9]),
            "'w' FLOAT[2] has 9 bytes of data; by its type and shape it has 8"),
        Arguments.of(
            "no data", OnnxBytes.tensor("w", two, 2), "has 0 bytes of data; by its type and shape"),
        Arguments.of(
            "data of no elements",
            OnnxBytes.tensor("w", two, 0).bytes(OnnxFields.RAW_DATA, new byte[4]),
            "has 4 bytes of data; by its type and shape it has 0"),
        Arguments.of(
            "too few floats",
            OnnxBytes.tensor("w", two, 2).packedFloats(OnnxFields.FLOAT_DATA, 1),
            "has 4 bytes of data; by its type and shape it has 8"),
        Arguments.of(
            "too many floats",
            OnnxBytes.tensor("w", two, 2).packedFloats(OnnxFields.FLOAT_DATA, 1, 2, 3),
            "has 12 bytes of data; by its type and shape it has 8"),
        Arguments.of(
            "floats after enough floats",
            OnnxBytes.tensor("w", two, 1)
                .packedFloats(OnnxFields.FLOAT_DATA, 1)
                .fixed32(OnnxFields.FLOAT_DATA, 1),
            "has 8 bytes of data; by its type and shape it has 4"),
        Arguments.of(
            "half a float",
            OnnxBytes.tensor("w", two, 1).bytes(OnnxFields.FLOAT_DATA, new byte[6]),
            "packed values take 6 bytes; each value takes 4"),
        Arguments.of(
            "floats as doubles",
            OnnxBytes.tensor("w", two, 1).fixed64(OnnxFields.FLOAT_DATA, 1),
            "a value has wire type 1; its wire type is 5"),
        Arguments.of(
            "too few integers",
            OnnxBytes.tensor("w", OnnxDataType.INT8, 3).packed(OnnxFields.INT32_DATA, 1, 2),
            "has 2 values of data; by its type and shape it has 3"),
        Arguments.of(
            "too many integers",
            OnnxBytes.tensor("w", OnnxDataType.INT8, 1).packed(OnnxFields.INT32_DATA, 1, 2),
            "has 2 values of data; by its type and shape it has 1"),
        Arguments.of(
            "a shape far beyond the integers",
            OnnxBytes.tensor("w", OnnxDataType.INT64, HUGE).packed(OnnxFields.INT64_DATA, 1, 2),
            "bytes of data in the file; by its type and shape it has " + HUGE + " values"),
        Arguments.of(
            "a shape far beyond the floats",
            OnnxBytes.tensor("w", two, HUGE).packedFloats(OnnxFields.FLOAT_DATA, 1, 2),
            "bytes of data in the file; by its type and shape it has " + 4 * HUGE + " values"),
        Arguments.of(
            "an integer cut off by the file's end",
            OnnxBytes.tensor("w", OnnxDataType.INT8, 1)
                .bytes(OnnxFields.INT32_DATA, (byte) 0x80, (byte) 0x80),
            "a value is not a number; a varint has at most 10 bytes"),
        Arguments.of(
            "an integer cut off by another field",
            OnnxBytes.tensor("w", OnnxDataType.INT8, 1)
                .bytes(OnnxFields.INT32_DATA, (byte) 0x80)
                .string(OnnxFields.TENSOR_NAME, "w"),
            "a value runs on to byte"),
        Arguments.of(
            "too few strings",
            OnnxBytes.tensor("w", OnnxDataType.STRING, 2).string(OnnxFields.STRING_DATA, "a"),
            "has 1 strings of data; by its type and shape it has 2"),
        Arguments.of(
            "no strings",
            OnnxBytes.tensor("w", OnnxDataType.STRING, 2),
            "has 0 strings of data; by its type and shape it has 2"),
        Arguments.of(
            "strings as bytes",
            OnnxBytes.tensor("w", OnnxDataType.STRING, 1).bytes(OnnxFields.RAW_DATA, (byte) 1),
            "has its data as bytes; strings are in string_data"),
        Arguments.of(
            "data in two places",
            OnnxBytes.zeros("w", two, 1).packedFloats(OnnxFields.FLOAT_DATA, 1),
            "data in two places"),
        Arguments.of(
            "data in two fields",
            OnnxBytes.tensor("w", two, 1)
                .packedFloats(OnnxFields.FLOAT_DATA, 1)
                .packed(OnnxFields.INT32_DATA, 1),
            "data in field 5 after data in field 4"),
        Arguments.of(
            "data in another type's field",
            OnnxBytes.tensor("w", two, 1).packed(OnnxFields.INT32_DATA, 1),
            "has its data in field 5; that type has it in field 4"),
        Arguments.of(
            "a negative dimension",
            OnnxBytes.zeros("w", two, 1).varint(OnnxFields.DIMS, -1),
            "a dimension is -1; it is at least 0"),
        Arguments.of(
            "a product that overflows",
            OnnxBytes.tensor("w", two, 1L << 32, 1L << 32),
            "has shape [4294967296, 4294967296]; a shape's product is at most"),
        Arguments.of(
            "a product whose bits overflow",
            OnnxBytes.tensor("w", two, 1L << 60),
            "a shape's product is at most"),
        Arguments.of(
            "a product that overflows beside a zero",
            OnnxBytes.tensor("w", two, 0, 1L << 32, 1L << 32),
            "a shape's product is at most"),
        Arguments.of(
            "too many dimensions", OnnxBytes.tensor("w", two, new long[65]), "64 are read"),
        Arguments.of(
            "no type",
            new Proto().string(OnnxFields.TENSOR_NAME, "w"),
            "'w' has no data_type; an initializer has one"),
        Arguments.of(
            "a type to come",
            new Proto().string(OnnxFields.TENSOR_NAME, "w").varint(OnnxFields.DATA_TYPE, 27),
            "'w' has data_type 27; types 1 to 26 are known"),
        Arguments.of(
            "a type beyond int",
            new Proto()
                .string(OnnxFields.TENSOR_NAME, "w")
                .varint(OnnxFields.DATA_TYPE, (1L << 32) + 1),
            "'w' has data_type 4294967297"),
        Arguments.of("no name", OnnxBytes.zeros("", two, 1), "an initializer without a name"),
        Arguments.of(
            "a name that is not text",
            OnnxBytes.zeros("w", two, 1).bytes(OnnxFields.TENSOR_NAME, (byte) 0xff),
            "an initializer's name is not UTF-8"),
        Arguments.of(
            "a name without end",
            OnnxBytes.zeros("w", two, 1).bytes(OnnxFields.TENSOR_NAME, new byte[70_000]),
            "an initializer's name is 70000 bytes long; at most 65536 are read"),
        Arguments.of(
            "a segment",
            OnnxBytes.zeros("w", two, 1).message(OnnxFields.SEGMENT, new Proto()),
            "stored as a segment; only whole tensors are read; save the model again"),
        Arguments.of(
            "a third place for data",
            OnnxBytes.zeros("w", two, 1).varint(OnnxFields.DATA_LOCATION, 2),
            "data_location is 2; 0 is in the file, 1 is external"),
        Arguments.of(
            "a type as text",
            OnnxBytes.zeros("w", two, 1).string(OnnxFields.DATA_TYPE, "FLOAT"),
            "data_type has wire type 2; its wire type is 0"),
        Arguments.of(
            "a name as a number",
            OnnxBytes.zeros("w", two, 1).varint(OnnxFields.TENSOR_NAME, 1),
            "an initializer's name has wire type 0; its wire type is 2"),
        Arguments.of(
            "raw data as a number",
            OnnxBytes.tensor("w", two, 1).fixed32(OnnxFields.RAW_DATA, 1),
            "raw_data has wire type 5; its wire type is 2"),
        Arguments.of(
            "a group",
            OnnxBytes.zeros("w", two, 1).raw(0x9b, 0x06),
            "field 99 of initializer has wire type 3; ONNX uses types 0, 1, 2 and 5"),
        Arguments.of(
            "field 0", OnnxBytes.zeros("w", two, 1).raw(0), "field number 0 in initializer"),
        Arguments.of(
            "raw data beyond its tensor",
            OnnxBytes.tensor("w", two, 1).raw(OnnxFields.RAW_DATA << 3 | 2, 9, 1, 2),
            "raw_data is 9 bytes long; only 2 bytes are left in the initializer"),
        Arguments.of(
            "a length beyond long",
            OnnxBytes.tensor("w", two, 1)
                .raw(OnnxFields.RAW_DATA << 3 | 2)
                .raw(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
            "raw_data is 18446744073709551615 bytes long; only 0 bytes are left"),
        Arguments.of(
            "a number of eleven bytes",
            OnnxBytes.tensor("w", two, 1)
                .raw(OnnxFields.DATA_TYPE << 3)
                .raw(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
            "data_type is not a number"),
        Arguments.of(
            "eight bytes of which three are there",
            OnnxBytes.zeros("w", two, 1).raw(0xa1, 0x01, 1, 2, 3),
            "field 20 of initializer needs 8 bytes; only 3 bytes are left in the initializer"),
        Arguments.of(
            "a tag at the very end",
            OnnxBytes.zeros("w", two, 1).raw(OnnxFields.DATA_TYPE << 3),
            "data_type is missing; the initializer ends at byte"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("tensors")
  void aTensorThatIsWrongIsRefused(String what, Proto tensor, String part) {
    assertRefused(OnnxBytes.modelOf(tensor).toByteArray(), part);
  }

  static Stream<Arguments> models() {
    Proto weight = OnnxBytes.zeros("w", OnnxDataType.FLOAT, 1);
    Proto graph = new Proto().message(OnnxFields.INITIALIZER, weight);
    return Stream.of(
        Arguments.of("an empty file", new Proto(), "a model of 0 bytes with no graph"),
        Arguments.of(
            "no graph",
            new Proto().varint(OnnxFields.IR_VERSION, 9),
            "a model of 2 bytes with no graph; an ONNX model has an ir_version from 1 and a graph"),
        Arguments.of(
            "no version", new Proto().message(OnnxFields.GRAPH, graph), "a graph but ir_version 0"),
        Arguments.of(
            "two graphs",
            OnnxBytes.model(graph).message(OnnxFields.GRAPH, graph),
            "a second graph"),
        Arguments.of(
            "two tensors of one name",
            OnnxBytes.modelOf(weight, weight),
            "a second initializer 'w'; names are unique in a graph"),
        Arguments.of(
            "a graph as a number",
            new Proto().varint(OnnxFields.GRAPH, 1),
            "graph has wire type 0; its wire type is 2"),
        Arguments.of("zeros", new Proto().raw(new int[100]), "field number 0 in model"),
        Arguments.of("text", text("Once upon a time"), "wire type 7"),
        Arguments.of("a jar", text("PK\3\4 and so on"), "open the model in it with ModelArchive"),
        Arguments.of("a pointer", text("version https://git-lfs.github.com/spec/v1"), "Git LFS"),
        Arguments.of("a page", text("<!DOCTYPE html>"), "a page of HTML"),
        Arguments.of("another format", text("GGUF\3\0\0\0"), "this is a GGUF file"));
  }

  private static Proto text(String text) {
    return new Proto().raw(text.chars().toArray());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void aModelThatIsWrongIsRefused(String what, Proto model, String part) {
    assertRefused(model.toByteArray(), part);
  }

  @Test
  void theMessageNamesFileOffsetFindingLimitAndRemedy() throws IOException {
    Proto tensor = OnnxBytes.tensor("w", OnnxDataType.FLOAT, 2).bytes(OnnxFields.RAW_DATA);
    byte[] model = OnnxBytes.modelOf(tensor).toByteArray();
    Path file = Files.write(folder.resolve("model.onnx"), model);
    var e = Refusal.of(() -> OnnxCheckpoint.open(file, Arena.ofAuto()), "0 bytes of data");
    int tensorStart = model.length - tensor.toByteArray().length - 2;
    assertEquals(
        file
            + ": at byte "
            + tensorStart
            + ": 'w' FLOAT[2] has 0 bytes of data; by its type and shape it has 8; the file is cut"
            + " short or damaged, or not an ONNX model: copy or download it again",
        e.getMessage());
    assertEquals(tensorStart, e.offset());
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("empty.onnx"));
    Refusal.of(() -> OnnxCheckpoint.open(file, Arena.ofAuto()), "a model of 0 bytes");
  }

  @Test
  void messagesNestedDeeplyAreSkippedWithoutDescending() {
    byte[] nested = new byte[0];
    for (int depth = 0; depth < 5_000; depth++) {
      nested = new Proto().bytes(depth % 2 == 0 ? 6 : 5, nested).toByteArray();
      if (nested.length > 60_000) {
        break;
      }
    }
    Proto node = OnnxBytes.node("If", "", "y", "x").bytes(OnnxFields.NODE_ATTRIBUTE, nested);
    OnnxBytes.read(OnnxBytes.model(new Proto().message(OnnxFields.NODE, node)));
  }

  private static void assertRefused(byte[] model, String part) {
    var e = Refusal.of(() -> OnnxBytes.read(model, Arena.ofAuto()), part);
    String start = "model.onnx: at byte " + e.offset() + ": ";
    assertTrue(e.toString().contains(start) && e.offset() <= model.length, e::toString);
  }
}
