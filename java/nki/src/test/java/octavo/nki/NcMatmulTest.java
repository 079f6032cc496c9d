package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.random.RandomGenerator;
import octavo.Cast;
import octavo.Ops;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Products against loops over the definitions, bit for bit. */
class NcMatmulTest {

  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");

  private Tensor random(ElementFormat format, long... shape) {
    Tensor tensor = Tensor.allocate(Arena.ofAuto(), format, shape);
    Tensor matrix = tensor.matrix();
    for (long i = 0; i < matrix.rows(); i++) {
      for (long j = 0; j < matrix.columns(); j++) {
        matrix.setCode(format.encode((float) random.nextGaussian(), Overflow.SATURATE), i, j);
      }
    }
    return tensor;
  }

  private MxTile randomTile(ElementFormat element, long partitions, long free) {
    MxTile tile = MxTile.allocate(Arena.ofAuto(), element, partitions, free);
    MemorySegment data = tile.data().data();
    for (long i = 0; i < data.byteSize(); i++) {
      int code = random.nextInt(256);
      boolean nan = element.bits() == 8 && !Float.isFinite(element.decode(code));
      data.set(ValueLayout.JAVA_BYTE, i, (byte) (nan ? 0x31 : code));
    }
    Tensor scales = tile.scales();
    for (long q = 0; q < partitions / 32; q++) {
      for (long g = 0; g < 4; g++) {
        for (long f = 0; f < free; f++) {
          scales.setCode(120 + random.nextInt(10), q, g, f);
        }
      }
    }
    return tile;
  }

  /** {@code k} indexes rows of both operands. */
  private static float dot(Tensor stationary, long m, Tensor moving, long n) {
    float sum = 0;
    for (long k = 0; k < stationary.rows(); k++) {
      sum = Math.fma(stationary.get(k, m), moving.get(k, n), sum);
    }
    return sum;
  }

  private static float dot(MxTile stationary, long m, MxTile moving, long n) {
    float sum = 0;
    for (long p = 0; p < stationary.partitions(); p += 8) {
      float group = 0;
      for (long i = 0; i < 32; i++) {
        float a = stationary.data().get(p + i / 4, m, i % 4);
        group = Math.fma(a, moving.data().get(p + i / 4, n, i % 4), group);
      }
      sum = Math.fma(group, stationary.scale(p, m) * moving.scale(p, n), sum);
    }
    return sum;
  }

  private static void assertBits(float expected, Tensor actual, long i, long j) {
    int code = actual.element().encode(expected, Overflow.IEEE);
    assertEquals(code, actual.code(i, j), () -> i + ", " + j + " of " + actual);
  }

  @Test
  void plainProductsOfEveryPair() {
    List<DType> types = NeuronCore.V4.matmulTypes().stream().toList();
    Nisa nisa = Nisa.on(NeuronCore.V4);
    int pairs = 0;
    for (DType a : types) {
      for (DType b : types) {
        if (!NeuronCore.V4.objection(a, b, PerformanceMode.NONE).isEmpty()) {
          continue;
        }
        pairs++;
        for (ElementFormat psum : List.of(Formats.FP32, Formats.BF16)) {
          Tensor stationary = random(a.format(), 37, 5);
          Tensor moving = random(b.format(), 37, 9);
          Tensor dst = random(psum, 5, 9);
          nisa.ncMatmul(dst, stationary, moving, false);
          for (long i = 0; i < 5; i++) {
            for (long j = 0; j < 9; j++) {
              assertBits(dot(stationary, i, moving, j), dst, i, j);
            }
          }
          Tensor before = Ops.convert(dst, Formats.FP32, Cast.IEEE, Arena.ofAuto());
          nisa.ncMatmul(dst, stationary, moving, true);
          for (long i = 0; i < 5; i++) {
            for (long j = 0; j < 9; j++) {
              assertBits(before.get(i, j) + dot(stationary, i, moving, j), dst, i, j);
            }
          }
        }
      }
    }
    assertEquals(5 * 5 - 2 + 4, pairs); // five narrow types but for one pair, two wide ones
  }

