package octavo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.SplittableRandom;
import octavo.Cast;
import octavo.Engine;
import octavo.Quantization;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.spi.Overrides;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the engine makes of kernels: epilogues, batches, outputs in other formats, packed weights.
 */
class ProductsTest {

  private static Engine engine(String backends) {
    return Engine.create(Overrides.NONE.withBackends(backends.split(",")));
  }

  private static Tensor numbers(long seed, long... shape) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), Formats.FP32, shape);
    SplittableRandom random = new SplittableRandom(seed);
    Tensor flat = tensor.reshape(tensor.size());
    for (long i = 0; i < tensor.size(); i++) {
      flat.setCode(Float.floatToRawIntBits((float) random.nextGaussian()), i);
    }
    return tensor;
  }

  private static Tensor in(Engine engine, Format format, Tensor numbers) {
    return switch (format) {
      case BlockFormat block -> engine.quantize(numbers, block, Quantization.OCP, Arena.ofAuto());
      case ElementFormat element -> engine.convert(numbers, element, Cast.SATURATE, Arena.ofAuto());
    };
  }

  /** The definition once more, in the plainest words. */
  private static float expected(Tensor a, Tensor b, long i, long j, float scale, float bias) {
    float acc = 0;
    for (long k = 0; k < a.columns(); k++) {
      acc = Math.fma(a.get(i, k), b.get(j, k), acc);
    }
    return acc * scale + bias;
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "reference,vector"})
  void epilogueInItsOrder(String backends) {
    Engine engine = engine(backends);
    Tensor a = numbers(1, 19, 40);
    Tensor b = numbers(2, 23, 40);
    Tensor bias = numbers(3, 23);
    Tensor residual = in(engine, Formats.BF16, numbers(4, 19, 23));
    Tensor out = Tensor.allocate(Arena.ofAuto(), Formats.FP32, 19, 23);
    Epilogue epilogue =
        Epilogue.ofBias(bias)
            .withScale(0.3f)
            .withActivation(Activation.RELU)
            .withResidual(residual);
    engine.matmul(a, b, epilogue, out);
    boolean clipped = false;
    for (long i = 0; i < 19; i++) {
      for (long j = 0; j < 23; j++) {
        float r = expected(a, b, i, j, 0.3f, bias.get(j));
        clipped |= r < 0;
        assertEquals(Math.max(r, 0) + residual.get(i, j), out.get(i, j));
      }
    }
    assertTrue(clipped);
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "reference,vector"})
  void aResidualMayBeTheOutput(String backends) {
    Engine engine = engine(backends);
    Tensor a = numbers(1, 3, 8);
    Tensor b = numbers(2, 5, 8);
    Tensor out = numbers(3, 3, 5);
    float before = out.get(2, 4);
    engine.matmul(a, b, Epilogue.NONE.withResidual(out), out);
    assertEquals(expected(a, b, 2, 4, 1, 0) + before, out.get(2, 4));
    Tensor shifted = numbers(4, 4, 5);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            engine.matmul(
                a, b, Epilogue.NONE.withResidual(shifted.slice(0, 1, 4)), shifted.slice(0, 0, 3)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "reference,vector"})
  void batches(String backends) {
    Engine engine = engine(backends);
    for (long[] outer : new long[][] {{1}, {3}, {2, 3}, {33}}) {
      for (Format format : List.of(Formats.FP32, Formats.MXFP4, Formats.E4M3FN_TENSOR)) {
        Tensor a = in(engine, Formats.BF16, numbers(1, with(outer, 5, 64)));
        Tensor b = in(engine, format, numbers(2, with(outer, 7, 64)));
        Tensor out = engine.matmul(a, b, Arena.ofAuto());
        for (long m = 0; m < a.matrices(); m++) {
          Tensor alone = engine.matmul(a.matrix(m), b.matrix(m), Arena.ofAuto());
          assertSame(alone, out.matrix(m));
        }
        Tensor one = b.matrix(0);
        Tensor shared = engine.matmul(a, one, Arena.ofAuto());
        for (long m = 0; m < a.matrices(); m++) {
          assertSame(engine.matmul(a.matrix(m), one, Arena.ofAuto()), shared.matrix(m));
        }
      }
    }
  }

  private static long[] with(long[] outer, long rows, long columns) {
    long[] shape = java.util.Arrays.copyOf(outer, outer.length + 2);
    shape[outer.length] = rows;
    shape[outer.length + 1] = columns;
    return shape;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 8})
  void manyResultsOfFewColumns(long columns) {
    Tensor a = numbers(1, 2600, columns);
    Tensor b = numbers(2, 1100, columns);
    for (Tensor[] pair : new Tensor[][] {{a, b}, {b, a}}) {
      Tensor expected = engine("reference").matmul(pair[0], pair[1], Arena.ofAuto());
      Tensor actual = engine("reference,vector").matmul(pair[0], pair[1], Arena.ofAuto());
      assertEquals(-1, expected.data().mismatch(actual.data()));
    }
  }

  private static void assertSame(Tensor expected, Tensor actual) {
    for (long i = 0; i < expected.rows(); i++) {
      for (long j = 0; j < expected.columns(); j++) {
        assertEquals(expected.code(i, j), actual.code(i, j));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "reference,vector"})
  void outputsThatAreCastOrQuantized(String backends) {
    Engine engine = engine(backends);
    Tensor a = numbers(1, 8, 64);
    Tensor b = numbers(2, 64, 64);
    Tensor product = engine.matmul(a, b, Arena.ofAuto());
    Epilogue cast = Epilogue.NONE.withCast(Rounding.STOCHASTIC, Overflow.SATURATE, 7);
    Tensor fp8 = Tensor.allocate(Arena.ofAuto(), Formats.E4M3FN, 8, 64);
    for (int call = 0; call < 2; call++) {
      engine.matmul(a, b, cast, fp8);
      assertSame(engine.convert(product, Formats.E4M3FN, Cast.stochastic(7), Arena.ofAuto()), fp8);
    }
    Epilogue quantized =
        Epilogue.NONE.withQuantization(ScaleRule.OCP_FLOOR, Rounding.NEAREST_EVEN, 0);
    for (BlockFormat format : List.of(Formats.MXFP4, Formats.NVFP4, Formats.E4M3FN_TENSOR)) {
      Tensor blocks = Tensor.allocate(Arena.ofAuto(), format, 8, 64);
      engine.matmul(a, b, quantized, blocks);
      Tensor apart = engine.quantize(product, format, Quantization.OCP, Arena.ofAuto());
      assertSame(apart, blocks);
      assertEquals(-1, apart.scales().data().mismatch(blocks.scales().data()));
      assertEquals(apart.tensorScale(), blocks.tensorScale());
    }
    assertThrows(IllegalArgumentException.class, () -> engine.matmul(a, b, fp8));
    assertThrows(
        IllegalArgumentException.class,
        () -> engine.matmul(a, b, cast, Tensor.allocateHeap(Formats.MXFP4, 8, 64)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "reference,vector"})
  void packedWeightsGiveTheSameBits(String backends) {
    Engine engine = engine(backends);
    for (Format format : Formats.all()) {
      if (format.element().equals(Formats.E8M0)) {
        continue; // Has no sign to convert numbers to.
      }
      Tensor w = in(engine, format, numbers(1, 37, 128));
      Tensor x = numbers(2, 3, 128);
      Tensor expected = engine.matmul(x, w, Arena.ofAuto());
      List<PackedMatrix> packed =
          List.of(
              engine.pack(w, Formats.FP32, Arena.ofAuto()),
              engine.pack(w, new Packing(16, 2, 2), Arena.ofAuto()));
      for (PackedMatrix matrix : packed) {
        assertSame(expected, engine.matmul(x, matrix, Arena.ofAuto()));
        Tensor back = engine.unpack(matrix, Arena.ofAuto());
        assertEquals(-1, w.data().mismatch(back.data()), format.toString());
      }
    }
  }
}
