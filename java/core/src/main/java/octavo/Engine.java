package octavo;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.Executor;
import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.dispatch.WorkerPool;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.op.Epilogue;
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
import octavo.spi.Request;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.SparseMatmulRequest;
import octavo.spi.Workers;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Packing;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/**
 * The operations, on a given host with given kernels. {@link Ops} is the engine that most programs
 * use; further ones serve to compare backends, or to try the choices of another machine.
 *
 * <p>Every method checks its arguments, plans the call (or finds the plan of an earlier call like
 * it) and runs the chosen kernel. Large calls are computed by several threads, the calling one
 * among them: see {@link Host#threads} and {@link #withExecutor}. A call that uses memory of a
 * confined arena stays on the calling thread, the only one that may touch it. Every kernel gives
 * the same bits, with any number of threads.
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

  private final Dispatcher dispatcher;
  private final PlanCache<Prepared<ConvertRequest, ConvertKernel>> converts = new PlanCache<>();
  private final PlanCache<Prepared<QuantizeRequest, QuantizeKernel>> quantizes = new PlanCache<>();
  private final PlanCache<Prepared<DequantizeRequest, DequantizeKernel>> dequantizes =
      new PlanCache<>();
  private final Workers workers;
  private final Products products;
  private final SparseProducts sparseProducts;

  /**
   * Makes an engine whose calls share threads with those of other engines, as many as {@link
   * Host#threads} says.
   *
   * @param dispatcher chooses the kernels
   */
  public Engine(Dispatcher dispatcher) {
    this(dispatcher, WorkerPool.ofThreads(dispatcher.host().threads()));
  }

  private Engine(Dispatcher dispatcher, Workers workers) {
    this.dispatcher = dispatcher;
    this.workers = workers;
    this.products = new Products(this, dispatcher);
    this.sparseProducts = new SparseProducts(this, dispatcher);
  }

  /**
   * {@return a new engine on this machine, with every provider that {@link ServiceLoader} finds}
   *
   * @param overrides the user's settings
   * @throws IllegalStateException if they require a backend that is absent
   */
  public static Engine create(Overrides overrides) {
    List<KernelProvider> providers = new ArrayList<>();
    for (KernelProvider provider :
        ServiceLoader.load(KernelProvider.class, Engine.class.getClassLoader())) {
      providers.add(provider);
    }
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

  /**
   * {@return an engine like this one whose calls are helped by threads of an executor}
   *
   * @param executor runs tasks that end soon and wait for nothing; if it refuses them, or they come
   *     too late, calling threads do all by themselves
   * @param threads how many threads compute a call, the caller included
   */
  public Engine withExecutor(Executor executor, int threads) {
    Host host = dispatcher.host();
    Overrides overrides = host.overrides().withThreads(threads);
    return new Engine(
        new Dispatcher(host.withOverrides(overrides), dispatcher.kernels()),
        WorkerPool.ofExecutor(executor, threads));
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
    convert(in, out, cast.rounding(), cast.overflow(), cast.seed());
  }

  private void convert(Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed) {
    Tensor matrixIn = in.matrix();
    Tensor matrixOut = out.matrix();
    planConvert(matrixIn, matrixOut, rounding, overflow)
        .kernel()
        .run(matrixIn, matrixOut, rounding, overflow, seed, workers(in, out));
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
    return planConvert(in.matrix(), out.matrix(), cast.rounding(), cast.overflow()).plan();
  }

  private Prepared<ConvertRequest, ConvertKernel> planConvert(
      Tensor in, Tensor out, Rounding rounding, Overflow overflow) {
    int hash =
        PlanCache.hash(PlanCache.hash(rounding.hashCode() * 31 + overflow.hashCode(), in), out);
    Prepared<ConvertRequest, ConvertKernel> plan = converts.get(hash);
    if (plan == null
        || !plan.request().in().describes(in)
        || !plan.request().out().describes(out)
        || plan.request().rounding() != rounding
        || plan.request().overflow() != overflow) {
      plan =
          prepared(
              dispatcher.plan(
                  new ConvertRequest(Operand.of(in), Operand.of(out), rounding, overflow),
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
    quantize(in, out, quantization.scaleRule(), quantization.rounding(), quantization.seed());
  }

  private void quantize(Tensor in, Tensor out, ScaleRule rule, Rounding rounding, long seed) {
    Tensor matrixIn = in.matrix();
    Tensor matrixOut = out.matrix();
    planQuantize(matrixIn, matrixOut, rule, rounding)
        .kernel()
        .run(matrixIn, matrixOut, rule, rounding, seed, workers(in, out));
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
    return planQuantize(
            in.matrix(), out.matrix(), quantization.scaleRule(), quantization.rounding())
        .plan();
  }

  private Prepared<QuantizeRequest, QuantizeKernel> planQuantize(
      Tensor in, Tensor out, ScaleRule rule, Rounding rounding) {
    int hash = PlanCache.hash(PlanCache.hash(rounding.hashCode() * 31 + rule.hashCode(), in), out);
    Prepared<QuantizeRequest, QuantizeKernel> plan = quantizes.get(hash);
    if (plan == null
        || !plan.request().in().describes(in)
        || !plan.request().out().describes(out)
        || plan.request().rounding() != rounding
        || plan.request().scaleRule() != rule) {
      plan =
          prepared(
              dispatcher.plan(
                  new QuantizeRequest(Operand.of(in), Operand.of(out), rule, rounding),
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
    planDequantize(matrixIn, matrixOut).kernel().run(matrixIn, matrixOut, workers(in, out));
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
    return planDequantize(in.matrix(), out.matrix()).plan();
  }

  private Prepared<DequantizeRequest, DequantizeKernel> planDequantize(Tensor in, Tensor out) {
    int hash = PlanCache.hash(PlanCache.hash(0, in), out);
    Prepared<DequantizeRequest, DequantizeKernel> plan = dequantizes.get(hash);
    if (plan == null
        || !plan.request().in().describes(in)
        || !plan.request().out().describes(out)) {
      plan =
          prepared(
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
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format, one row for each column of the result; or a batch of
   *     them, as many as in {@code a}
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public void matmul(Tensor a, Tensor b, Tensor out) {
    matmul(a, b, Epilogue.NONE, out);
  }

  /**
   * Computes {@code out = epilogue(a * transpose(b))} by the arithmetic of {@link MatmulKernel}.
   *
   * <p>An output that is neither FP32 nor BF16 is computed as FP32 and then converted or quantized
   * as {@link #convert} and {@link #quantize} do it.
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format; or a batch of them, as many as in {@code a}
   * @param epilogue what happens to the results; it says how outputs other than FP32 and BF16 are
   *     rounded
   * @param out where the M x N result goes, in any format and other memory
   */
  public void matmul(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    products.matmul(a, b, epilogue, out);
  }

  /**
   * Computes {@code out = a * transpose(b)} for packed weights.
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public void matmul(Tensor a, PackedMatrix b, Tensor out) {
    matmul(a, b, Epilogue.NONE, out);
  }

  /**
   * Computes {@code out = epilogue(a * transpose(b))} for packed weights, with the bits of the
   * product with the tensor that they were packed from.
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format
   * @param epilogue what happens to the results
   * @param out where the M x N result goes, in any format and other memory
   */
  public void matmul(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    products.matmul(a, b, epilogue, out);
  }

  /**
   * {@return {@code a * transpose(b)} in FP32, in a new tensor}
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format, or a batch of them
   * @param arena owns the result
   */
  public Tensor matmul(Tensor a, Tensor b, Arena arena) {
    long[] shape = a.shape();
    shape[shape.length - 1] = b.rank() < 2 ? b.rows() : b.dimension(b.rank() - 2);
    Tensor out = Tensor.allocate(arena, Formats.FP32, shape);
    matmul(a, b, out);
    return out;
  }

  /**
   * {@return {@code a * transpose(b)} in FP32 for packed weights, in a new tensor}
   *
   * @param a an M x K matrix in any format, or a batch of them
   * @param b an N x K matrix in any format
   * @param arena owns the result
   */
  public Tensor matmul(Tensor a, PackedMatrix b, Arena arena) {
    long[] shape = a.shape();
    shape[shape.length - 1] = b.rows();
    Tensor out = Tensor.allocate(arena, Formats.FP32, shape);
    matmul(a, b, out);
    return out;
  }

  /**
   * {@return how a {@link #matmul(Tensor, Tensor, Tensor) matmul} would be run: the kernel chosen,
   * those that could have run and why the others could not}
   *
   * @param a its left operand
   * @param b its right operand
   * @param out its output
   */
  public Plan<MatmulRequest, MatmulKernel> explainMatmul(Tensor a, Tensor b, Tensor out) {
    return explainMatmul(a, b, Epilogue.NONE, out);
  }

  /**
   * {@return how a {@link #matmul(Tensor, Tensor, Epilogue, Tensor) matmul} would be run}: of a
   * batch the first product, of an output that is neither FP32 nor BF16 the product before its
   * rounding
   *
   * @param a its left operand
   * @param b its right operand
   * @param epilogue what happens to the results
   * @param out its output
   */
  public Plan<MatmulRequest, MatmulKernel> explainMatmul(
      Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    return products.explain(a, b, epilogue, out);
  }

  /**
   * {@return how a {@link #matmul(Tensor, PackedMatrix, Epilogue, Tensor) matmul} would be run}
   *
   * @param a its left operand
   * @param b its right operand
   * @param epilogue what happens to the results
   * @param out its output
   */
  public Plan<MatmulRequest, MatmulKernel> explainMatmul(
      Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    return products.explain(a, b, epilogue, out);
  }

  // ---- sparse products

  /**
   * Computes {@code out = a * transpose(b)} for sparse weights by the arithmetic of {@link
   * SparseMatmulKernel}.
   *
   * @param a an M x K matrix in an element format
   * @param b a sparse N x K matrix
   * @param out where the M x N result goes: FP32 or BF16, other memory
   */
  public void matmul(Tensor a, SparseMatrix b, Tensor out) {
    sparseProducts.matmul(a, b, out);
  }

  /**
   * {@return how a {@link #matmul(Tensor, SparseMatrix, Tensor) matmul} would be run}
   *
   * @param a its left operand
   * @param b its right operand
   * @param out its output
   */
  public Plan<SparseMatmulRequest, SparseMatmulKernel> explainMatmul(
      Tensor a, SparseMatrix b, Tensor out) {
    return sparseProducts.explain(a, b, out);
  }

  // ---- packing

  /**
   * {@return weights in the order in which this host's best kernel reads them}, for many products:
   * with few rows of activations they are several times faster
   *
   * @param b an N x K matrix in any format
   * @param activations the format that {@code a} will have
   * @param arena owns the result, which does not need {@code b} any more
   */
  public PackedMatrix pack(Tensor b, Format activations, Arena arena) {
    return products.pack(b, activations, arena);
  }

  /**
   * {@return weights in a given order}
   *
   * @param b an N x K matrix in any format
   * @param packing the order
   * @param arena owns the result, which does not need {@code b} any more
   */
  public PackedMatrix pack(Tensor b, Packing packing, Arena arena) {
    Validation.pack(b, Formats.FP32);
    return products.pack(b, packing, arena);
  }

  /**
   * {@return packed weights as an ordinary tensor, code for code what was packed}
   *
   * @param packed the weights
   * @param arena owns the result
   */
  public Tensor unpack(PackedMatrix packed, Arena arena) {
    return products.unpack(packed, arena);
  }

  // ---- what operations share

  /**
   * {@return the threads that compute this engine's calls}, for operations that are built on it.
   * Memory of which {@link Tensor#confined} says that it is one thread's must stay on that thread.
   */
  public Workers workers() {
    return workers;
  }

  /** {@return who may compute parts of a call} */
  Workers workers(boolean confined) {
    return confined ? Workers.CALLER : workers;
  }

  private Workers workers(Tensor in, Tensor out) {
    return workers(in.confined() || out.confined());
  }

  /** Rounds the numbers of a product to an output that its kernel did not write. */
  void write(Tensor numbers, Epilogue epilogue, Tensor out) {
    Rounding rounding = Objects.requireNonNull(epilogue.rounding());
    if (out.format() instanceof BlockFormat) {
      ScaleRule rule = Objects.requireNonNull(epilogue.scaleRule());
      quantize(numbers, out, rule, rounding, epilogue.seed());
    } else {
      Overflow overflow = Objects.requireNonNull(epilogue.overflow());
      convert(numbers, out, rounding, overflow, epilogue.seed());
    }
  }

  <R extends Request, K extends Kernel<R>> Prepared<R, K> prepared(Plan<R, K> plan) {
    if (dispatcher.host().overrides().explainPlans()) {
      System.getLogger("octavo").log(System.Logger.Level.INFO, plan::explain);
    }
    return new Prepared<>(plan);
  }

  // ---- compilation

  /**
   * Has the virtual machine compile a plan's kernel and returns when that is done, after some
   * seconds at most. Calls made before run on the plan's stand-in, and the same happens in the
   * background; a program that must be fast from its first call on does it here.
   *
   * <p>Compiled is what calls like the planned one need: the same formats, rules, epilogue and kind
   * of memory, and a similar number of rows in {@code a}: 1, 2 to 16, or more.
   *
   * @param plan what an {@code explain} method of this engine returned
   */
  public void warmUp(Plan<?, ?> plan) {
    WarmUp warmUp = plan.kernel().coldStart() ? WarmUp.of(plan) : null;
    if (warmUp != null) {
      warmUp.run();
    }
  }
}
