package octavo.bench.peer;

import static octavo.bench.peer.NativeLibrary.ADDRESS;
import static octavo.bench.peer.NativeLibrary.INT;
import static octavo.bench.peer.NativeLibrary.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import octavo.bench.Contender;
import octavo.bench.Numbers;
import octavo.bench.Subject;

/**
 * oneDNN: products of FP32, and of unsigned by signed bytes; weights are brought into the layout
 * that it prefers beforehand. Its products of BF16, FP16, FP8 and FP4 need AVX-512 or more. The
 * cast to FP8 is its reorder.
 */
final class OneDnn implements Contender {

  private static final int F32 = 3;
  private static final int S32 = 4;
  private static final int S8 = 5;
  private static final int U8 = 6;
  private static final int F8_E5M2 = 9;
  private static final int F8_E4M3 = 10;

  private static final int TAG_ANY = 1;
  private static final int QUERY_WEIGHTS = 131;
  private static final int SOURCE = 1;
  private static final int TARGET = 17;
  private static final int WEIGHTS = 33;

  private final Arena arena = Arena.ofAuto();
  private final NativeLibrary library =
      new NativeLibrary(PeerFiles.find(Peer.ONEDNN, "libdnnl.so.3"));
  private final MemorySegment engine;
  private final MemorySegment stream;
  private final MethodHandle execute;
  private final MethodHandle await;
  private final Subject subject;
  private final MemorySegment primitive;
  private final List<MemorySegment> arguments = new ArrayList<>();
  private final int argumentCount;
  private final MemorySegment out;
  private float[] left = {};
  private float[] right = {};
  private int turn;

  OneDnn(Subject subject) {
    this.subject = subject;
    // The library was built with OpenMP, whose number of threads is global.
    new NativeLibrary(PeerFiles.find(Peer.ONEDNN, "libgomp.so.1"))
        .procedure("omp_set_num_threads", INT)
        .call(subject.threads());
    engine = made(pointer -> require("dnnl_engine_create", INT, LONG).number(pointer, 1, 0L));
    stream =
        made(pointer -> require("dnnl_stream_create", ADDRESS, INT).number(pointer, engine, 1));
    execute =
        library.function("dnnl_primitive_execute", INT, ADDRESS, ADDRESS, INT, ADDRESS).handle();
    await = library.function("dnnl_stream_wait", INT, ADDRESS).handle();
    if (subject.product()) {
      argumentCount = 3;
      boolean bytes = subject.formats().equals("U8*S8");
      int m = (int) subject.size(0);
      int n = (int) subject.size(1);
      int k = (int) subject.size(2);
      left = Numbers.normal((long) m * k, 1);
      right = Numbers.normal((long) n * k, 2);
      MemorySegment a;
      MemorySegment b;
      if (bytes) {
        a = arena.allocate((long) m * k, 64);
        b = arena.allocate((long) n * k, 64);
        // Seven bits: without VNNI a sum of two larger products would saturate at 16.
        for (int i = 0; i < left.length; i++) {
          left[i] = Math.clamp(Math.round(64 + left[i] * 16), 0, 127);
          a.set(ValueLayout.JAVA_BYTE, i, (byte) (int) left[i]);
        }
        for (int i = 0; i < right.length; i++) {
          right[i] = Math.clamp(Math.round(right[i] * 32), -127, 127);
          b.set(ValueLayout.JAVA_BYTE, i, (byte) (int) right[i]);
        }
      } else {
        a = Numbers.offHeap(arena, left);
        b = Numbers.offHeap(arena, right);
      }
      out = arena.allocate(4L * m * n, 64);
      int leftType = bytes ? U8 : F32;
      int rightType = bytes ? S8 : F32;
      MemorySegment aLayout = layout(leftType, m, k, k, 1);
      MemorySegment bLayout = layout(rightType, k, n, 1, k);
      MemorySegment anyLayout =
          made(pointer ->
              require("dnnl_memory_desc_create_with_tag", INT, ADDRESS, INT, INT)
                  .number(pointer, 2, dimensions(k, n), rightType, TAG_ANY));
      MemorySegment outLayout = layout(bytes ? S32 : F32, m, n, n, 1);
      MemorySegment description =
          made(pointer ->
              require(
                      "dnnl_matmul_primitive_desc_create",
                      ADDRESS,
                      ADDRESS,
                      ADDRESS,
                      ADDRESS,
                      ADDRESS,
                      ADDRESS)
                  .number(
                      pointer,
                      engine,
                      aLayout,
                      anyLayout,
                      MemorySegment.NULL,
                      outLayout,
                      MemorySegment.NULL));
      primitive =
          made(pointer -> require("dnnl_primitive_create", ADDRESS).number(pointer, description));
      MemorySegment packedLayout =
          library
              .function("dnnl_primitive_desc_query_md", ADDRESS, ADDRESS, INT, INT)
              .address(description, QUERY_WEIGHTS, 0);
      long packedBytes =
          (long)
              java.util.Objects.requireNonNull(
                  library.function("dnnl_memory_desc_get_size", LONG, ADDRESS).call(packedLayout));
      MemorySegment source = memory(aLayout, a);
      MemorySegment target = memory(outLayout, out);
      for (int i = 0; i < Peers.copies(subject); i++) {
        MemorySegment packed = memory(packedLayout, arena.allocate(packedBytes, 64));
        reorder(bLayout, memory(bLayout, b), packedLayout, packed);
        arguments.add(arguments(SOURCE, source, WEIGHTS, packed, TARGET, target));
      }
    } else {
      argumentCount = 2;
      int rows = (int) subject.size(0);
      int columns = (int) subject.size(1);
      left = Numbers.normal((long) rows * columns, 1);
      MemorySegment in = Numbers.offHeap(arena, left);
      out = arena.allocate((long) rows * columns, 64);
      MemorySegment inLayout = layout(F32, rows, columns, columns, 1);
      MemorySegment outLayout =
          layout(subject.target().equals("E5M2") ? F8_E5M2 : F8_E4M3, rows, columns, columns, 1);
      primitive = reorderPrimitive(inLayout, outLayout);
      arguments.add(arguments(SOURCE, memory(inLayout, in), TARGET, memory(outLayout, out)));
    }
  }

