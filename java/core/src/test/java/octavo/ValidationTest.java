package octavo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Sparsity;
import octavo.op.Epilogue;
import octavo.tensor.Codes;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Every call that cannot be is refused with what was given, what is needed and what to do. */
class ValidationTest {

  private final FakeKernels fakes = new FakeKernels();
  private final Engine engine = fakes.engine();

  private static Tensor heap(Format format, long... shape) {
    return Tensor.allocateHeap(format, shape);
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @AfterEach
  void noKernelRanAndNoneWasAsked() {
    assertEquals(List.of(), fakes.runs);
    assertEquals(List.of(), fakes.considered);
  }

  @Test
  void convertTakesElementFormatsOfOneShape() {
    refused(
        "convert input is MXFP4 [2, 32], which has scales: use quantize or dequantize",
        () -> engine.convert(heap(Formats.MXFP4, 2, 32), heap(Formats.FP32, 2, 32), Cast.IEEE));
    refused(
        "convert output is NVFP4 [2, 32], which has scales: use quantize or dequantize",
        () -> engine.convert(heap(Formats.FP32, 2, 32), heap(Formats.NVFP4, 2, 32), Cast.IEEE));
    refused(
        "convert input is FP32 [2, 3] and output BF16 [3, 2]: the shapes [2, 3] and [3, 2] differ",
        () -> engine.convert(heap(Formats.FP32, 2, 3), heap(Formats.BF16, 3, 2), Cast.IEEE));
    refused(
        "convert input is FP32 [6] and output BF16 [1, 6]: the shapes [6] and [1, 6] differ",
        () -> engine.convert(heap(Formats.FP32, 6), heap(Formats.BF16, 1, 6), Cast.IEEE));
  }

  @Test
  void convertNeedsMemoryOfItsOwn() {
    Tensor tensor = heap(Formats.FP32, 4, 4);
    refused(
        "convert output FP32 [4, 4] overlaps its input FP32 [4, 4] in memory; give the output memory of its own",
        () -> engine.convert(tensor, tensor.transpose(), Cast.IEEE));
    refused(
        "convert output FP32 [3, 4] overlaps its input FP32 [3, 4] in memory; give the output memory of its own",
        () -> engine.convert(tensor.slice(0, 0, 3), tensor.slice(0, 1, 4), Cast.IEEE));
  }

  @Test
  void convertNeedsRowsAtEqualDistances() {
    Tensor cube = heap(Formats.FP32, 2, 3, 4);
    refused(
        "FP32 [2, 2, 4] is no matrix: its rows do not lie at equal distances; take slices of it",
        () -> engine.convert(cube.slice(1, 0, 2), heap(Formats.BF16, 2, 2, 4), Cast.IEEE));
  }

  @Test
  void quantizeTakesPlainNumbersToBlocks() {
    refused(
        "quantize input is E4M3FN [2, 32]; its format must be one of [FP32, BF16, FP16]: convert it to FP32 first",
        () ->
            engine.quantize(
                heap(Formats.E4M3FN, 2, 32), heap(Formats.MXFP4, 2, 32), Quantization.OCP));
    refused(
        "quantize output is E2M1 [2, 32]; it must be in a block format such as MXFP4: to cast without scales use convert",
        () ->
            engine.quantize(
                heap(Formats.FP32, 2, 32), heap(Formats.E2M1, 2, 32), Quantization.OCP));
    refused(
        "quantize input is FP32 [2, 64] and output MXFP4 [2, 32]: the shapes [2, 64] and [2, 32] differ",
        () ->
            engine.quantize(
                heap(Formats.FP32, 2, 64), heap(Formats.MXFP4, 2, 32), Quantization.OCP));
    refused(
        "E4M3FN_128X128 [2, 200, 128] is no matrix: its blocks of 128 rows would cross its outer dimensions; take slices of it",
        () ->
            engine.quantize(
                heap(Formats.FP32, 2, 200, 128),
                heap(Formats.E4M3FN_128X128, 2, 200, 128),
                Quantization.OCP));
  }

  @Test
  void quantizeNeedsCodesAndScalesOfItsOwn() {
    byte[] bytes = new byte[32];
    MemorySegment memory = MemorySegment.ofArray(bytes);
    Tensor in = Tensor.of(Formats.BF16, memory.asSlice(0, 64 / 2), 16);
    Tensor out =
        Tensor.ofBlocks(
            Formats.NVFP4,
            MemorySegment.ofArray(new byte[8]),
            Tensor.of(Formats.E4M3FN, memory.asSlice(31, 1), 1),
            MemorySegment.NULL,
            16);
    refused(
        "quantize output NVFP4 [16] overlaps its input BF16 [16] in memory; give the output memory of its own",
        () -> engine.quantize(in, out, Quantization.OCP));
  }

  @Test
  void dequantizeTakesBlocksToPlainNumbers() {
    refused(
        "dequantize input is E2M1 [2, 32]; it must be in a block format such as MXFP4: to cast codes without scales use convert",
        () -> engine.dequantize(heap(Formats.E2M1, 2, 32), heap(Formats.FP32, 2, 32)));
    refused(
        "dequantize output is E4M3FN [2, 32]; its format must be one of [FP32, BF16, FP16]: dequantize to FP32, then convert",
        () -> engine.dequantize(heap(Formats.MXFP4, 2, 32), heap(Formats.E4M3FN, 2, 32)));
    refused(
        "dequantize input is MXFP4 [2, 32] and output FP32 [32, 2]: the shapes [2, 32] and [32, 2] differ",
        () -> engine.dequantize(heap(Formats.MXFP4, 2, 32), heap(Formats.FP32, 32, 2)));
    Tensor scales = heap(Formats.FP32, 1);
    Tensor in =
        Tensor.ofBlocks(
            Formats.E4M3FN_TENSOR,
            MemorySegment.ofArray(new byte[1]),
            scales,
            MemorySegment.NULL,
            1);
    refused(
        "dequantize output FP32 [1] overlaps its input E4M3FN_TENSOR [1] in memory; give the output memory of its own",
        () -> engine.dequantize(in, scales));
  }

  @Test
  void matmulTakesMatrices() {
    Tensor a = heap(Formats.BF16, 4, 32);
    Tensor b = heap(Formats.MXFP4, 5, 32);
    Tensor out = heap(Formats.FP32, 4, 5);
    refused(
        "matmul a is BF16 [32]; a matrix has 2 dimensions, a batch more: reshape it or take a slice",
        () -> engine.matmul(heap(Formats.BF16, 32), b, out));
    refused(
        "matmul a is BF16 [4, 32], b is MXFP4 [1, 5, 32], output FP32 [4, 5]: a batch has the same outer dimensions in a, output and b, unless b is one matrix for all: reshape or take slices",
        () -> engine.matmul(a, heap(Formats.MXFP4, 1, 5, 32), out));
    refused(
        "matmul output is FP32 [20]; a matrix has 2 dimensions, a batch more: reshape it or take a slice",
        () -> engine.matmul(a, b, heap(Formats.FP32, 20)));
  }

  @Test
  void matmulNeedsShapesThatFit() {
    Tensor a = heap(Formats.BF16, 4, 32);
    Tensor b = heap(Formats.MXFP4, 5, 32);
    refused(
        "matmul a is BF16 [4, 32] and b is MXFP4 [5, 64]: a has K = 32 columns, b has 64; b holds one row per output column",
        () -> engine.matmul(a, heap(Formats.MXFP4, 5, 64), heap(Formats.FP32, 4, 5)));
    refused(
        "matmul output is FP32 [5, 4]; BF16 [4, 32] times transposed MXFP4 [5, 32] gives [4, 5]",
        () -> engine.matmul(a, b, heap(Formats.FP32, 5, 4)));
    refused(
        "matmul output is FP32 [4, 6]; BF16 [4, 32] times transposed MXFP4 [5, 32] gives [4, 5]",
        () -> engine.matmul(a, b, heap(Formats.FP32, 4, 6)));
    refused(
        "matmul output is FP16 [4, 5], and no rule says what is too large becomes; state it with Epilogue.withCast, or give an output in one of [FP32, BF16]",
        () -> engine.matmul(a, b, heap(Formats.FP16, 4, 5)));
    refused(
        "matmul output is MXFP4 [4, 32], and no rule says how its blocks are scaled; state it with Epilogue.withQuantization, or give an output in one of [FP32, BF16]",
        () -> engine.matmul(a, heap(Formats.MXFP4, 32, 32), heap(Formats.MXFP4, 4, 32)));
  }

  @Test
  void matmulNeedsBlocksThatDivideEachOther() {
    BlockFormat odd = Formats.scaled(Formats.E4M3FN, 1, 48);
    refused(
        "matmul a is E4M3FN_1X48 [4, 96] and b is MXFP4 [5, 96]: blocks of 48 and 32; one length must divide the other",
        () ->
            engine.matmul(heap(odd, 4, 96), heap(Formats.MXFP4, 5, 96), heap(Formats.FP32, 4, 5)));
    // 16 divides 32 and 128, and what has one scale per row fits everything.
    for (BlockFormat format : Formats.blocks()) {
      engine.explainMatmul(
          heap(Formats.NVFP4, 4, 128), heap(format, 5, 128), heap(Formats.FP32, 4, 5));
    }
    assertEquals(Formats.blocks().size(), fakes.considered.size());
    fakes.considered.clear();
  }

  @Test
  void matmulBias() {
    Tensor a = heap(Formats.BF16, 4, 32);
    Tensor b = heap(Formats.MXFP4, 5, 32);
    Tensor out = heap(Formats.FP32, 4, 5);
    for (Tensor bias :
        List.of(heap(Formats.BF16, 5), heap(Formats.FP32, 4), heap(Formats.FP32, 1, 5))) {
      refused(
          "matmul bias is %s; it must be FP32 [5]".formatted(bias),
          () -> engine.matmul(a, b, Epilogue.ofBias(bias), out));
    }
    Tensor column = Tensor.of(new float[10], 5, 2).slice(1, 0, 1);
    assertTrue(column.unitColumnStride());
    refused(
        "matmul bias is FP32 [5, 1]; it must be FP32 [5]",
        () -> engine.matmul(a, b, Epilogue.ofBias(column), out));
    refused(
        "matmul output FP32 [4, 5] overlaps its bias FP32 [5] in memory; give the output memory of its own",
        () -> engine.matmul(a, b, Epilogue.ofBias(out.reshape(20).slice(0, 5, 10)), out));
  }

  @Test
  void matmulNeedsAnOutputOfItsOwn() {
    Tensor square = heap(Formats.FP32, 8, 4);
    Tensor other = heap(Formats.FP32, 4, 4);
    refused(
        "matmul output FP32 [4, 4] overlaps its a FP32 [4, 4] in memory; give the output memory of its own",
        () -> engine.matmul(square.slice(0, 0, 4), other, square.slice(0, 3, 7)));
    refused(
        "matmul output FP32 [4, 4] overlaps its b FP32 [4, 4] in memory; give the output memory of its own",
        () -> engine.matmul(other, square.slice(0, 0, 4), square.slice(0, 3, 7)));
    // Operands may be one.
    engine.explainMatmul(other, other, square.slice(0, 4, 8));
    assertEquals(1, fakes.considered.size());
    fakes.considered.clear();
  }

  @Test
  void sparseMatmulNeedsAnOutputOfItsOwn() {
    Tensor a = heap(Formats.BF16, 2, 4);
    MemorySegment memory = MemorySegment.ofArray(new byte[36]);
    MemorySegment tags = memory.asSlice(0, 8);
    for (int row = 0; row < 4; row++) {
      tags.set(Codes.SHORT, 2L * row, (short) 0x10);
    }
    Tensor values = heap(Formats.FP32, 4, 2);
    SparseMatrix b = SparseMatrix.of(Sparsity.S2_4, values, tags);
    for (Tensor out :
        List.of(Tensor.of(Formats.FP32, memory.asSlice(4), 2, 4), values.reshape(2, 4))) {
      assertTrue(out.overlaps(b));
      refused(
          "matmul output FP32 [2, 4] overlaps its b FP32 [4, 4] sparse 2:4 in memory; give the output memory of its own",
          () -> engine.matmul(a, b, out));
    }
    Tensor scaled =
        Tensor.ofBlocks(
            Formats.MXFP4,
            MemorySegment.ofArray(new byte[16]),
            Tensor.of(Formats.E8M0, tags.asSlice(7), 1),
            MemorySegment.NULL,
            32);
    assertTrue(scaled.overlaps(b));
    assertFalse(heap(Formats.FP32, 2, 4).overlaps(b));
  }

  @Test
  void explanationsAreCheckedLikeCalls() {
    Tensor in = heap(Formats.FP32, 2, 32);
    refused(
        "convert output is MXFP4 [2, 32], which has scales: use quantize or dequantize",
        () -> engine.explainConvert(in, heap(Formats.MXFP4, 2, 32), Cast.IEEE));
    refused(
        "quantize output is FP32 [2, 32]; it must be in a block format such as MXFP4: to cast without scales use convert",
        () -> engine.explainQuantize(in, heap(Formats.FP32, 2, 32), Quantization.OCP));
    refused(
        "dequantize input is FP32 [2, 32]; it must be in a block format such as MXFP4: to cast codes without scales use convert",
        () -> engine.explainDequantize(in, heap(Formats.FP32, 2, 32)));
    refused(
        "matmul a is FP32 [2, 32] and b is FP32 [2, 31]: a has K = 32 columns, b has 31; b holds one row per output column",
        () -> engine.explainMatmul(in, heap(Formats.FP32, 2, 31), heap(Formats.FP32, 2, 2)));
  }
}
