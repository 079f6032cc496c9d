package octavo.natives;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.spi.Host;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Rejected;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What the two families of products have in common. */
final class NativeMatmul {

  // The reference is 100, which is 1.3 ns per multiply-add. Decoding both operands costs as much as
  // this many rows of results. Measured on Zen 3, one thread, 2048 x 2048 weights, 1 to 64 rows.
  private static final double PACKING = 11;

  // Of a packed right operand: decoding it, and reading codes of eight bits and more that are
  // decoded
  // in registers, which kernels for few rows do.
  private static final double UNPACKING = 20;
  private static final double READING = 2.5;
  private static final long FEW_ROWS = 4;

  // The library multiplies small integers where it packs groups of so many: octavo.h says so.
  private static final int INTEGER_GROUP = 4;

  // The time of small integers as a share of that of FP32.
  private static final double INTEGERS = 0.4;

  // As many multiplications as are worth a part.
  private static final double PART = 1 << 20;

  // What rows and columns are cut at: the rows of two AVX2 tiles, the columns of a few packed
  // panels.
  private static final long ROWS = 12;
  private static final long COLUMNS = 32;

  private final NativeKernel kernel;
  private final CallPool<Call> calls = new CallPool<>(Call::new);

  NativeMatmul(NativeKernel kernel) {
    this.kernel = kernel;
  }

  NativeKernel kernel() {
    return kernel;
  }

  Verdict consider(MatmulRequest request, Host host, double work) {
    Rejected objection = kernel.objection(host);
    if (objection == null) {
      objection = NativeFormats.objection(request.a().format().element());
    }
    if (objection == null) {
      objection = NativeFormats.objection(request.b().format().element());
    }
    if (objection == null) {
      objection = kernel.objection("a", request.a());
    }
    if (objection == null) {
      objection = kernel.objection("b", request.b());
    }
    if (objection == null && request.residual() != null) {
      objection = kernel.objection("the residual", request.residual());
    }
    if (objection == null) {
      objection = kernel.objection("the output", request.out());
    }
    if (objection != null) {
      return objection;
    }
    Packing given = request.packing();
    Packing needed = packing(request);
    if (given != null && !given.equals(needed)) {
      return new Rejected(
          "b is %s; this kernel reads %s, or ordinary tensors".formatted(given, needed));
    }
    boolean integers =
        request.blockLength() != 0 && needed != null && needed.group() == INTEGER_GROUP;
    boolean inRegisters =
        request.m() <= FEW_ROWS && request.b().format().element().storageBits() >= 8;
    double packing = given == null ? PACKING : inRegisters || integers ? READING : UNPACKING;
    return kernel.eligible(
        work * (integers ? INTEGERS : 1) + packing / Math.max(1, request.m()),
        integers
            ? "C++, elements multiplied as small integers"
            : given == null ? "C++, operands decoded once" : "C++, b packed before");
  }

  /** {@return the order that the library reads a packed right operand in} */
  @Nullable Packing packing(MatmulRequest request) {
    long packing =
        kernel
            .binding()
            .matmulPacking(
                kernel.tier().number(),
                NativeFormats.id(request.a().format().element()),
                NativeFormats.blockColumns(request.a().format()),
                NativeFormats.id(request.b().format().element()),
                NativeFormats.blockColumns(request.b().format()));
    return packing < 0
        ? null
        : new Packing(
            (int) (packing >> 32), (int) (packing >> 16) & 0xFFFF, (int) packing & 0xFFFF);
  }

  private static int number(Activation activation) {
    return switch (activation) {
      case NONE -> 0;
      case RELU -> 1;
      case GELU -> 2;
      case GELU_TANH -> 3;
      case SILU -> 4;
    };
  }

  /** Computes a product, of an ordinary or a packed right operand. */
  void run(
      Tensor a,
      @Nullable Tensor b,
      @Nullable PackedMatrix packed,
      Epilogue epilogue,
      Tensor out,
      Workers workers) {
    Tensor bias = epilogue.bias();
    if (bias == null) {
      run(a, b, packed, epilogue, MemorySegment.NULL, out, workers);
    } else if (kernel.binding().objection(bias.storage()) == null
        && (workers.parallelism() <= 1 || !bias.confined())) {
      run(a, b, packed, epilogue, bias.data(), out, workers);
    } else {
      // Requests do not tell where the bias lies; N numbers are quickly copied.
      MemorySegment copy = Arena.ofAuto().allocate(Math.max(1, bias.data().byteSize()));
      run(a, b, packed, epilogue, copy.copyFrom(bias.data()), out, workers);
    }
  }