  private interface Creation {
    int into(MemorySegment pointer);
  }

  private MemorySegment made(Creation creation) {
    MemorySegment pointer = arena.allocate(ValueLayout.ADDRESS);
    int status = creation.into(pointer);
    if (status != 0) {
      throw new IllegalStateException(
          "oneDNN refused %s (status %d)".formatted(subject.id(), status));
    }
    return pointer.get(ValueLayout.ADDRESS, 0);
  }

  // A function that writes a handle through its first argument and returns a status.
  private NativeLibrary.Function require(String name, java.lang.foreign.MemoryLayout... rest) {
    java.lang.foreign.MemoryLayout[] all = new java.lang.foreign.MemoryLayout[rest.length + 1];
    all[0] = ADDRESS;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return library.function(name, INT, all);
  }

  private MemorySegment dimensions(long... values) {
    MemorySegment memory = arena.allocate(12 * 8, 8);
    for (int i = 0; i < values.length; i++) {
      memory.setAtIndex(ValueLayout.JAVA_LONG, i, values[i]);
    }
    return memory;
  }

  private MemorySegment layout(int type, long rows, long columns, long stride, long step) {
    return made(pointer ->
        require("dnnl_memory_desc_create_with_strides", INT, ADDRESS, INT, ADDRESS)
            .number(pointer, 2, dimensions(rows, columns), type, dimensions(stride, step)));
  }

  private MemorySegment memory(MemorySegment layout, MemorySegment data) {
    return made(pointer ->
        require("dnnl_memory_create", ADDRESS, ADDRESS, ADDRESS)
            .number(pointer, layout, engine, data));
  }

  private MemorySegment arguments(Object... pairs) {
    MemorySegment memory = arena.allocate(16L * (pairs.length / 2), 8);
    for (int i = 0; i < pairs.length; i += 2) {
      memory.set(ValueLayout.JAVA_INT, 8L * i, (Integer) pairs[i]);
      memory.set(ValueLayout.ADDRESS, 8L * i + 8, (MemorySegment) pairs[i + 1]);
    }
    return memory;
  }

  private MemorySegment reorderPrimitive(MemorySegment from, MemorySegment to) {
    MemorySegment description =
        made(pointer ->
            require(
                    "dnnl_reorder_primitive_desc_create",
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS)
                .number(pointer, from, engine, to, engine, MemorySegment.NULL));
    return made(pointer -> require("dnnl_primitive_create", ADDRESS).number(pointer, description));
  }

  private void reorder(
      MemorySegment fromLayout, MemorySegment from, MemorySegment toLayout, MemorySegment to) {
    run(reorderPrimitive(fromLayout, toLayout), 2, arguments(SOURCE, from, TARGET, to));
  }

  private void run(MemorySegment what, int count, MemorySegment with) {
    try {
      int status = (int) execute.invokeExact(what, stream, count, with);
      int end = (int) await.invokeExact(stream);
      if (status != 0 || end != 0) {
        throw new IllegalStateException("oneDNN failed with %d, %d".formatted(status, end));
      }
    } catch (Throwable e) {
      throw NativeLibrary.failure("dnnl_primitive_execute", e);
    }
  }

  @Override
  public void run() {
    turn = turn + 1 == arguments.size() ? 0 : turn + 1;
    run(primitive, argumentCount, arguments.get(turn));
  }

  @Override
  public void check() {
    if (subject.product()) {
      int m = (int) subject.size(0);
      int n = (int) subject.size(1);
      float[] result = new float[m * n];
      boolean bytes = subject.formats().equals("U8*S8");
      for (int i = 0; i < result.length; i++) {
        result[i] =
            bytes
                ? out.getAtIndex(ValueLayout.JAVA_INT, i)
                : out.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      }
      Numbers.requireProduct(
          left, right, result, m, n, (int) subject.size(2), Peers.TOLERANCE_FP32);
    } else {
      octavo.format.ElementFormat format = octavo.format.Formats.byName(subject.target()).element();
      for (int i = 0; i < left.length; i += 9973) {
        Peers.requireCode(format, Byte.toUnsignedInt(out.get(ValueLayout.JAVA_BYTE, i)), left[i]);
      }
    }
  }
}
