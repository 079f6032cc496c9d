package octavo.bench.peer;

import static octavo.bench.peer.NativeLibrary.ADDRESS;
import static octavo.bench.peer.NativeLibrary.INT;
import static octavo.bench.peer.NativeLibrary.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import octavo.bench.Contender;
import octavo.bench.Numbers;
import octavo.bench.Subject;

/**
 * {@code ggml_mul_mat} on ggml's CPU backend: weights in one of its types, plain or in its repacked
 * layout, times FP32 activations, which it quantizes to eight bits within the call where the
 * weights are quantized.
 */
final class GgmlProduct implements Contender {

  private static final MemoryLayout INIT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_LONG,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_BYTE,
          MemoryLayout.paddingLayout(7));

  private final Arena arena = Arena.ofAuto();
  private final NativeLibrary base = Ggml.base();
  private final MethodHandle compute =
      base.function("ggml_backend_graph_compute", INT, ADDRESS, ADDRESS).handle();
  private final MemorySegment backend;
  private final List<MemorySegment> graphs = new ArrayList<>();
  private final List<MemorySegment> outs = new ArrayList<>();
  private final Subject subject;
  private final int m;
  private final int n;
  private final int k;
  private final float[] left;
  private final float[] right;
  private int turn;

  GgmlProduct(Subject subject) {
    this.subject = subject;
    m = (int) subject.size(0);
    n = (int) subject.size(1);
    k = (int) subject.size(2);
    NativeLibrary cpu = new NativeLibrary(Ggml.cpu());
    backend = cpu.function("ggml_backend_cpu_init", ADDRESS).address();
    cpu.procedure("ggml_backend_cpu_set_n_threads", ADDRESS, INT).call(backend, subject.threads());
    int type = Ggml.type(subject.target());
    MemorySegment plain =
        base.function("ggml_backend_get_default_buffer_type", ADDRESS, ADDRESS).address(backend);
    MemorySegment layout = subject.contender().endsWith("repacked") ? repacked() : plain;

    left = Numbers.normal((long) m * k, 1);
    MemorySegment weights = Numbers.offHeap(arena, Numbers.normal((long) n * k, 2));
    long bytes = n * Ggml.bytes(base, type, k);
    MemorySegment codes = arena.allocate(bytes, 64);
    Ggml.quantize(base, type, weights, codes, n, k);
    right = Ggml.dequantize(base, type, codes, n * k);

    NativeLibrary.Function tensor =
        base.function("ggml_new_tensor_2d", ADDRESS, ADDRESS, INT, LONG, LONG);
    NativeLibrary.Function set =
        base.procedure("ggml_backend_tensor_set", ADDRESS, ADDRESS, LONG, LONG);
    for (int i = 0; i < Peers.copies(subject); i++) {
      MemorySegment weightContext = context();
      MemorySegment w = tensor.address(weightContext, type, (long) k, (long) n);
      allocate(weightContext, layout);
      set.call(w, codes, 0L, bytes);
      MemorySegment context = context();
      MemorySegment x = tensor.address(context, 0, (long) k, (long) m);
      MemorySegment y =
          base.function("ggml_mul_mat", ADDRESS, ADDRESS, ADDRESS, ADDRESS).address(context, w, x);
      MemorySegment graph = base.function("ggml_new_graph", ADDRESS, ADDRESS).address(context);
      base.procedure("ggml_build_forward_expand", ADDRESS, ADDRESS).call(graph, y);
      allocate(context, plain);
      set.call(x, Numbers.offHeap(arena, left), 0L, 4L * m * k);
      graphs.add(graph);
      outs.add(y);
    }
  }

  private MemorySegment context() {
    MemorySegment init = arena.allocate(INIT);
    init.set(ValueLayout.JAVA_LONG, 0, 1L << 20);
    init.set(ValueLayout.JAVA_BYTE, 16, (byte) 1); // tensors get their memory later
    return base.function("ggml_init", ADDRESS, INIT).address(init);
  }

  private void allocate(MemorySegment context, MemorySegment layout) {
    base.function("ggml_backend_alloc_ctx_tensors_from_buft", ADDRESS, ADDRESS, ADDRESS)
        .address(context, layout);
  }

  private MemorySegment repacked() {
    MemorySegment device =
        base.function("ggml_backend_get_device", ADDRESS, ADDRESS).address(backend);
    MemorySegment registry =
        base.function("ggml_backend_dev_backend_reg", ADDRESS, ADDRESS).address(device);
    MemorySegment function =
        base.function("ggml_backend_reg_get_proc_address", ADDRESS, ADDRESS, ADDRESS)
            .address(registry, arena.allocateFrom("ggml_backend_dev_get_extra_bufts"));
    MemorySegment list =
        NativeLibrary.at(function, FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS))
            .address(device)
            .reinterpret(Long.MAX_VALUE);
    for (long i = 0; ; i++) {
      MemorySegment layout = list.getAtIndex(ValueLayout.ADDRESS, i);
      if (layout.equals(MemorySegment.NULL)) {
        throw new IllegalStateException("ggml has no repacked layout on this processor");
      }
      MemorySegment name =
          base.function("ggml_backend_buft_name", ADDRESS, ADDRESS).address(layout);
      if (NativeLibrary.text(name).equals("CPU_REPACK")) {
        return layout;
      }
    }
  }

  @Override
  public void run() {
    turn = turn + 1 == graphs.size() ? 0 : turn + 1;
    try {
      int status = (int) compute.invokeExact(backend, graphs.get(turn));
      if (status != 0) {
        throw new IllegalStateException("ggml failed with " + status);
      }
    } catch (Throwable e) {
      throw NativeLibrary.failure("ggml_backend_graph_compute", e);
    }
  }

  @Override
  public void check() {
    MemorySegment out = arena.allocate(4L * m * n, 64);
    base.procedure("ggml_backend_tensor_get", ADDRESS, ADDRESS, LONG, LONG)
        .call(outs.get(turn), out, 0L, out.byteSize());
    double tolerance =
        switch (subject.target()) {
          case "F32" -> Peers.TOLERANCE_FP32;
          default -> Peers.TOLERANCE_INT8; // BF16 weights: activations are rounded to BF16
        };
    Numbers.requireProduct(left, right, out.toArray(ValueLayout.JAVA_FLOAT), m, n, k, tolerance);
  }
}
