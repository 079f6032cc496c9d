package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.Cast;
import octavo.Engine;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.ScaleRule;
import octavo.op.Epilogue;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** Products and transpositions on checked operands, through Octavo's kernels. */
final class TensorEngine {
  /*
   * A NeuronCore's operands have the contraction on partitions, Octavo's have it along rows. So an
   * operand is copied to rows once (Relayout), and one kernel call computes what an
   * instruction, or all instructions of one K tile, would. That is the same bits: a kernel's result
   * does not depend on M, N or tiles (MatmulKernel), so that cutting M and N as the instruction
   * limits demand changes nothing. Cutting K does: each instruction's sum starts from zero and is
   * then added to PSUM in FP32 and rounded to PSUM's type, so that K tiles are separate calls. That
   * addition is an epilogue's: PSUM is the residual of its own product.
   *
   * An MX tile's rows have k = 4 p + c, where 32 indices that share a scale are neighbours: they are
   * blocks of an OCP MX tensor and go to the block kernels as such. FP4 goes as MXFP4 where its
   * expansion keeps values, since products of equal values have equal bits.
   */

  private static final int CHUNK = 4096;
  private static final ValueLayout.OfFloat FLOAT = Codes.FLOAT;

  private final Engine engine;
  private final Scratch stationaryRows = Scratch.offHeap();
  private final Scratch movingRows = Scratch.offHeap();
  private final Scratch stationaryExpanded = Scratch.offHeap();
  private final Scratch movingExpanded = Scratch.offHeap();
  private final Scratch product = Scratch.offHeap();
  private final Scratch widened = Scratch.offHeap();
  private final float[] sums = new float[CHUNK];
  private final float[] addends = new float[CHUNK];
  private Epilogue accumulation = Epilogue.NONE;

  TensorEngine(Engine engine) {
    this.engine = engine;
  }

  // ---- operands as rows

  Tensor stationary(Tensor operand) {
    return rows(operand, stationaryRows);
  }

  Tensor moving(Tensor operand) {
    return rows(operand, movingRows);
  }

  Tensor stationary(MxTile operand, Fp4Expansion expansion) {
    return rows(operand, expansion, stationaryRows, stationaryExpanded);
  }

  Tensor moving(MxTile operand, Fp4Expansion expansion) {
    return rows(operand, expansion, movingRows, movingExpanded);
  }

  /** {@code [K, free]} or {@code [partitions, 2, free]} to {@code [free, K]}. */
  private Tensor rows(Tensor operand, Scratch scratch) {
    boolean pairs = operand.rank() == 3;
    int free = pairs ? 2 : 1;
    long columns = operand.columns();
    long partitions = operand.dimension(0);
    ElementFormat format = operand.element();
    Tensor rows = scratch.matrix(format, columns, pairs ? 2 * partitions : partitions);
    for (int pair = 0; pair < (pairs ? 2 : 1); pair++) {
      Tensor half = pairs ? operand.slice(1, pair, pair + 1) : operand;
      transposeInto(half, free, rows, pair * partitions);
    }
    return rows;
  }

  private void transposeInto(Tensor operand, int columnDimension, Tensor rows, long firstColumn) {
    int unit = operand.element().storageBits() / 8;
    long at = firstColumn * unit;
    if (operand.stride(columnDimension) == 1 || operand.columns() <= 1) {
      Relayout.transpose(
          Relayout.workers(engine, operand, rows),
          unit,
          operand.dimension(0),
          operand.columns(),
          operand.data(),
          0,
          operand.stride(0) * unit,
          rows.data(),
          at,
          rows.stride(0) * unit);
      return;
    }
    // A transposed view: its columns are the rows.
    for (long row = 0; row < operand.columns(); row++) {
      for (long k = 0; k < operand.dimension(0); k++) {
        int code =
            Codes.get(
                operand.data(),
                operand.element(),
                row * operand.stride(columnDimension) + k * operand.stride(0));
        Codes.set(rows.data(), rows.element(), row * rows.stride(0) + firstColumn + k, code);
      }
    }
  }

  private Tensor rows(MxTile operand, Fp4Expansion expansion, Scratch scratch, Scratch expanded) {
    BlockFormat format = MxLayout.blockFormat(operand.data().element());
    Tensor rows = scratch.matrix(format, operand.free(), operand.contraction());
    MxLayout.unpack(engine, operand, rows);
    if (!format.equals(Formats.MXFP4) || expansion.keepsValues()) {
      return rows;
    }
    Tensor wide =
        expanded.matrix(
            MxLayout.blockFormat(expansion.target()), operand.free(), operand.contraction());
    expansion.expand(rows, wide);
    return wide;
  }

  // ---- products

