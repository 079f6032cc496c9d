package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OnnxTensorTest {

  private static final Map<OnnxDataType, Format> FORMATS =
      Map.of(
          OnnxDataType.FLOAT, Formats.FP32,
          OnnxDataType.FLOAT16, Formats.FP16,
          OnnxDataType.BFLOAT16, Formats.BF16,
          OnnxDataType.FLOAT8E4M3FN, Formats.E4M3FN,
          OnnxDataType.FLOAT8E4M3FNUZ, Formats.E4M3FNUZ,
          OnnxDataType.FLOAT8E5M2, Formats.E5M2,
          OnnxDataType.FLOAT8E5M2FNUZ, Formats.E5M2FNUZ,
          OnnxDataType.FLOAT4E2M1, Formats.E2M1,
          OnnxDataType.FLOAT8E8M0, Formats.E8M0,
          OnnxDataType.INT8, Formats.INT8);

  @ParameterizedTest
  @EnumSource
  void initializersAreTensorsOfTheTypesFormat(OnnxDataType type) {
    if (type == OnnxDataType.STRING) {
      return;
    }
    byte[] data = new byte[(int) type.byteSize(8)];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 37 + 0x21);
    }
    OnnxCheckpoint model =
        OnnxBytes.read(
            OnnxBytes.modelOf(OnnxBytes.tensor("w", type, 2, 4).bytes(OnnxFields.RAW_DATA, data)));
    if (!FORMATS.containsKey(type)) {
      var e = assertThrows(UnsupportedOperationException.class, () -> model.tensor("w"));
      assertEquals(
          "w " + type + "[2, 4]: tensors have no format of that type; read its data()",
          e.getMessage());
      return;
    }
    Tensor tensor = model.tensor("w");
    assertEquals(FORMATS.get(type), tensor.format());
    assertArrayEquals(new long[] {2, 4}, tensor.shape());
    assertEquals(model.initializer("w").data(), tensor.data());
    for (int i = 0; i < 8; i++) {
      int firstBit = i * type.bits();
      int code = 0;
      for (int bit = firstBit; bit < firstBit + type.bits(); bit++) {
        code |= (data[bit / 8] >> bit % 8 & 1) << (bit - firstBit);
      }
      assertEquals(code, tensor.code(i / 4, i % 4), type + " element " + i);
    }
  }

  @Test
  void aTypeHasAFormatExactlyIfTheTableSaysSo() {
    var withFormat = EnumSet.noneOf(OnnxDataType.class);
    Arrays.stream(OnnxDataType.values())
        .filter(type -> type.format().isPresent())
        .forEach(withFormat::add);
    assertEquals(FORMATS.keySet(), withFormat);
  }

  @Test
  void aScalarIsATensorOfOneElement() {
    Tensor scalar = OnnxBytes.readTensor(OnnxBytes.zeros("s", OnnxDataType.FLOAT)).tensor();
    assertArrayEquals(new long[] {1}, scalar.shape());
  }

  @Test
  void rowsOfSmallElementsStartOnBytes() {
    assertEquals(
        3, OnnxBytes.readTensor(OnnxBytes.zeros("w", OnnxDataType.FLOAT4E2M1, 3)).tensor().size());
    assertEquals(
        3,
        OnnxBytes.readTensor(OnnxBytes.zeros("w", OnnxDataType.FLOAT4E2M1, 1, 3)).tensor().size());
    OnnxInitializer odd = OnnxBytes.readTensor(OnnxBytes.zeros("w", OnnxDataType.FLOAT4E2M1, 2, 3));
    var e = assertThrows(UnsupportedOperationException.class, odd::tensor);
    assertTrue(e.getMessage().contains("its rows start within bytes"), e::getMessage);
  }

  @Test
  void aWeightIsATensorWithARowForEachOutput() {
    float[] stored = {1, 2, 3, 4, 5, 6};
    Proto weight =
        OnnxBytes.tensor("w", OnnxDataType.FLOAT, 2, 3).packedFloats(OnnxFields.FLOAT_DATA, stored);
    Proto transB = OnnxBytes.attribute("transB").varint(OnnxFields.ATTRIBUTE_INT, 1);
    Proto graph =
        new Proto()
            .message(OnnxFields.INITIALIZER, weight)
            .message(OnnxFields.NODE, OnnxBytes.node("MatMul", "a", "y", "x", "w"))
            .message(
                OnnxFields.NODE,
                OnnxBytes.node("Gemm", "b", "z", "x", "w")
                    .message(OnnxFields.NODE_ATTRIBUTE, transB));
    var weights = OnnxBytes.read(OnnxBytes.model(graph)).matmulWeights();
    Tensor columns = weights.get(0).tensor();
    assertArrayEquals(new long[] {3, 2}, columns.shape());
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, columns.toArray());
    Tensor rows = weights.get(1).tensor();
    assertArrayEquals(new long[] {2, 3}, rows.shape());
    assertArrayEquals(stored, rows.toArray());
  }
}
