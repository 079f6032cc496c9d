package octavo.natives;

import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Casts, in {@code kernels/convert.cc}. */
final class ConvertNative implements ConvertKernel {

  /** As many elements as are worth a part. */
  static final double PART = 65536;

  private final NativeKernel kernel;
  private final CallPool<Call> calls = new CallPool<>(Call::new);

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
    return kernel.consider(request.in(), request.out(), host);
  }

  @Override
  public void run(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
    Call call = calls.take();
    call.in = in;
    call.out = out;
    call.rounding = rounding;
    call.overflow = overflow;
    call.seed = seed;
    call.grid.cut(in.rows(), in.columns(), in.size() / PART, 1, 4096, false, workers);
    workers.run(call.grid.parts(), call);
    call.in = null;
    call.out = null;
    calls.give(call);
  }

  private final class Call implements Workers.Part {
    final Grid grid = new Grid();
    @Nullable Tensor in;
    @Nullable Tensor out;
    Rounding rounding = Rounding.NEAREST_EVEN;
    Overflow overflow = Overflow.SATURATE;
    long seed;

    @Override
    public void run(int part) {
      Tensor from = NativeKernel.present(in);
      Tensor to = NativeKernel.present(out);
      Binding.check(
          kernel
              .binding()
              .convert(
                  kernel.tier().number(),
                  from.rows(),
                  from.columns(),
                  grid.rowBegin(part),
                  grid.rowEnd(part),
                  grid.columnBegin(part),
                  grid.columnEnd(part),
                  NativeFormats.id(from.element()),
                  from.data(),
                  NativeFormats.rowStrideBytes(from),
                  NativeFormats.id(to.element()),
                  to.data(),
                  NativeFormats.rowStrideBytes(to),
                  number(rounding),
                  number(overflow),
                  seed,
                  0));
    }
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
