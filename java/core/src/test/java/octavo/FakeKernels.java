package octavo;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import octavo.dispatch.Dispatcher;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.op.Epilogue;
import octavo.spi.BackendStatus;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Overrides;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Request;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/**
 * Kernels that keep what they are called with and touch one element of each tensor, and the engine
 * that has only them.
 */
final class FakeKernels {

  /** The tensors of each run, outputs last, in the order of the runs. */
  final List<List<Tensor>> runs = new ArrayList<>();

  /** What each kernel was asked to judge. */
  final List<Request> considered = new ArrayList<>();

  /** Other arguments of each run. */
  final List<String> settings = new ArrayList<>();

  Engine engine() {
    return engine(Overrides.NONE);
  }

  Engine engine(Overrides overrides) {
    Host host =
        new Host(
            "linux",
            "amd64",
            "25",
            true,
            false,
            Set.of("fma"),
            2,
            List.of(new BackendStatus("reference", true, "fakes", List.of(), 0)),
            overrides);
    List<Kernel<?>> kernels =
        List.of(new Convert(), new Quantize(), new Dequantize(), new Matmul());
    return new Engine(new Dispatcher(host, kernels));
  }

  private void record(String setting, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.size() > 0) {
        tensor.code(new long[tensor.rank()]);
      }
    }
    runs.add(List.of(tensors));
    settings.add(setting);
  }

  private Verdict eligible(Request request) {
    considered.add(request);
    return new Verdict.Eligible(1, "fake");
  }

  private final class Convert implements ConvertKernel {
    @Override
    public KernelId id() {
      return KernelId.of("reference/convert");
    }

    @Override
    public Verdict consider(ConvertRequest request, Host host) {
      return eligible(request);
    }

    @Override
    public void run(
        Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
      record(rounding + " " + overflow + " " + seed, in, out);
    }
  }

  private final class Quantize implements QuantizeKernel {
    @Override
    public KernelId id() {
      return KernelId.of("reference/quantize");
    }

    @Override
    public Verdict consider(QuantizeRequest request, Host host) {
      return eligible(request);
    }

    @Override
    public void run(
        Tensor in, Tensor out, ScaleRule rule, Rounding rounding, long seed, Workers workers) {
      record(rule + " " + rounding + " " + seed, in, out);
    }
  }

  private final class Dequantize implements DequantizeKernel {
    @Override
    public KernelId id() {
      return KernelId.of("reference/dequantize");
    }

    @Override
    public Verdict consider(DequantizeRequest request, Host host) {
      return eligible(request);
    }

    @Override
    public void run(Tensor in, Tensor out, Workers workers) {
      record("", in, out);
    }
  }

  private final class Matmul implements MatmulKernel {
    @Override
    public KernelId id() {
      return KernelId.of("reference/matmul");
    }

    @Override
    public Verdict consider(MatmulRequest request, Host host) {
      return eligible(request);
    }

    @Override
    public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
      record(epilogue.bias() == null ? "no bias" : "bias", a, b, out);
    }
  }
}
