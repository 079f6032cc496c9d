package octavo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import octavo.dispatch.Plan;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.op.Epilogue;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.KernelProvider;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * What an engine passes to kernels, which plans it keeps, and what closed or foreign memory gives.
 */
class EngineTest {

  private final FakeKernels fakes = new FakeKernels();
  private final Engine engine = fakes.engine();

  private static Tensor heap(octavo.format.Format format, long... shape) {
    return Tensor.allocateHeap(format, shape);
  }

  @Test
  void argumentsReachTheKernels() {
    Tensor in = heap(Formats.FP32, 2, 3, 32);
    Tensor codes = heap(Formats.E4M3FN, 2, 3, 32);
    Tensor blocks = heap(Formats.MXFP4, 2, 3, 32);
    engine.convert(in, codes, new Cast(Rounding.STOCHASTIC, Overflow.IEEE, 77));
    engine.quantize(in, blocks, new Quantization(ScaleRule.RCEIL, Rounding.TOWARD_ZERO, 78));
    engine.dequantize(blocks, in);
    assertEquals(List.of("STOCHASTIC IEEE 77", "RCEIL TOWARD_ZERO 78", ""), fakes.settings);
    for (List<Tensor> run : fakes.runs) {
      for (Tensor tensor : run) {
        assertArrayEquals(new long[] {6, 32}, tensor.shape());
      }
    }
    assertSame(codes.matrix(), fakes.runs.get(0).get(1));
    assertSame(blocks.matrix(), fakes.runs.get(1).get(1));
    Tensor a = heap(Formats.BF16, 4, 32);
    Tensor b = heap(Formats.MXFP4, 5, 32);
    Tensor out = heap(Formats.FP32, 4, 5);
    engine.matmul(a, b, out);
    engine.matmul(a, b, Epilogue.ofBias(heap(Formats.FP32, 5)), out);
    assertEquals("no bias", fakes.settings.get(3));
    assertEquals("bias", fakes.settings.get(4));
    assertEquals(List.of(a, b, out), fakes.runs.get(4));
  }

  @Test
  void freshResultsGoToTheArena() {
    try (Arena arena = Arena.ofConfined()) {
      Tensor in = heap(Formats.FP32, 2, 3, 32);
      Tensor codes = engine.convert(in, Formats.E5M2, Cast.SATURATE, arena);
      assertEquals("E5M2 [2, 3, 32]", codes.toString());
      assertEquals(Storage.CONFINED, codes.storage());
      Tensor blocks = engine.quantize(in, Formats.NVFP4, Quantization.OCP, arena);
      assertEquals("NVFP4 [2, 3, 32]", blocks.toString());
      Tensor numbers = engine.dequantize(blocks, arena);
      assertEquals("FP32 [2, 3, 32]", numbers.toString());
      Tensor product = engine.matmul(heap(Formats.BF16, 4, 32), heap(Formats.E4M3FN, 7, 32), arena);
      assertEquals("FP32 [4, 7]", product.toString());
      assertEquals(Storage.CONFINED, product.storage());
    }
  }

  @Test
  void emptyOperandsAreOrdinary() {
    engine.convert(heap(Formats.FP32, 0, 4), heap(Formats.BF16, 0, 4), Cast.IEEE);
    engine.quantize(heap(Formats.FP32, 2, 0), heap(Formats.MXFP4, 2, 0), Quantization.OCP);
    engine.matmul(heap(Formats.FP32, 2, 0), heap(Formats.MXFP4, 3, 0), heap(Formats.FP32, 2, 3));
    engine.matmul(heap(Formats.FP32, 0, 4), heap(Formats.BF16, 3, 4), heap(Formats.FP32, 0, 3));
    assertEquals(4, fakes.runs.size());
  }

