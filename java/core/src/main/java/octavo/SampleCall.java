package octavo;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.op.Epilogue;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Kernel;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Request;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.spi.Workers;
import octavo.tensor.MatrixPacker;
import octavo.tensor.PackedMatrix;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Small calls like given ones: the same formats, epilogue, rules, strides and kind of memory, fewer
 * rows and columns, invented numbers.
 */
final class SampleCall {

  private static final long ROWS = 64;
  private static final long FEW_ROWS = 15;
  private static final long WEIGHTS = 160;
  private static final long DEPTH = 512;
  private static final long LINE = 4099;

  private SampleCall() {}

  /** {@return a small call like the one described}, or {@code null} if none can be invented */
  static @Nullable Request of(Request like) {
    for (Operand operand : like.operands()) {
      boolean transposable =
          !(operand.format() instanceof BlockFormat)
              && operand.format().element().storageBits() >= 8;
      if (!operand.unitColumnStride() && !transposable) {
        return null;
      }
    }
    return switch (like) {
      case MatmulRequest r -> small(r);
      case ConvertRequest r ->
          new ConvertRequest(line(r.in()), line(r.out()), r.rounding(), r.overflow());
      case QuantizeRequest r ->
          new QuantizeRequest(line(r.in()), block(r.out(), r.in()), r.scaleRule(), r.rounding());
      case DequantizeRequest r -> new DequantizeRequest(block(r.in(), r.in()), line(r.out()));
      case SparseMatmulRequest r -> small(r);
    };
  }

  private static MatmulRequest small(MatmulRequest r) {
    long m = r.m() == 1 ? 1 : r.m() <= FEW_ROWS + 1 ? FEW_ROWS : ROWS;
    long n = Math.min(r.n(), WEIGHTS);
    long unit = Math.max(1, Math.max(blockColumns(r.a().format()), blockColumns(r.b().format())));
    long k = Math.min(r.k(), Math.max(1, DEPTH / unit) * unit);
    Operand residual = r.residual();
    return new MatmulRequest(
        resized(r.a(), m, k),
        resized(r.b(), n, k),
        resized(r.out(), m, n),
        r.scaled(),
        r.bias(),
        r.activation(),
        residual == null ? null : resized(residual, m, n),
        r.packing());
  }

  private static SparseMatmulRequest small(SparseMatmulRequest r) {
    long m = Math.min(r.a().rows(), ROWS);
    long n = Math.min(r.values().rows(), WEIGHTS);
    long groups = Math.min(r.a().columns(), DEPTH) / r.sparsity().group();
    return new SparseMatmulRequest(
        resized(r.a(), m, groups * r.sparsity().group()),
        resized(r.values(), n, groups * r.sparsity().kept()),
        r.sparsity(),
        resized(r.out(), m, n));
  }

  private static int blockColumns(Format format) {
    return format instanceof BlockFormat block ? block.blockColumns() : 0;
  }

  private static Operand line(Operand like) {
    return block(like, like);
  }

  /** Blocks are whole in every format if the columns are those of the call or a multiple of 128. */
  private static Operand block(Operand like, Operand shape) {
    long columns = shape.columns() <= LINE ? shape.columns() : LINE / 128 * 128;
    return resized(like, Math.min(like.rows(), 3), columns);
  }

  private static Operand resized(Operand like, long rows, long columns) {
    Storage storage = like.storage() == Storage.HEAP ? Storage.HEAP : Storage.AUTOMATIC;
    return new Operand(like.format(), rows, columns, like.unitColumnStride(), storage);
  }

  // ---- running

  /** {@return what runs a small call on a kernel of its operation, its tensors made once} */
  static Runnable on(Kernel<?> kernel, Request request) {
    return switch (request) {
      case MatmulRequest r -> on((MatmulKernel) kernel, r);
      case ConvertRequest r -> {
        Tensor in = tensor(r.in());
        Tensor out = tensor(r.out());
        ConvertKernel its = (ConvertKernel) kernel;
        yield () -> its.run(in, out, r.rounding(), r.overflow(), 1, Workers.CALLER);
      }
      case QuantizeRequest r -> {
        Tensor in = tensor(r.in());
        Tensor out = tensor(r.out());
        QuantizeKernel its = (QuantizeKernel) kernel;
        yield () -> its.run(in, out, r.scaleRule(), r.rounding(), 1, Workers.CALLER);
      }
      case DequantizeRequest r -> {
        Tensor in = tensor(r.in());
        Tensor out = tensor(r.out());
        DequantizeKernel its = (DequantizeKernel) kernel;
        yield () -> its.run(in, out, Workers.CALLER);
      }
      case SparseMatmulRequest r -> {
        Tensor a = tensor(r.a());
        long columns = a.columns();
        Operand like = resized(r.values(), r.values().rows(), columns);
        SparseMatrix b =
            SparseMatrix.compress(
                SparseMatrix.prune(tensor(like), r.sparsity(), Arena.ofAuto()),
                r.sparsity(),
                Arena.ofAuto());
        Tensor out = tensor(r.out());
        SparseMatmulKernel its = (SparseMatmulKernel) kernel;
        yield () -> its.run(a, b, out, Workers.CALLER);
      }
    };
  }

  private static Runnable on(MatmulKernel kernel, MatmulRequest r) {
    Tensor a = tensor(r.a());
    Tensor b = tensor(r.b());
    Tensor out = tensor(r.out());
    Epilogue epilogue = epilogue(r);
    if (r.packing() == null) {
      return () -> kernel.run(a, b, epilogue, out, Workers.CALLER);
    }
    MatrixPacker packer = MatrixPacker.of(b, r.packing(), Arena.ofAuto());
    PackedMatrix packed = packer.packed();
    for (long panel = 0; panel < packed.panels(); panel++) {
      packer.pack(panel);
    }
    return () -> kernel.run(a, packed, epilogue, out, Workers.CALLER);
  }

  private static Epilogue epilogue(MatmulRequest r) {
    Epilogue made = Epilogue.NONE.withActivation(r.activation());
    if (r.scaled()) {
      made = made.withScale(0.5f);
    }
    if (r.bias()) {
      made = made.withBias(Tensor.allocate(Arena.ofAuto(), Formats.FP32, r.n()));
    }
    Operand residual = r.residual();
    return residual == null ? made : made.withResidual(tensor(residual));
  }

  /** {@return a tensor as described, of ordinary numbers} */
  private static Tensor tensor(Operand like) {
    boolean turned = !like.unitColumnStride();
    long rows = turned ? like.columns() : like.rows();
    long columns = turned ? like.rows() : like.columns();
    Tensor made =
        like.storage() == Storage.HEAP
            ? Tensor.allocateHeap(like.format(), rows, columns)
            : Tensor.allocate(Arena.ofAuto(), like.format(), rows, columns);
    SplittableRandom random = new SplittableRandom(rows * 31 + columns);
    ElementFormat element = made.element();
    for (long i = 0; i < rows; i++) {
      for (long k = 0; k < columns; k++) {
        made.setCode(element.encode((float) random.nextGaussian(), Overflow.SATURATE), i, k);
      }
    }
    if (like.format() instanceof BlockFormat block) {
      Tensor scales = made.scales();
      int one = block.scale().encode(1.0f, Overflow.SATURATE);
      Tensor flat = scales.reshape(scales.size());
      for (long i = 0; i < flat.size(); i++) {
        flat.setCode(one, i);
      }
    }
    return turned ? made.transpose() : made;
  }
}
