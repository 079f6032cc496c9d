package octavo;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The operations, on a given host with given kernels. {@link Ops} is the engine that most programs
 * use; further ones serve to compare backends, or to try the choices of another machine.
 *
 * <p>Every method checks its arguments, plans the call (or finds the plan of an earlier call like
 * it) and runs the chosen kernel on the calling thread. Every kernel gives the same bits.
 *
 * <p>Safe for use by any number of threads; calls at the same time must not write the same memory.
 *
 * <p>All operations throw {@link IllegalArgumentException} if formats, shapes or overlapping memory
 * forbid the call, with the numbers and the remedy in the message; {@link IllegalStateException} if
 * an arena is closed; {@link WrongThreadException} if a confined arena belongs to another thread;
 * {@link UnsupportedOperationException} if overrides leave no kernel that could run the call. What
 * the output holds after an exception is undefined only if an arena was closed during the call;
 * otherwise it is untouched.
 */
public final class Engine {

  private static final System.Logger LOGGER = System.getLogger("octavo");

  private final Dispatcher dispatcher;
  private final PlanCache<ConvertRequest, ConvertKernel> converts = new PlanCache<>();
  private final PlanCache<QuantizeRequest, QuantizeKernel> quantizes = new PlanCache<>();
  private final PlanCache<DequantizeRequest, DequantizeKernel> dequantizes = new PlanCache<>();
  private final PlanCache<MatmulRequest, MatmulKernel> matmuls = new PlanCache<>();

