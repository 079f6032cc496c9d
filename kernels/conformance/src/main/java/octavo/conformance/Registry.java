package octavo.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import octavo.Engine;
import octavo.dispatch.Plan.Considered;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Request;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.spi.Verdict;

/** The kernels of an engine, by what they can run. */
final class Registry {

  /** The backend that every other one is compared with. */
  static final String REFERENCE = "reference";

  private final Engine engine;
  private final Map<KernelId, Kernel<?>> kernels = new LinkedHashMap<>();

  Registry(Engine engine) {
    this.engine = engine;
    engine.kernels().forEach(kernel -> kernels.put(kernel.id(), kernel));
  }

  Engine engine() {
    return engine;
  }

  /** {@return every kernel but the reference ones} */
  List<Kernel<?>> tested() {
    return kernels.values().stream().filter(kernel -> !isReference(kernel)).toList();
  }

  static boolean isReference(Kernel<?> kernel) {
    return kernel.id().backend().equals(REFERENCE);
  }

  /** {@return the kernels that can run a call and may, reference included} */
  List<Kernel<?>> eligible(Call call) {
    List<Considered> verdicts;
    try {
      verdicts = call.verdicts(engine);
    } catch (UnsupportedOperationException e) {
      return List.of(); // Overrides leave no kernel: the case is not theirs.
    }
    List<Kernel<?>> eligible = new ArrayList<>();
    for (Considered considered : verdicts) {
      Kernel<?> kernel = kernels.get(considered.kernel());
      if (kernel != null && considered.verdict() instanceof Verdict.Eligible) {
        eligible.add(kernel);
      }
    }
    return eligible;
  }

  /**
   * {@return the reference kernel that accepts a request}, also where overrides bar it
   *
   * @throws AssertionError if there is none
   */
  Kernel<?> reference(Request request) {
    for (Kernel<?> kernel : kernels.values()) {
      if (isReference(kernel) && accepts(kernel, request, engine.host())) {
        return kernel;
      }
    }
    throw new AssertionError(
        "no reference kernel accepts '%s'; the kernels are %s"
            .formatted(request, kernels.keySet()));
  }

  /** {@return whether a kernel is one of the request's operation and can run it} */
  static boolean accepts(Kernel<?> kernel, Request request, Host host) {
    Verdict verdict =
        switch (request) {
          case ConvertRequest convert ->
              kernel instanceof ConvertKernel its ? its.consider(convert, host) : null;
          case QuantizeRequest quantize ->
              kernel instanceof QuantizeKernel its ? its.consider(quantize, host) : null;
          case DequantizeRequest dequantize ->
              kernel instanceof DequantizeKernel its ? its.consider(dequantize, host) : null;
          case MatmulRequest matmul ->
              kernel instanceof MatmulKernel its ? its.consider(matmul, host) : null;
          case SparseMatmulRequest sparse ->
              kernel instanceof SparseMatmulKernel its ? its.consider(sparse, host) : null;
        };
    return verdict instanceof Verdict.Eligible;
  }
}