  @Test
  void callsAlikeSharePlan() {
    Tensor a = heap(Formats.BF16, 4, 32);
    Tensor b = heap(Formats.MXFP4, 5, 32);
    Tensor out = heap(Formats.FP32, 4, 5);
    Plan<MatmulRequest, MatmulKernel> plan = engine.explainMatmul(a, b, out);
    engine.matmul(a, b, out);
    engine.matmul(heap(Formats.BF16, 4, 32), b, heap(Formats.FP32, 4, 5));
    assertSame(plan, engine.explainMatmul(a, b, out));
    assertEquals(1, fakes.considered.size());
    assertTrue(plan.explain().contains("chosen    reference/matmul"));
  }

  /**
   * Whatever a request depends on makes another plan: formats, sizes, strides, storage, settings.
   */
  @Test
  void callsUnlikeHaveTheirOwnPlans() {
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      List<Tensor> as =
          List.of(
              heap(Formats.BF16, 4, 32),
              heap(Formats.FP16, 4, 32),
              heap(Formats.BF16, 3, 32),
              heap(Formats.BF16, 32, 4).transpose(),
              Tensor.allocate(confined, Formats.BF16, 4, 32),
              Tensor.allocate(shared, Formats.BF16, 4, 32),
              Tensor.allocate(Arena.ofAuto(), Formats.BF16, 4, 32),
              Tensor.allocate(Arena.global(), Formats.BF16, 4, 32));
      List<Tensor> bs =
          List.of(
              heap(Formats.MXFP4, 5, 32),
              heap(Formats.NVFP4, 5, 32),
              heap(Formats.MXFP4, 6, 32),
              Tensor.allocate(shared, Formats.MXFP4, 5, 32));
      int plans = 0;
      for (int round = 0; round < 3; round++) {
        for (Tensor a : as) {
          for (Tensor b : bs) {
            for (ElementFormat format : List.of(Formats.FP32, Formats.BF16)) {
              for (Tensor bias : new Tensor[] {null, heap(Formats.FP32, b.rows())}) {
                Tensor out = heap(format, a.rows(), b.rows());
                MatmulRequest request =
                    engine.explainMatmul(a, b, Epilogue.ofBias(bias), out).request();
                assertEquals(
                    new MatmulRequest(Operand.of(a), Operand.of(b), Operand.of(out), bias != null),
                    request);
                plans++;
              }
            }
          }
        }
      }
      int distinct = as.size() * bs.size() * 4;
      assertEquals(3 * distinct, plans);
      // Most are found again; where two share a slot of the table they displace each other.
      assertTrue(fakes.considered.size() >= distinct);
      assertTrue(fakes.considered.size() < 2 * distinct, fakes.considered.size() + " plans made");
    }
  }

  @Test
  void settingsAreInThePlan() {
    Tensor in = heap(Formats.FP32, 4, 32);
    Tensor codes = heap(Formats.E4M3FN, 4, 32);
    for (Rounding rounding : Rounding.values()) {
      for (Overflow overflow : Overflow.values()) {
        for (long seed = 0; seed < 3; seed++) {
          Plan<ConvertRequest, ConvertKernel> plan =
              engine.explainConvert(in, codes, new Cast(rounding, overflow, seed));
          assertEquals(rounding, plan.request().rounding());
          assertEquals(overflow, plan.request().overflow());
        }
      }
    }
    assertEquals(6, fakes.considered.size(), "a seed is no reason for another plan");
    Tensor blocks = heap(Formats.MXFP8_E4M3, 4, 32);
    for (Rounding rounding : Rounding.values()) {
      for (ScaleRule rule : ScaleRule.values()) {
        Quantization quantization = new Quantization(rule, rounding, 0);
        var request = engine.explainQuantize(in, blocks, quantization).request();
        assertEquals(rounding, request.rounding());
        assertEquals(rule, request.scaleRule());
      }
    }
    assertEquals(Operand.of(blocks), engine.explainDequantize(blocks, in).request().in());
  }

  @Test
  void endlessShapesDoNotFillMemoryAndKeepRightPlans() {
    Tensor codes = heap(Formats.E4M3FN, 1, 5000);
    Tensor in = heap(Formats.FP32, 1, 5000);
    for (int round = 0; round < 2; round++) {
      for (long columns = 1; columns <= 5000; columns++) {
        Plan<ConvertRequest, ConvertKernel> plan =
            engine.explainConvert(
                in.slice(1, 0, columns), codes.slice(1, 0, columns), Cast.SATURATE);
        assertEquals(columns, plan.request().in().columns());
      }
    }
  }

  @Test
  void formatsThatAreEqualAreTheSame() {
    Tensor codes = heap(Formats.scaled(Formats.E4M3FN, 1, 128), 2, 128);
    Tensor out = heap(Formats.FP32, 2, 128);
    assertEquals(
        engine.explainDequantize(heap(Formats.E4M3FN_1X128, 2, 128), out).request(),
        engine.explainDequantize(codes, out).request());
  }

  @Test
  void overridesMakeAnotherEngineWithTheSameKernels() {
    Engine other = engine.withOverrides(Overrides.parse(Map.of("octavo.disable", "reference")));
    assertNotSame(engine, other);
    assertEquals(engine.kernels(), other.kernels());
    assertEquals(List.of("reference"), other.host().overrides().disabled());
    Tensor in = heap(Formats.FP32, 4);
    Tensor out = heap(Formats.BF16, 4);
    UnsupportedOperationException e =
        assertThrows(UnsupportedOperationException.class, () -> other.convert(in, out, Cast.IEEE));
    assertTrue(e.getMessage().contains("-Doctavo.disable=reference"), e.getMessage());
    engine.convert(in, out, Cast.IEEE);
  }

  @Test
  void withoutProvidersEveryCallSaysSo() {
    boolean alone = java.util.ServiceLoader.load(KernelProvider.class).findFirst().isEmpty();
    assertTrue(alone, "these tests run without the modules that bring kernels");
    Engine bare = Engine.create(Overrides.NONE);
    assertEquals(List.of(), bare.kernels());
    UnsupportedOperationException e =
        assertThrows(
            UnsupportedOperationException.class,
            () -> bare.convert(heap(Formats.FP32, 4), heap(Formats.BF16, 4), Cast.IEEE));
    assertTrue(e.getMessage().contains("reference absent: no provider was found"), e.getMessage());
  }

  @Test
  void closedArenasGiveIllegalStateException() {
    Tensor live = heap(Formats.FP32, 4, 4);
    Tensor liveBlocks = heap(Formats.MXFP4, 4, 32);
    Tensor liveCodes = heap(Formats.E4M3FN, 4, 32);
    Tensor in;
    Tensor blocks;
    try (Arena arena = Arena.ofShared()) {
      in = Tensor.allocate(arena, Formats.FP32, 4, 32);
      blocks = Tensor.allocate(arena, Formats.MXFP4, 4, 32);
      engine.convert(in, liveCodes, Cast.IEEE); // so that there is a plan
    }
    assertThrows(IllegalStateException.class, () -> engine.convert(in, liveCodes, Cast.IEEE));
    assertThrows(
        IllegalStateException.class, () -> engine.quantize(in, liveBlocks, Quantization.OCP));
    assertThrows(IllegalStateException.class, () -> engine.matmul(in, liveBlocks, live));
    assertThrows(IllegalStateException.class, () -> engine.matmul(in, blocks, live));
  }

  @Test
  void confinedArenasOfOtherThreadsGiveWrongThreadException() {
    try (Arena arena = Arena.ofConfined()) {
      Tensor in = Tensor.allocate(arena, Formats.FP32, 4, 32);
      Tensor out = heap(Formats.E4M3FN, 4, 32);
      CompletionException e =
          assertThrows(
              CompletionException.class,
              () -> CompletableFuture.runAsync(() -> engine.convert(in, out, Cast.IEEE)).join());
      assertInstanceOf(WrongThreadException.class, e.getCause());
    }
  }
}
