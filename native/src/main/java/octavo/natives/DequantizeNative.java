package octavo.natives;

import octavo.format.BlockFormat;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Dequantization, in {@code kernels/dequantize.cc}. */
final class DequantizeNative implements DequantizeKernel {

  private final NativeKernel kernel;
  private final CallPool<Call> calls = new CallPool<>(Call::new);

  DequantizeNative(Binding binding, Binding.Tier tier) {
    kernel = new NativeKernel(binding, tier, "dequantize");
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
  public Verdict consider(DequantizeRequest request, Host host) {
    return kernel.consider(request.in(), request.out(), host);
  }

  @Override
  public void run(Tensor in, Tensor out, Workers workers) {
    BlockFormat format = (BlockFormat) in.format();
    Call call = calls.take();
    call.in = in;
    call.out = out;
    long unit = format.blockColumns();
    call.grid.cut(
        in.rows(),
        in.columns(),
        in.size() / ConvertNative.PART,
        1,
        unit == 0 ? 4096 : unit % 2 == 0 ? unit * Math.max(1, 4096 / unit) : 2 * unit,
        false,
        workers);
    workers.run(call.grid.parts(), call);
    call.in = null;
    call.out = null;
    calls.give(call);
  }

  private final class Call implements Workers.Part {
    final Grid grid = new Grid();
    @Nullable Tensor in;
    @Nullable Tensor out;

    @Override
    public void run(int part) {
      Tensor from = NativeKernel.present(in);
      Tensor to = NativeKernel.present(out);
      Binding.check(
          kernel
              .binding()
              .dequantize(
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
                  NativeFormats.scaleFormat(from),
                  NativeFormats.scales(from),
                  NativeFormats.scaleRowStride(from),
                  NativeFormats.blockRows(from),
                  NativeFormats.blockColumns(from),
                  from.tensorScale(),
                  NativeFormats.id(to.element()),
                  to.data(),
                  NativeFormats.rowStrideBytes(to)));
    }
  }
}