  /**
   * One K tile: {@code dst = round(a * transpose(b))} or {@code dst = round(dst + a *
   * transpose(b))}, the product and the sum in FP32.
   */
  void multiply(Tensor a, Tensor b, Tensor dst, boolean accumulate, Cast writes, NanScale nan) {
    if (nan == NanScale.GOLDEN_INFINITY) {
      multiplyGolden(a, b, dst, accumulate, writes);
      return;
    }
    Epilogue epilogue = accumulate ? adding(dst) : Epilogue.NONE;
    if (dst.format().equals(Formats.FP32) || writes.equals(Cast.IEEE)) {
      engine.matmul(a, b, epilogue, dst);
    } else {
      Tensor sum = product.matrix(Formats.FP32, a.rows(), b.rows());
      engine.matmul(a, b, epilogue, sum);
      engine.convert(sum, dst, writes);
    }
  }

  /** {@return the epilogue that adds to a tensor}, the last one again if it is the same tensor. */
  private Epilogue adding(Tensor dst) {
    if (accumulation.residual() != dst) {
      accumulation = Epilogue.NONE.withResidual(dst);
    }
    return accumulation;
  }

  private void multiplyGolden(Tensor a, Tensor b, Tensor dst, boolean accumulate, Cast writes) {
    Tensor result = product.matrix(Formats.FP32, a.rows(), b.rows());
    engine.matmul(a, b, result);
    GoldenInfinity.redo(a, b, result);
    if (accumulate) {
      Tensor psum = widened.matrix(Formats.FP32, dst.rows(), dst.columns());
      engine.convert(dst, psum, Cast.IEEE);
      add(psum.data(), result.data(), dst.size());
    }
    engine.convert(result, dst, writes);
  }

  private void add(MemorySegment from, MemorySegment to, long count) {
    for (long i = 0; i < count; i += CHUNK) {
      int length = (int) Math.min(CHUNK, count - i);
      MemorySegment.copy(from, FLOAT, i * 4, addends, 0, length);
      MemorySegment.copy(to, FLOAT, i * 4, sums, 0, length);
      for (int j = 0; j < length; j++) {
        sums[j] += addends[j];
      }
      MemorySegment.copy(sums, 0, to, FLOAT, i * 4, length);
    }
  }

  // ---- transpositions

  /** Moves bits. */
  void transpose(Tensor data, Tensor dst) {
    transposeInto(data, 1, dst, 0);
  }

  /** Multiplies by an identity matrix: NaN and infinity spread along the contraction. */
  void transposeByIdentity(Tensor data, Tensor dst) {
    Tensor rows = rows(data, stationaryRows);
    long side = data.dimension(0);
    Tensor identity = movingRows.matrix(data.format(), side, side);
    identity.data().fill((byte) 0);
    int one = data.element().encode(1.0f, Overflow.IEEE);
    for (long i = 0; i < side; i++) {
      identity.setCode(one, i, i);
    }
    multiply(rows, identity, dst, false, Cast.IEEE, NanScale.OCP_NAN);
  }

  /** Products of groups whose scale is infinite, as AWS's references have them. */
  private static final class GoldenInfinity {

    private GoldenInfinity() {}

    static void redo(Tensor a, Tensor b, Tensor result) {
      boolean[] rows = infinite(a);
      boolean[] columns = infinite(b);
      for (int i = 0; i < rows.length; i++) {
        for (int j = 0; j < columns.length; j++) {
          if (rows[i] || columns[j]) {
            float value = product(a, i, b, j);
            Codes.set(
                result.data(),
                Formats.FP32,
                i * result.stride(0) + j,
                Float.floatToRawIntBits(value));
          }
        }
      }
    }

    private static boolean[] infinite(Tensor operand) {
      boolean[] found = new boolean[Math.toIntExact(operand.rows())];
      Tensor scales = operand.scales();
      for (int row = 0; row < found.length; row++) {
        for (long g = 0; g < scales.columns(); g++) {
          found[row] |= scales.code(row, g) == ScaleRule.NAN_SCALE;
        }
      }
      return found;
    }

    private static float product(Tensor a, long i, Tensor b, long j) {
      float sum = 0;
      for (long g = 0; g < a.scales().columns(); g++) {
        float scaleA = scale(a, i, g);
        float scaleB = scale(b, j, g);
        boolean scaleFirst = Float.isInfinite(scaleA) || Float.isInfinite(scaleB);
        float group = 0;
        for (long k = 32 * g; k < 32 * g + 32; k++) {
          float x = a.element().decode(a.code(i, k));
          float y = b.element().decode(b.code(j, k));
          group = scaleFirst ? Math.fma(x * scaleA, y * scaleB, group) : Math.fma(x, y, group);
        }
        sum = scaleFirst ? sum + group : Math.fma(group, scaleA * scaleB, sum);
      }
      return sum;
    }

    private static float scale(Tensor operand, long row, long group) {
      int code = operand.scales().code(row, group);
      return code == ScaleRule.NAN_SCALE ? Float.POSITIVE_INFINITY : Formats.E8M0.decode(code);
    }
  }
}