  private void run(
      Tensor a,
      @Nullable Tensor b,
      @Nullable PackedMatrix packed,
      Epilogue epilogue,
      MemorySegment bias,
      Tensor out,
      Workers workers) {
    Call call = calls.take();
    call.a = a;
    call.b = b;
    call.packed = packed;
    call.epilogue = epilogue;
    call.bias = bias;
    call.out = out;
    double work = (double) out.rows() * out.columns() * Math.max(1, a.columns()) / PART;
    call.grid.cut(
        out.rows(), out.columns(), work, ROWS, COLUMNS, out.columns() >= out.rows(), workers);
    workers.run(call.grid.parts(), call);
    call.a = null;
    call.b = null;
    call.packed = null;
    call.epilogue = Epilogue.NONE;
    call.bias = MemorySegment.NULL;
    call.out = null;
    calls.give(call);
  }

  private final class Call implements Workers.Part {
    final Grid grid = new Grid();
    @Nullable Tensor a;
    @Nullable Tensor b;
    @Nullable PackedMatrix packed;
    Epilogue epilogue = Epilogue.NONE;
    MemorySegment bias = MemorySegment.NULL;
    @Nullable Tensor out;

    @Override
    public void run(int part) {
      Tensor left = NativeKernel.present(a);
      if (b != null) {
        run(
            part,
            left,
            NativeFormats.id(b.element()),
            b.data(),
            NativeFormats.rowStrideBytes(b),
            NativeFormats.scaleFormat(b),
            NativeFormats.scales(b),
            NativeFormats.scaleRowStride(b),
            NativeFormats.blockRows(b),
            NativeFormats.blockColumns(b),
            b.tensorScale(),
            null);
      } else {
        PackedMatrix right = NativeKernel.present(packed);
        Format format = right.format();
        run(
            part,
            left,
            NativeFormats.id(right.element()),
            right.data(),
            0,
            NativeFormats.scaleFormat(format),
            format instanceof BlockFormat ? right.scales().data() : MemorySegment.NULL,
            format instanceof BlockFormat block
                    && block.blockRows() != BlockFormat.WHOLE
                    && !right.scalesInPanels()
                ? right.scales().stride(0)
                : 0,
            NativeFormats.blockRows(format),
            NativeFormats.blockColumns(format),
            right.tensorScale(),
            right.packing());
      }
    }

    private void run(
        int part,
        Tensor left,
        int format,
        MemorySegment codes,
        long rowStrideBytes,
        int scaleFormat,
        MemorySegment scales,
        long scaleRowStride,
        long blockRows,
        long blockColumns,
        float tensorScale,
        @Nullable Packing packing) {
      Tensor to = NativeKernel.present(out);
      Tensor residual = epilogue.residual();
      Binding.check(
          kernel
              .binding()
              .matmul(
                  kernel.tier().number(),
                  to.rows(),
                  to.columns(),
                  left.columns(),
                  grid.rowBegin(part),
                  grid.rowEnd(part),
                  grid.columnBegin(part),
                  grid.columnEnd(part),
                  NativeFormats.id(left.element()),
                  left.data(),
                  NativeFormats.rowStrideBytes(left),
                  NativeFormats.scaleFormat(left),
                  NativeFormats.scales(left),
                  NativeFormats.scaleRowStride(left),
                  NativeFormats.blockRows(left),
                  NativeFormats.blockColumns(left),
                  left.tensorScale(),
                  format,
                  codes,
                  rowStrideBytes,
                  scaleFormat,
                  scales,
                  scaleRowStride,
                  blockRows,
                  blockColumns,
                  tensorScale,
                  packing == null ? 0 : packing.panelRows(),
                  packing == null ? 0 : packing.interleave(),
                  packing == null ? 0 : packing.group(),
                  epilogue.scale(),
                  bias,
                  number(epilogue.activation()),
                  residual == null ? Binding.NO_RESIDUAL : NativeFormats.id(residual.element()),
                  residual == null ? MemorySegment.NULL : residual.data(),
                  residual == null ? 0 : NativeFormats.rowStrideBytes(residual),
                  NativeFormats.id(to.element()),
                  to.data(),
                  NativeFormats.rowStrideBytes(to)));
    }
  }
}