  /** The index of the contraction is pair * partitions + partition. */
  @Test
  void doubleRow() {
    Nisa nisa = Nisa.on(NeuronCore.V3);
    Tensor stationary = random(Formats.E4M3, 128, 2, 6);
    Tensor moving = random(Formats.E5M2, 128, 2, 11);
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 6, 11);
    nisa.ncMatmul(dst, stationary, moving, false, PerformanceMode.DOUBLE_ROW);
    for (long i = 0; i < 6; i++) {
      for (long j = 0; j < 11; j++) {
        float sum = 0;
        for (long k = 0; k < 256; k++) {
          float a = stationary.get(k % 128, k / 128, i);
          sum = Math.fma(a, moving.get(k % 128, k / 128, j), sum);
        }
        assertBits(sum, dst, i, j);
      }
    }
    NeuronCoreTest.assertRefused(
        "[K / 2, 2, M]",
        () ->
            nisa.ncMatmul(
                dst,
                random(Formats.E4M3, 128, 6),
                random(Formats.E5M2, 128, 11),
                false,
                PerformanceMode.DOUBLE_ROW));
  }

  @Test
  void microscalingProductsOfEveryPair() {
    Nisa nisa = Nisa.on(NeuronCore.V4);
    List<ElementFormat> elements = List.of(Formats.E4M3FN, Formats.E5M2, Formats.E2M1);
    for (ElementFormat a : elements) {
      for (ElementFormat b : elements) {
        for (ElementFormat psum : List.of(Formats.FP32, Formats.BF16)) {
          MxTile stationary = randomTile(a, 96, 6);
          MxTile moving = randomTile(b, 96, 7);
          Tensor dst = Tensor.allocateHeap(psum, 6, 7);
          nisa.ncMatmulMx(dst, stationary, moving, false);
          for (long i = 0; i < 6; i++) {
            for (long j = 0; j < 7; j++) {
              assertBits(dot(stationary, i, moving, j), dst, i, j);
            }
          }
          Tensor before = Ops.convert(dst, Formats.FP32, Cast.IEEE, Arena.ofAuto());
          nisa.ncMatmulMx(dst, stationary, moving, true);
          for (long i = 0; i < 6; i++) {
            for (long j = 0; j < 7; j++) {
              assertBits(before.get(i, j) + dot(stationary, i, moving, j), dst, i, j);
            }
          }
        }
      }
    }
  }

  @Test
  void limitsOfMicroscalingProducts() {
    Nisa nisa = Nisa.on(NeuronCore.V4);
    NeuronCoreTest.assertRefused(
        "even",
        () ->
            nisa.ncMatmulMx(
                Tensor.allocateHeap(Formats.FP32, 3, 4),
                randomTile(Formats.E5M2, 32, 3),
                randomTile(Formats.E5M2, 32, 4),
                false));
    NeuronCoreTest.assertRefused(
        "160 partitions",
        () ->
            nisa.ncMatmulMx(
                Tensor.allocateHeap(Formats.FP32, 4, 4),
                randomTile(Formats.E5M2, 160, 4),
                randomTile(Formats.E5M2, 160, 4),
                false));
    NeuronCoreTest.assertRefused(
        "exists from",
        () ->
            TiledMatmul.on(NeuronCore.V3)
                .matmulMx(
                    Tensor.allocateHeap(Formats.FP32, 4, 4),
                    randomTile(Formats.E5M2, 32, 4),
                    randomTile(Formats.E5M2, 32, 4)));
  }

  /**
   * The whole product has the bits of the loop nest over instructions, on views of its operands.
   */
  @Test
  void tiledProductsAreTheInstructions() {
    Nisa nisa = Nisa.on(NeuronCore.V4);
    long m = 134;
    long n = 515;
    MxTile stationary = randomTile(Formats.E4M3FN, 288, m);
    MxTile moving = randomTile(Formats.E2M1, 288, n);
    for (ElementFormat psum : List.of(Formats.FP32, Formats.BF16)) {
      Tensor expected = Tensor.allocate(Arena.ofAuto(), psum, m, n);
      for (long i = 0; i < m; i += 128) {
        for (long j = 0; j < n; j += 512) {
          Tensor dst = expected.slice(0, i, Math.min(m, i + 128)).slice(1, j, Math.min(n, j + 512));
          for (long p = 0; p < 288; p += 128) {
            long end = Math.min(288, p + 128);
            nisa.ncMatmulMx(
                dst,
                stationary.slice(p, end, i, Math.min(m, i + 128)),
                moving.slice(p, end, j, Math.min(n, j + 512)),
                p > 0);
          }
        }
      }
      Tensor actual = Tensor.allocate(Arena.ofAuto(), psum, m, n);
      TiledMatmul.on(NeuronCore.V4).matmulMx(actual, stationary, moving);
      assertEquals(-1, expected.data().mismatch(actual.data()), psum.name());
    }
  }

  @Test
  void tiledPlainProductsAreTheInstructions() {
    Nisa nisa = Nisa.on(NeuronCore.V3);
    Tensor stationary = random(Formats.BF16, 300, 150);
    Tensor moving = random(Formats.FP16, 300, 530);
    Tensor expected = Tensor.allocate(Arena.ofAuto(), Formats.FP32, 150, 530);
    for (long i = 0; i < 150; i += 128) {
      for (long j = 0; j < 530; j += 512) {
        long iEnd = Math.min(150, i + 128);
        long jEnd = Math.min(530, j + 512);
        Tensor dst = expected.slice(0, i, iEnd).slice(1, j, jEnd);
        for (long k = 0; k < 300; k += 128) {
          long end = Math.min(300, k + 128);
          nisa.ncMatmul(
              dst,
              stationary.slice(0, k, end).slice(1, i, iEnd),
              moving.slice(0, k, end).slice(1, j, jEnd),
              k > 0);
        }
      }
    }
    Tensor actual = Tensor.allocate(Arena.ofAuto(), Formats.FP32, 150, 530);
    TiledMatmul.on(NeuronCore.V3).matmul(actual, stationary, moving);
    assertEquals(-1, expected.data().mismatch(actual.data()));

    Tensor transposed = Tensor.allocate(Arena.ofAuto(), Formats.BF16, 150, 300);
    for (long i = 0; i < 150; i++) {
      for (long k = 0; k < 300; k++) {
        transposed.setCode(stationary.code(k, i), i, k);
      }
    }
    TiledMatmul.on(NeuronCore.V3).matmul(actual, transposed.transpose(), moving);
    assertEquals(-1, expected.data().mismatch(actual.data()));
  }

  @Test
  void bf16PsumRoundsStochasticallyWhenAsked() {
    Nisa nisa = Nisa.on(NeuronCore.V4, new Cast(Rounding.STOCHASTIC, Overflow.IEEE, 3));
    Tensor stationary = Tensor.allocateHeap(Formats.BF16, 1, 128);
    Tensor moving = Tensor.allocateHeap(Formats.BF16, 1, 512);
    stationary.data().fill((byte) 0x3F); // 0.74609375
    moving.data().fill((byte) 0x3F);
    Tensor dst = Tensor.allocateHeap(Formats.BF16, 128, 512);
    nisa.ncMatmul(dst, stationary, moving, false);
    double mean = 0;
    for (float value : dst.toArray()) {
      mean += value / (128.0 * 512);
    }
    double exact = 0.74609375 * 0.74609375; // 0.556655..., unit 2^-8
    assertEquals(exact, mean, 0x1p-8 / 60);
    assertTrue(Math.abs(exact - 0.556640625) > 1e-5);
  }

  @Test
  void fp4ExpandsAsTheCallerSays() {
    byte[] codes = new byte[16];
    for (int i = 0; i < 16; i++) {
      codes[i] = (byte) Formats.E5M2.encode((i - 8) * 0.25f, Overflow.IEEE);
    }
    Fp4Expansion expansion = Fp4Expansion.of(Formats.E5M2, codes);
    MxTile stationary = randomTile(Formats.E2M1, 64, 4);
    MxTile moving = randomTile(Formats.E4M3FN, 64, 5);
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 4, 5);
    Nisa nisa = Nisa.on(NeuronCore.V4);
    nisa.ncMatmulMx(
        dst,
        stationary,
        moving,
        false,
        new MxMatmulOptions(expansion, Fp4Expansion.IDENTITY, NanScale.OCP_NAN));

    MxTile wide = MxTile.allocate(Arena.ofAuto(), Formats.E5M2, 64, 4);
    for (long p = 0; p < 64; p++) {
      for (long f = 0; f < 4; f++) {
        for (int c = 0; c < 4; c++) {
          wide.data().setCode(expansion.code(stationary.data().code(p, f, c)), p, f, c);
        }
        wide.scales()
            .setCode(stationary.scales().code(p / 32, p % 32 / 8, f), p / 32, p % 32 / 8, f);
      }
    }
    for (long i = 0; i < 4; i++) {
      for (long j = 0; j < 5; j++) {
        assertBits(dot(wide, i, moving, j), dst, i, j);
      }
    }
    assertTrue(Fp4Expansion.IDENTITY.keepsValues());
    assertTrue(Fp4Expansion.identity(Formats.E5M2).keepsValues());
  }

  /** Scale 0xFF: NaN by the specification; infinity in AWS's references, zeros then give NaN. */
  @Test
  void nanScale() {
    MxTile stationary = MxTile.allocate(Arena.ofAuto(), Formats.E4M3FN, 32, 2);
    MxTile moving = MxTile.allocate(Arena.ofAuto(), Formats.E4M3FN, 32, 2);
    for (long p = 0; p < 32; p++) {
      for (int c = 0; c < 4; c++) {
        stationary.data().setCode(0x38, p, 0, c);
        stationary.data().setCode(0x38, p, 1, c);
        moving.data().setCode(0x38, p, 0, c);
        moving.data().setCode(p < 8 ? 0 : 0xB8, p, 1, c); // zeros, then -1
      }
    }
    for (long g = 0; g < 4; g++) {
      for (long f = 0; f < 2; f++) {
        stationary.scales().setCode(127, 0, g, f);
        moving.scales().setCode(127, 0, g, f);
      }
    }
    stationary.scales().setCode(0xFF, 0, 0, 1);
    Tensor dst = Tensor.allocateHeap(Formats.FP32, 2, 2);
    Nisa nisa = Nisa.on(NeuronCore.V4);
    nisa.ncMatmulMx(dst, stationary, moving, false);
    assertEquals(128, dst.get(0, 0));
    assertEquals(-96, dst.get(0, 1));
    assertTrue(Float.isNaN(dst.get(1, 0)));

    MxMatmulOptions golden =
        new MxMatmulOptions(Fp4Expansion.IDENTITY, Fp4Expansion.IDENTITY, NanScale.GOLDEN_INFINITY);
    nisa.ncMatmulMx(dst, stationary, moving, false, golden);
    assertEquals(128, dst.get(0, 0));
    assertEquals(-96, dst.get(0, 1));
    assertEquals(Float.POSITIVE_INFINITY, dst.get(1, 0));
    assertTrue(Float.isNaN(dst.get(1, 1)));
    nisa.ncMatmulMx(dst, stationary, moving, true, golden);
    assertEquals(256, dst.get(0, 0));
  }

  @Test
  void transposes() {
    for (ElementFormat format :
        List.of(Formats.FP32, Formats.BF16, Formats.FP16, Formats.E4M3, Formats.E5M2)) {
      Tensor data = Tensor.allocateHeap(format, 128, 77);
      for (long i = 0; i < data.data().byteSize(); i++) {
        data.data().set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
      }
      Tensor dst = Tensor.allocateHeap(format, 77, 128);
      Nisa.on(NeuronCore.V3).ncTranspose(dst, data);
      for (long i = 0; i < 128; i++) {
        for (long j = 0; j < 77; j++) {
          assertEquals(data.code(i, j), dst.code(j, i));
        }
      }
    }
  }

  /**
   * On v2 the Tensor Engine multiplies by an identity matrix: NaN spreads; the Vector Engine does
   * not.
   */
  @Test
  void transposesOnV2() {
    Tensor data = Tensor.allocateHeap(Formats.BF16, 3, 2);
    for (long i = 0; i < 3; i++) {
      for (long j = 0; j < 2; j++) {
        data.setCode(0x3F80 + (int) (2 * i + j), i, j);
      }
    }
    Tensor dst = Tensor.allocateHeap(Formats.BF16, 2, 3);
    Nisa nisa = Nisa.on(NeuronCore.V2);
    nisa.ncTranspose(dst, data, false);
    assertEquals(0x3F85, dst.code(1, 2));

    data.setCode(0x7F80, 1, 0);
    nisa.ncTranspose(dst, data, false);
    assertTrue(Float.isNaN(dst.get(0, 0)));
    assertEquals(Float.POSITIVE_INFINITY, dst.get(0, 1));
    assertTrue(Float.isNaN(dst.get(0, 2)));
    assertEquals(0x3F81, dst.code(1, 0));

    nisa.ncTranspose(dst, data, true);
    assertEquals(0x3F80, dst.code(0, 0));
    nisa.ncTranspose(dst, data);
    assertEquals(0x7F80, dst.code(0, 1));
    NeuronCoreTest.assertRefused(
        "at most [32, 32]",
        () ->
            nisa.ncTranspose(
                Tensor.allocateHeap(Formats.BF16, 2, 33),
                Tensor.allocateHeap(Formats.BF16, 33, 2),
                true));
  }
}