  /**
   * Makes an engine.
   *
   * @param dispatcher chooses the kernels
   */
  public Engine(Dispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /**
   * {@return a new engine on this machine, with every provider that {@link ServiceLoader} finds}
   *
   * @param overrides the user's settings
   * @throws IllegalStateException if they require a backend that is absent
   */
  public static Engine create(Overrides overrides) {
    List<KernelProvider> providers = new ArrayList<>();
    ServiceLoader.load(KernelProvider.class, Engine.class.getClassLoader()).forEach(providers::add);
    Host host = Host.probe(overrides, providers);
    List<Kernel<?>> kernels = new ArrayList<>();
    for (int i = 0; i < providers.size(); i++) {
      kernels.addAll(providers.get(i).kernels(host.backends().get(i)));
    }
    return new Engine(new Dispatcher(host, kernels));
  }

  /**
   * {@return an engine with the kernels of this one but other settings}; what was probed is not
   * probed again
   *
   * @param overrides the settings
   */
  public Engine withOverrides(Overrides overrides) {
    return new Engine(
        new Dispatcher(dispatcher.host().withOverrides(overrides), dispatcher.kernels()));
  }

  /** {@return the machine as this engine sees it} */
  public Host host() {
    return dispatcher.host();
  }

  /** {@return every kernel of the available backends} */
  public List<Kernel<?>> kernels() {
    return dispatcher.kernels();
  }

  // ---- convert

  /**
   * Casts numbers to another element format.
   *
   * @param in numbers in any element format
   * @param out where the codes go: any element format, the same shape, other memory
   * @param cast rounding and overflow
   */
  public void convert(Tensor in, Tensor out, Cast cast) {
    Validation.convert(in, out);
    Tensor matrixIn = in.matrix();
    Tensor matrixOut = out.matrix();
    planConvert(matrixIn, matrixOut, cast)
        .kernel()
        .run(matrixIn, matrixOut, cast.rounding(), cast.overflow(), cast.seed());
  }

  /**
   * {@return numbers cast to another element format, in a new tensor}
   *
   * @param in numbers in any element format
   * @param format the format of the result
   * @param cast rounding and overflow
   * @param arena owns the result
   */
  public Tensor convert(Tensor in, ElementFormat format, Cast cast, Arena arena) {
    Tensor out = Tensor.allocate(arena, format, in.shape());
    convert(in, out, cast);
    return out;
  }

  /**
   * {@return how {@link #convert(Tensor, Tensor, Cast)} would be run}
   *
   * @param in its input
   * @param out its output
   * @param cast rounding and overflow
   */
  public Plan<ConvertRequest, ConvertKernel> explainConvert(Tensor in, Tensor out, Cast cast) {
    Validation.convert(in, out);
    return planConvert(in.matrix(), out.matrix(), cast);
  }

  private Plan<ConvertRequest, ConvertKernel> planConvert(Tensor in, Tensor out, Cast cast) {
    int hash =
        PlanCache.hash(
            PlanCache.hash(cast.rounding().hashCode() * 31 + cast.overflow().hashCode(), in), out);
    Plan<ConvertRequest, ConvertKernel> plan = converts.get(hash);
    if (plan == null
        || !plan.request().in().describes(in)
        || !plan.request().out().describes(out)
        || plan.request().rounding() != cast.rounding()
        || plan.request().overflow() != cast.overflow()) {
      plan =
          logged(
              dispatcher.plan(
                  new ConvertRequest(
                      Operand.of(in), Operand.of(out), cast.rounding(), cast.overflow()),
                  ConvertKernel.class));
      converts.put(hash, plan);
    }
    return plan;
  }

  // ---- quantize

  /**
   * Quantizes plain numbers to a block format: codes, scales and, where the format has one, the
   * tensor scale of {@code out}.
   *
   * @param in FP32, BF16 or FP16 numbers
   * @param out where codes and scales go: a block format, the same shape, other memory
   * @param quantization scale rule and rounding
   */
  public void quantize(Tensor in, Tensor out, Quantization quantization) {
    Validation.quantize(in, out);
    Tensor matrixIn = in.matrix();
    Tensor matrixOut = out.matrix();
    planQuantize(matrixIn, matrixOut, quantization)
        .kernel()
        .run(
            matrixIn,
            matrixOut,
            quantization.scaleRule(),
            quantization.rounding(),
            quantization.seed());
  }

  /**
   * {@return numbers quantized to a block format, in a new tensor}
   *
   * @param in FP32, BF16 or FP16 numbers
   * @param format the format of the result
   * @param quantization scale rule and rounding
   * @param arena owns the result
   */
  public Tensor quantize(Tensor in, BlockFormat format, Quantization quantization, Arena arena) {
    Tensor out = Tensor.allocate(arena, format, in.shape());
    quantize(in, out, quantization);
    return out;
  }

  /**
   * {@return how {@link #quantize(Tensor, Tensor, Quantization)} would be run}
   *
   * @param in its input
   * @param out its output
   * @param quantization scale rule and rounding
   */
  public Plan<QuantizeRequest, QuantizeKernel> explainQuantize(
      Tensor in, Tensor out, Quantization quantization) {
    Validation.quantize(in, out);
    return planQuantize(in.matrix(), out.matrix(), quantization);
  }

  private Plan<QuantizeRequest, QuantizeKernel> planQuantize(
      Tensor in, Tensor out, Quantization quantization) {
    int hash =
        PlanCache.hash(
            PlanCache.hash(
                quantization.rounding().hashCode() * 31 + quantization.scaleRule().hashCode(), in),
            out);
    Plan<QuantizeRequest, QuantizeKernel> plan = quantizes.get(hash);
    if (plan == null
        || !plan.request().in().describes(in)
        || !plan.request().out().describes(out)
        || plan.request().rounding() != quantization.rounding()
        || plan.request().scaleRule() != quantization.scaleRule()) {
      plan =
          logged(
              dispatcher.plan(
                  new QuantizeRequest(
                      Operand.of(in),
                      Operand.of(out),
                      quantization.scaleRule(),
                      quantization.rounding()),
                  QuantizeKernel.class));
      quantizes.put(hash, plan);
    }
    return plan;
  }

  // ---- dequantize

  /**
   * Expands a block format to plain numbers, rounded to nearest even.
   *
   * @param in codes and scales
   * @param out where the numbers go: FP32, BF16 or FP16, the same shape, other memory
   */
  public void dequantize(Tensor in, Tensor out) {
    Validation.dequantize(in, out);
    Tensor matrixIn = in.matrix();
    Tensor matrixOut = out.matrix();
    planDequantize(matrixIn, matrixOut).kernel().run(matrixIn, matrixOut);
  }

  /**
   * {@return a block tensor expanded to FP32, in a new tensor}
   *
   * @param in codes and scales
   * @param arena owns the result
   */
  public Tensor dequantize(Tensor in, Arena arena) {
    Tensor out = Tensor.allocate(arena, Formats.FP32, in.shape());
    dequantize(in, out);
    return out;
  }

  /**
   * {@return how {@link #dequantize(Tensor, Tensor)} would be run}
   *
   * @param in its input
   * @param out its output
   */
  public Plan<DequantizeRequest, DequantizeKernel> explainDequantize(Tensor in, Tensor out) {
    Validation.dequantize(in, out);
    return planDequantize(in.matrix(), out.matrix());
  }

  private Plan<DequantizeRequest, DequantizeKernel> planDequantize(Tensor in, Tensor out) {
    int hash = PlanCache.hash(PlanCache.hash(0, in), out);
    Plan<DequantizeRequest, DequantizeKernel> plan = dequantizes.get(hash);
    if (plan == null
        || !plan.request().in().describes(in)
        || !plan.request().out().describes(out)) {
      plan =
          logged(
              dispatcher.plan(
                  new DequantizeRequest(Operand.of(in), Operand.of(out)), DequantizeKernel.class));
      dequantizes.put(hash, plan);
    }
    return plan;
  }

  // ---- matmul

  /**
   * Computes {@code out = a * transpose(b)} by the arithmetic of {@link MatmulKernel}.
   *
   * @param a an M x K matrix in any format
   * @param b an N x K matrix in any format: one row for each column of the result
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public void matmul(Tensor a, Tensor b, Tensor out) {
    matmul(a, b, null, out);
  }

  /**
   * Computes {@code out = a * transpose(b) + bias} by the arithmetic of {@link MatmulKernel}.
   *
   * @param a an M x K matrix in any format
   * @param b an N x K matrix in any format: one row for each column of the result
   * @param bias N numbers in FP32, or {@code null} for none
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public void matmul(Tensor a, Tensor b, @Nullable Tensor bias, Tensor out) {
    Validation.matmul(a, b, bias, out);
    planMatmul(a, b, bias, out).kernel().run(a, b, bias, out);
  }

  /**
   * {@return {@code a * transpose(b)} in FP32, in a new tensor}
   *
   * @param a an M x K matrix in any format
   * @param b an N x K matrix in any format
   * @param arena owns the result
   */
  public Tensor matmul(Tensor a, Tensor b, Arena arena) {
    Tensor out = Tensor.allocate(arena, Formats.FP32, a.rows(), b.rows());
    matmul(a, b, out);
    return out;
  }

  /**
   * {@return how {@link #matmul(Tensor, Tensor, Tensor, Tensor)} would be run}
   *
   * @param a its left operand
   * @param b its right operand
   * @param bias its bias, or {@code null}
   * @param out its output
   */
  public Plan<MatmulRequest, MatmulKernel> explainMatmul(
      Tensor a, Tensor b, @Nullable Tensor bias, Tensor out) {
    Validation.matmul(a, b, bias, out);
    return planMatmul(a, b, bias, out);
  }

  private Plan<MatmulRequest, MatmulKernel> planMatmul(
      Tensor a, Tensor b, @Nullable Tensor bias, Tensor out) {
    int hash = PlanCache.hash(PlanCache.hash(PlanCache.hash(bias == null ? 0 : 1, a), b), out);
    Plan<MatmulRequest, MatmulKernel> plan = matmuls.get(hash);
    if (plan == null
        || !plan.request().a().describes(a)
        || !plan.request().b().describes(b)
        || !plan.request().out().describes(out)
        || plan.request().bias() != (bias != null)) {
      plan =
          logged(
              dispatcher.plan(
                  new MatmulRequest(Operand.of(a), Operand.of(b), Operand.of(out), bias != null),
                  MatmulKernel.class));
      matmuls.put(hash, plan);
    }
    return plan;
  }

  private <P extends Plan<?, ?>> P logged(P plan) {
    if (dispatcher.host().overrides().explainPlans()) {
      LOGGER.log(System.Logger.Level.INFO, plan::explain);
    }
    return plan;
  }
}
