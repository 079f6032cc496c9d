package octavo.natives;

import java.util.concurrent.atomic.AtomicInteger;
import octavo.format.BlockFormat;
import octavo.format.BlockScaling;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Quantization, in {@code kernels/quantize.cc}. A scale for the whole tensor follows from its
 * largest magnitude, which a first pass over all parts finds.
 */
final class QuantizeNative implements QuantizeKernel {

  private final NativeKernel kernel;
  private final CallPool<Call> calls = new CallPool<>(Call::new);

  QuantizeNative(Binding binding, Binding.Tier tier) {
    kernel = new NativeKernel(binding, tier, "quantize");
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
  public Verdict consider(QuantizeRequest request, Host host) {
    return kernel.consider(request.in(), request.out(), host);
  }

  @Override
  public void run(
      Tensor in, Tensor out, ScaleRule scaleRule, Rounding rounding, long seed, Workers workers) {
    BlockFormat format = (BlockFormat) out.format();
    boolean wholeTensor = format.blockRows() == BlockFormat.WHOLE;
    Call call = calls.take();
    call.in = in;
    call.out = out;
    call.rule = scaleRule;
    call.rounding = rounding;
    call.seed = seed;
    if (format.tensorScale() || wholeTensor) {
      call.finiteOnly = !wholeTensor;
      call.searching = true;
      call.amax.setPlain(0);
      call.grid.cut(
          in.rows(), in.columns(), in.size() / ConvertNative.PART, 1, 4096, false, workers);
      workers.run(call.grid.parts(), call);
      float amax = Float.intBitsToFloat(call.amax.get());
      if (wholeTensor) {
        out.scales().setCode(BlockScaling.scaleCode(format, scaleRule, amax, 1.0f), 0);
      } else {
        out.setTensorScale(BlockScaling.tensorScale(format, amax));
      }
    }
    call.searching = false;
    long unit = wholeTensor ? 4096 : format.blockColumns();
    call.grid.cut(
        in.rows(),
        in.columns(),
        in.size() / ConvertNative.PART,
        Math.max(1, format.blockRows()),
        // so that codes of four bits begin on bytes
        unit % 2 == 0 ? unit * Math.max(1, 4096 / Math.max(1, unit)) : 2 * unit,
        false,
        workers);
    workers.run(call.grid.parts(), call);
    call.in = null;
    call.out = null;
    calls.give(call);
  }

  private final class Call implements Workers.Part {
    final Grid grid = new Grid();
    final AtomicInteger amax = new AtomicInteger();
    @Nullable Tensor in;
    @Nullable Tensor out;
    ScaleRule rule = ScaleRule.OCP_FLOOR;
    Rounding rounding = Rounding.NEAREST_EVEN;
    long seed;
    boolean searching;
    boolean finiteOnly;

    @Override
    public void run(int part) {
      if (searching) {
        findLargest(part);
      } else {
        quantize(part);
      }
    }

    private void findLargest(int part) {
      Tensor from = NativeKernel.present(in);
      int found =
          kernel
              .binding()
              .amax(
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
                  finiteOnly ? 1 : 0);
      if (found < 0) {
        Binding.check(found);
      }
      for (int old = amax.get(); found > old && !amax.compareAndSet(old, found); ) {
        old = amax.get();
      }
    }

    private void quantize(int part) {
      Tensor from = NativeKernel.present(in);
      Tensor to = NativeKernel.present(out);
      BlockFormat format = (BlockFormat) to.format();
      Binding.check(
          kernel
              .binding()
              .quantize(
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
                  NativeFormats.scaleFormat(to),
                  NativeFormats.scales(to),
                  NativeFormats.scaleRowStride(to),
                  format.blockRows(),
                  format.blockColumns(),
                  to.tensorScale(),
                  number(rule),
                  ConvertNative.number(rounding),
                  seed,
                  0));
    }
  }

  static int number(ScaleRule rule) {
    return switch (rule) {
      case OCP_FLOOR -> 0;
      case TRAINIUM -> 1;
      case CEIL -> 2;
      case EVEN -> 3;
      case RCEIL -> 4;
      case GGML -> 5;
    };
  }
}
