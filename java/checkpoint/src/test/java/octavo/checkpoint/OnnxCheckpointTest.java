package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class OnnxCheckpointTest {

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "STRING")
  void rawDataOfEveryTypeIsASliceOfTheMappedFile(OnnxDataType type) throws IOException {
    byte[] data = new byte[(int) type.byteSize(15)];
    new Random(type.number()).nextBytes(data);
    Proto tensor =
        OnnxBytes.tensor("w", type, 3, 5)
            .bytes(OnnxFields.RAW_DATA, data)
            .string(12, "a comment after the data");
    Path file = Files.write(folder.resolve("model.onnx"), OnnxBytes.modelOf(tensor).toByteArray());
    try (Arena arena = Arena.ofConfined()) {
      OnnxInitializer weight = OnnxCheckpoint.open(file, arena).initializer("w");
      assertEquals(type, weight.type());
      assertArrayEquals(new long[] {3, 5}, weight.shape());
      assertEquals(15, weight.elementCount());
      assertTrue(weight.data().isMapped());
      assertTrue(weight.data().isReadOnly());
      assertArrayEquals(data, weight.data().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void initializersKeepTheOrderOfTheFile() {
    OnnxCheckpoint model =
        OnnxBytes.read(
            OnnxBytes.modelOf(
                OnnxBytes.zeros("second", OnnxDataType.FLOAT, 2),
                OnnxBytes.zeros("first", OnnxDataType.INT4, 3)));
    assertEquals("[second FLOAT[2], first INT4[3]]", model.initializers().toString());
    assertTrue(model.find("first").isPresent());
    assertFalse(model.find("third").isPresent());
  }

  @Test
  void aMissingNameIsAnsweredWithNamesThatAreThere() {
    OnnxCheckpoint model =
        OnnxBytes.read(OnnxBytes.modelOf(OnnxBytes.zeros("bias", OnnxDataType.FLOAT, 2)));
    var e = assertThrows(NoSuchElementException.class, () -> model.initializer("weight"));
    assertEquals(
        "model.onnx has no initializer 'weight' among its 1, such as 'bias'", e.getMessage());
  }

  @Test
  void fieldsMayComeInAnyOrderAndUnknownOnesAreSkipped() {
    Proto tensor =
        new Proto()
            .varint(1000, 7)
            .bytes(OnnxFields.RAW_DATA, (byte) 1, (byte) 2)
            .fixed32(1001, 7)
            .fixed64(1002, 7)
            .string(OnnxFields.TENSOR_NAME, "w")
            .varint(OnnxFields.DATA_TYPE, OnnxDataType.UINT8.number())
            .message(1003, new Proto().varint(1, 1))
            .varint(OnnxFields.DIMS, 1)
            .varint(OnnxFields.DIMS, 2);
    Proto graph = new Proto().message(OnnxFields.INITIALIZER, tensor).string(2, "graph");
    Proto model =
        new Proto().message(OnnxFields.GRAPH, graph).varint(OnnxFields.IR_VERSION, 3).varint(99, 1);
    assertEquals("[w UINT8[1, 2]]", OnnxBytes.read(model).initializers().toString());
  }

  @Test
  void theLocationOfDataMayBeNamedThoughItIsTheFile() {
    Proto tensor = OnnxBytes.zeros("w", OnnxDataType.FLOAT, 2).varint(OnnxFields.DATA_LOCATION, 0);
    assertEquals(8, OnnxBytes.readTensor(tensor).data().byteSize());
  }

  @Test
  void aScalarHasOneElementAndNoShape() {
    OnnxInitializer scalar = OnnxBytes.readTensor(OnnxBytes.zeros("scalar", OnnxDataType.DOUBLE));
    assertEquals(0, scalar.shape().length);
    assertEquals(1, scalar.elementCount());
    assertEquals(8, scalar.data().byteSize());
  }

  @Test
  void aTensorWithAZeroDimensionHasNoData() {
    OnnxInitializer none =
        OnnxBytes.readTensor(OnnxBytes.tensor("none", OnnxDataType.FLOAT, 1L << 40, 0));
    assertEquals(0, none.elementCount());
    assertEquals(0, none.data().byteSize());
  }

  @Test
  void oddCountsOfSmallElementsTakeWholeBytes() {
    assertEquals(
        2,
        OnnxBytes.readTensor(OnnxBytes.zeros("w", OnnxDataType.FLOAT4E2M1, 3)).data().byteSize());
    assertEquals(
        2, OnnxBytes.readTensor(OnnxBytes.zeros("w", OnnxDataType.UINT2, 5)).data().byteSize());
  }

  @Test
  void everyNumberFrom1To26IsAType() {
    for (int number = 1; number <= 26; number++) {
      assertEquals(number, OnnxDataType.of(number).orElseThrow().number());
    }
    for (int number : List.of(Integer.MIN_VALUE, -1, 0, 27, Integer.MAX_VALUE)) {
      assertTrue(OnnxDataType.of(number).isEmpty());
    }
  }

  @Test
  void sparseInitializersConstantsAndSubgraphsArePassedOver() {
    Proto constant = OnnxBytes.zeros("inside", OnnxDataType.FLOAT, 2);
    Proto graph =
        new Proto()
            .message(
                OnnxFields.NODE,
                OnnxBytes.node("Constant", "", "c")
                    .message(
                        OnnxFields.NODE_ATTRIBUTE,
                        OnnxBytes.attribute("value").message(5, constant)))
            .message(
                OnnxFields.NODE,
                OnnxBytes.node("If", "", "d", "c")
                    .message(
                        OnnxFields.NODE_ATTRIBUTE,
                        OnnxBytes.attribute("then_branch")
                            .message(6, new Proto().message(OnnxFields.INITIALIZER, constant))))
            .message(15, new Proto().message(1, constant));
    assertEquals(List.of(), OnnxBytes.read(OnnxBytes.model(graph)).initializers());
  }

  @Test
  void theArenaEndsTheLifeOfTheData() throws IOException {
    byte[] model = OnnxBytes.modelOf(OnnxBytes.zeros("w", OnnxDataType.FLOAT, 2)).toByteArray();
    Path file = Files.write(folder.resolve("model.onnx"), model);
    MemorySegment data;
    try (Arena arena = Arena.ofConfined()) {
      data = OnnxCheckpoint.open(file, arena).initializer("w").data();
    }
    assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void aFileThatIsNotThereStaysTheSystemsOwnException() {
    assertThrows(
        NoSuchFileException.class,
        () -> OnnxCheckpoint.open(folder.resolve("missing.onnx"), Arena.ofAuto()));
  }

  @Test
  void aFolderIsRefused() {
    Refusal.of(() -> OnnxCheckpoint.open(folder, Arena.ofAuto()), "a folder or a device");
    Refusal.of(() -> ModelArchive.open(folder, Arena.ofAuto()), "a folder or a device");
  }
}
