package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The tables of nki.isa.nc_matmul and the architecture guides, typed in once more. */
class NeuronCoreTest {

  @Test
  void ocpAndMicroscalingTypesComeWithV4() {
    Set<DType> news =
        Set.of(
            DType.FLOAT8_E4M3FN,
            DType.FLOAT8_E8M0FNU,
            DType.FLOAT8_E5M2_X4,
            DType.FLOAT8_E4M3FN_X4,
            DType.FLOAT4_E2M1FN_X4);
    for (DType type : DType.values()) {
      assertTrue(NeuronCore.V4.types().contains(type));
      assertEquals(!news.contains(type), NeuronCore.V3.types().contains(type), type.nkiName());
      assertEquals(!news.contains(type), NeuronCore.V2.types().contains(type), type.nkiName());
    }
  }

  @Test
  void operandPairs() {
    List<DType> narrow =
        List.of(DType.FLOAT8_E4M3, DType.FLOAT8_E5M2, DType.BFLOAT16, DType.FLOAT16);
    List<DType> wide = List.of(DType.FLOAT32, DType.TFLOAT32);
    for (NeuronCore core : NeuronCore.values()) {
      for (DType a : DType.values()) {
        for (DType b : DType.values()) {
          boolean e4m3fn = a == DType.FLOAT8_E4M3FN || b == DType.FLOAT8_E4M3FN;
          List<DType> narrowHere =
              core == NeuronCore.V4 && e4m3fn
                  ? List.of(DType.FLOAT8_E4M3FN, DType.FLOAT8_E5M2, DType.BFLOAT16, DType.FLOAT16)
                  : narrow;
          boolean expected =
              (narrowHere.contains(a) && narrowHere.contains(b))
                  || (wide.contains(a) && wide.contains(b));
          assertEquals(
              expected,
              core.objection(a, b, PerformanceMode.NONE).isEmpty(),
              core + " " + a + " " + b);
        }
      }
    }
  }

  @Test
  void doubleRowIsForFp8FromV3On() {
    assertFalse(
        NeuronCore.V2
            .objection(DType.FLOAT8_E4M3, DType.FLOAT8_E4M3, PerformanceMode.DOUBLE_ROW)
            .isEmpty());
    assertTrue(
        NeuronCore.V3
            .objection(DType.FLOAT8_E4M3, DType.FLOAT8_E5M2, PerformanceMode.DOUBLE_ROW)
            .isEmpty());
    assertFalse(
        NeuronCore.V3
            .objection(DType.BFLOAT16, DType.FLOAT8_E5M2, PerformanceMode.DOUBLE_ROW)
            .isEmpty());
    assertTrue(
        NeuronCore.V4
            .objection(DType.FLOAT8_E4M3FN, DType.FLOAT8_E5M2, PerformanceMode.DOUBLE_ROW)
            .isEmpty());
    assertFalse(
        NeuronCore.V4
            .objection(DType.FLOAT8_E4M3FN, DType.FLOAT8_E4M3, PerformanceMode.DOUBLE_ROW)
            .isEmpty());
  }

  @Test
  void limits() {
    assertEquals(512, NeuronCore.V2.movingFree(DType.FLOAT32));
    assertEquals(512, NeuronCore.V3.movingFree(DType.FLOAT32));
    assertEquals(4096, NeuronCore.V4.movingFree(DType.FLOAT32));
    assertEquals(8192, NeuronCore.V4.movingFree(DType.BFLOAT16));
    assertEquals(512, NeuronCore.psumBankFree(DType.FLOAT32));
    assertEquals(24 << 20, 128 * NeuronCore.V2.sbufPartitionBytes());
    assertEquals(28 << 20, 128 * NeuronCore.V3.sbufPartitionBytes());
    assertEquals(32 << 20, 128 * NeuronCore.V4.sbufPartitionBytes());
    assertEquals(Set.of(DType.FLOAT32), NeuronCore.V3.psumTypes());
    assertEquals(Set.of(DType.FLOAT32, DType.BFLOAT16), NeuronCore.V4.psumTypes());
  }

  @Test
  void tilePositions() {
    NeuronCore.V2.checkTilePosition(64, 0, 64, 128, PerformanceMode.NONE);
    NeuronCore.V3.checkTilePosition(96, 32, 32, 32, PerformanceMode.NONE);
    assertRefused(
        "32", () -> NeuronCore.V2.checkTilePosition(32, 0, 32, 128, PerformanceMode.NONE));
    assertRefused(
        "(16, 0)", () -> NeuronCore.V3.checkTilePosition(16, 0, 32, 128, PerformanceMode.NONE));
    assertRefused(
        "(128, 0)", () -> NeuronCore.V3.checkTilePosition(128, 0, 32, 128, PerformanceMode.NONE));
    assertRefused(
        "DOUBLE_ROW",
        () -> NeuronCore.V3.checkTilePosition(0, 0, 128, 64, PerformanceMode.DOUBLE_ROW));
  }

  @Test
  void callsSayWhatTheGenerationAllows() {
    Tensor e4m3fn = Tensor.allocateHeap(Formats.E4M3FN, 128, 128);
    Tensor e4m3 = Tensor.allocateHeap(Formats.E4M3, 128, 128);
    Tensor bf16 = Tensor.allocateHeap(Formats.BF16, 128, 128);
    Tensor fp32 = Tensor.allocateHeap(Formats.FP32, 128, 128);
    Nisa v3 = Nisa.on(NeuronCore.V3);
    assertRefused(
        "NeuronCore-v3 (Trainium2) cannot multiply float8_e4m3fn",
        () -> v3.ncMatmul(fp32, e4m3fn, bf16, false));
    assertRefused(
        "sums products in [float32]",
        () -> v3.ncMatmul(Tensor.allocateHeap(Formats.BF16, 128, 128), bf16, bf16, false));
    assertRefused(
        "one product takes one of them",
        () -> Nisa.on(NeuronCore.V4).ncMatmul(fp32, e4m3fn, e4m3, false));
    assertRefused(
        "takes 512",
        () ->
            v3.ncMatmul(
                Tensor.allocateHeap(Formats.FP32, 128, 513),
                bf16,
                Tensor.allocateHeap(Formats.BF16, 128, 513),
                false));
    assertRefused(
        "129 partitions",
        () ->
            v3.ncMatmul(
                fp32,
                Tensor.allocateHeap(Formats.BF16, 129, 128),
                Tensor.allocateHeap(Formats.BF16, 129, 128),
                false));
    assertRefused(
        "exists from NeuronCore-v4 (Trainium3) on",
        () ->
            v3.quantizeMx(
                MxTile.allocate(java.lang.foreign.Arena.ofAuto(), Formats.E5M2, 32, 2),
                Tensor.allocateHeap(Formats.BF16, 32, 8)));
    assertRefused("abs_max", () -> v3.tensorTensor(fp32, fp32, fp32, AluOperator.ABS_MAX));
    assertRefused(
        "vector [partitions, 1]",
        () ->
            Nisa.on(NeuronCore.V2)
                .activation(fp32, ActivationFunction.EXP, fp32, Operand.ONE, Operand.ONE));
    assertRefused(
        "SBUF",
        () ->
            Nisa.on(NeuronCore.V2)
                .tensorScalar(
                    Tensor.allocateHeap(Formats.FP32, 1, 49153),
                    Tensor.allocateHeap(Formats.FP32, 1, 49153),
                    AluOperator.ADD,
                    Operand.ONE));
  }

  static void assertRefused(String words, Runnable call) {
    var refusal = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(refusal.getMessage().contains(words), refusal::getMessage);
  }
}
