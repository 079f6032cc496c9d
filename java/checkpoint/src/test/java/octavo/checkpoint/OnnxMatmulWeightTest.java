package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class OnnxMatmulWeightTest {

  @Test
  void matmulStoresAColumnForEachOutput() {
    OnnxMatmulWeight weight = only(OnnxBytes.node("MatMul", "layer", "y", "x", "w"));
    assertEquals("layer", weight.node());
    assertEquals("MatMul", weight.opType());
    assertEquals("y", weight.output());
    assertEquals("w", weight.weight().name());
    assertEquals(false, weight.rowsAreOutputs());
    assertEquals(1, weight.alpha());
    assertEquals(3, weight.inputs());
    assertEquals(5, weight.outputs());
  }

  @Test
  void gemmMayStoreARowForEachOutput() {
    OnnxMatmulWeight weight =
        only(
            OnnxBytes.node("Gemm", "", "y", "x", "w", "bias")
                .message(
                    OnnxFields.NODE_ATTRIBUTE,
                    OnnxBytes.attribute("transB").varint(OnnxFields.ATTRIBUTE_INT, 1))
                .message(
                    OnnxFields.NODE_ATTRIBUTE,
                    OnnxBytes.attribute("alpha")
                        .fixed32(OnnxFields.ATTRIBUTE_FLOAT, Float.floatToRawIntBits(0.5f))));
    assertEquals(true, weight.rowsAreOutputs());
    assertEquals(0.5f, weight.alpha());
    assertEquals(5, weight.inputs());
    assertEquals(3, weight.outputs());
  }

  @Test
  void nodesMayStandBeforeInitializersAndBeOfTheNamedStandardDomain() {
    Proto node =
        OnnxBytes.node("MatMul", "", "y", "x", "w").string(OnnxFields.NODE_DOMAIN, "ai.onnx");
    Proto backwards =
        new Proto()
            .message(OnnxFields.NODE, node)
            .message(OnnxFields.INITIALIZER, OnnxBytes.zeros("w", OnnxDataType.FLOAT, 3, 5));
    assertEquals(1, OnnxBytes.read(OnnxBytes.model(backwards)).matmulWeights().size());
  }

  @Test
  void transposesAndIdentitiesBetweenAreFollowed() {
    OnnxMatmulWeight weight =
        only(
            OnnxBytes.node("Transpose", "", "t", "w"),
            OnnxBytes.node("Identity", "", "i", "t"),
            OnnxBytes.node("MatMul", "", "y", "x", "i"));
    assertEquals("w", weight.weight().name());
    assertEquals(true, weight.rowsAreOutputs());
  }

  @Test
  void theOrderOfATransposeMatters() {
    assertEquals(true, only(transpose(1, 0), useOfTransposed()).rowsAreOutputs());
    assertEquals(false, only(transpose(0, 1), useOfTransposed()).rowsAreOutputs());
    assertEquals(List.of(), weights(transpose(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)));
    Proto unpacked =
        OnnxBytes.node("Transpose", "", "t", "w")
            .message(
                OnnxFields.NODE_ATTRIBUTE,
                OnnxBytes.attribute("perm")
                    .varint(OnnxFields.ATTRIBUTE_INTS, 0)
                    .varint(OnnxFields.ATTRIBUTE_INTS, 1));
    assertEquals(false, only(unpacked, useOfTransposed()).rowsAreOutputs());
  }

  @Test
  void aWeightOfTwoNodesIsNamedTwice() {
    List<OnnxMatmulWeight> weights =
        weights(
            OnnxBytes.node("MatMul", "a", "y", "x", "w"),
            OnnxBytes.node("MatMul", "b", "z", "x", "w"));
    assertEquals(List.of("a", "b"), weights.stream().map(OnnxMatmulWeight::node).toList());
  }

  @Test
  void otherUsesAreNotWeights() {
    assertEquals(
        List.of(),
        weights(
            OnnxBytes.node("Add", "", "a", "x", "w"),
            OnnxBytes.node("MatMul", "", "b", "w", "x"),
            OnnxBytes.node("MatMul", "", "c", "x", "vector"),
            OnnxBytes.node("MatMul", "", "d", "x", "stack"),
            OnnxBytes.node("MatMul", "", "e", "x"),
            OnnxBytes.node("MatMul", "", "f", "x", ""),
            OnnxBytes.node("MatMul", "", "g", "x", "w").string(OnnxFields.NODE_DOMAIN, "my.own")));
  }

  @Test
  void circlesOfNodesEnd() {
    assertEquals(
        List.of(),
        weights(
            OnnxBytes.node("Identity", "", "a", "b"),
            OnnxBytes.node("Identity", "", "b", "a"),
            OnnxBytes.node("MatMul", "", "y", "x", "a")));
  }

  private static Proto transpose(long... perm) {
    return OnnxBytes.node("Transpose", "", "t", "w")
        .message(
            OnnxFields.NODE_ATTRIBUTE,
            OnnxBytes.attribute("perm").packed(OnnxFields.ATTRIBUTE_INTS, perm));
  }

  private static Proto useOfTransposed() {
    return OnnxBytes.node("MatMul", "", "y", "x", "t");
  }

  private static OnnxMatmulWeight only(Proto... nodes) {
    List<OnnxMatmulWeight> weights = weights(nodes);
    assertEquals(1, weights.size());
    return weights.getFirst();
  }

  private static List<OnnxMatmulWeight> weights(Proto... nodes) {
    var graph =
        new Proto()
            .message(OnnxFields.INITIALIZER, OnnxBytes.zeros("w", OnnxDataType.FLOAT, 3, 5))
            .message(OnnxFields.INITIALIZER, OnnxBytes.zeros("vector", OnnxDataType.FLOAT, 3))
            .message(OnnxFields.INITIALIZER, OnnxBytes.zeros("stack", OnnxDataType.FLOAT, 2, 3, 5));
    for (Proto node : nodes) {
      graph.message(OnnxFields.NODE, node);
    }
    return OnnxBytes.read(OnnxBytes.model(graph)).matmulWeights();
  }
}
