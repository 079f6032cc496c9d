package octavo.natives;

import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Rejected;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/** Casts, in {@code kernels/convert.cc}. */
final class ConvertNative implements ConvertKernel {

  private final NativeKernel kernel;

  ConvertNative(Binding binding, Binding.Tier tier) {
    kernel = new NativeKernel(binding, tier, "convert");
  }

  @Override
  public KernelId id() {
    return kernel.id();
  }

  @Override
  public Isa isa() {
    return kernel.tier().isa();
  }

  @Override
  public Verdict consider(ConvertRequest request, Host host) {
    Rejected objection = kernel.objection(host);
    if (objection != null) {
      return objection;
    }
    if (!NativeFormats.readable(request.in().format().element())
        || !NativeFormats.writable(request.out().format().element())) {
      return new Rejected(
          "no native kernel casts %s to %s, only signed formats to float formats; another backend does"
              .formatted(request.in().format(), request.out().format()));
    }
    objection = kernel.objection("the input", request.in());
    if (objection == null) {
      objection = kernel.objection("the output", request.out());
    }
    return objection != null ? objection : kernel.eligible(1.4);
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    Binding.check(
        kernel
            .binding()
            .convert(
                kernel.tier().number(),
                in.rows(),
                in.columns(),
                NativeFormats.id(in.element()),
                in.data(),
                NativeFormats.rowStrideBytes(in),
                NativeFormats.id(out.element()),
                out.data(),
                NativeFormats.rowStrideBytes(out),
                number(rounding),
                number(overflow),
                seed,
                0));
  }

  static int number(Rounding rounding) {
    return switch (rounding) {
      case NEAREST_EVEN -> 0;
      case TOWARD_ZERO -> 1;
      case STOCHASTIC -> 2;
    };
  }

  static int number(Overflow overflow) {
    return switch (overflow) {
      case SATURATE -> 0;
      case IEEE -> 1;
    };
  }
}
