package octavo.natives;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import octavo.format.ElementFormat;
import octavo.op.Activation;
import octavo.spi.Host;
import octavo.spi.MatmulRequest;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Rejected;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** What the two families of products have in common. */
final class NativeMatmul {

  // The reference is 100. Decoding both operands costs as much as this many rows of results.
  private static final double PACKING = 14;

  private NativeMatmul() {}

  static Verdict consider(NativeKernel kernel, MatmulRequest request, Host host, double work) {
    Rejected objection = kernel.objection(host);
    if (objection != null) {
      return objection;
    }
    if (request.packing() != null) {
      return new Rejected("b is packed; native kernels read ordinary tensors");
    }
    if (request.scaled() || request.activation() != Activation.NONE || request.residual() != null) {
      return new Rejected("native kernels add a bias, but apply no factor, activation or residual");
    }
    for (ElementFormat format :
        new ElementFormat[] {request.a().format().element(), request.b().format().element()}) {
      if (!NativeFormats.readable(format)) {
        return new Rejected(
            "no native kernel multiplies %s; convert it to FP32 first".formatted(format));
      }
    }
    objection = kernel.objection("a", request.a());
    if (objection == null) {
      objection = kernel.objection("b", request.b());
    }
    if (objection == null) {
      objection = kernel.objection("the output", request.out());
    }
    return objection != null
        ? objection
        : kernel.eligible(work + PACKING / Math.max(1, request.m()));
  }

  static void run(NativeKernel kernel, Tensor a, Tensor b, @Nullable Tensor bias, Tensor out) {
    if (bias == null) {
      run(kernel, a, b, MemorySegment.NULL, out);
    } else if (kernel.binding().objection(bias.storage()) == null) {
      run(kernel, a, b, bias.data(), out);
    } else {
      // Requests do not tell where the bias lies; N numbers are quickly copied.
      try (Arena arena = Arena.ofConfined()) {
        run(kernel, a, b, arena.allocate(bias.data().byteSize()).copyFrom(bias.data()), out);
      }
    }
  }

  private static void run(NativeKernel kernel, Tensor a, Tensor b, MemorySegment bias, Tensor out) {
    Binding.check(
        kernel
            .binding()
            .matmul(
                kernel.tier().number(),
                a.rows(),
                b.rows(),
                a.columns(),
                NativeFormats.id(a.element()),
                a.data(),
                NativeFormats.rowStrideBytes(a),
                NativeFormats.scaleFormat(a),
                NativeFormats.scales(a),
                NativeFormats.scaleRowStride(a),
                NativeFormats.blockRows(a),
                NativeFormats.blockColumns(a),
                a.tensorScale(),
                NativeFormats.id(b.element()),
                b.data(),
                NativeFormats.rowStrideBytes(b),
                NativeFormats.scaleFormat(b),
                NativeFormats.scales(b),
                NativeFormats.scaleRowStride(b),
                NativeFormats.blockRows(b),
                NativeFormats.blockColumns(b),
                b.tensorScale(),
                bias,
                NativeFormats.id(out.element()),
                out.data(),
                NativeFormats.rowStrideBytes(out)));
  }
}
