package octavo.bench.peer;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import octavo.bench.Contender;
import octavo.bench.Numbers;
import octavo.bench.Subject;

/**
 * Jlama's {@code batchDotProduct}, on the Vector API ({@code Jlama Panama}) or its C library
 * ({@code Jlama native}): FP32, BF16, and its Q4 (four bits, an FP32 scale per 32) with FP32 or Q8
 * activations, the latter quantized within the time.
 */
final class Jlama implements Contender {

  private static final String ROOT = "com.github.tjake.jlama.";

  private final Subject subject;
  private final int m;
  private final int n;
  private final int k;
  private final float[] left;
  private final float[] right;
  private final Object activations;
  private final List<Object> weights = new ArrayList<>();
  private final float[] out;
  private final Object result;
  private final MethodHandle product;
  private final MethodHandle quantize;
  private final boolean quantizes;
  private int turn;

  Jlama(Subject subject) {
    this.subject = subject;
    m = (int) subject.size(0);
    n = (int) subject.size(1);
    k = (int) subject.size(2);
    left = Numbers.normal((long) m * k, 1);
    float[] given = Numbers.normal((long) n * k, 2);
    out = new float[m * n];
    quantizes = subject.formats().contains(">");
    try {
      ClassLoader classes = Classes.of(Peer.JLAMA);
      Class<?> tensor = classes.loadClass(ROOT + "tensor.AbstractTensor");
      Class<?> type = classes.loadClass(ROOT + "safetensors.DType");
      Object operations = operations(classes);
      result = floats(classes, out, m, n);
      activations = floats(classes, left, m, k);
      Object numbers = floats(classes, given, n, k);
      String kind =
          switch (subject.target()) {
            case "Q4" -> "Q4ByteBufferTensor";
            case "BF16" -> "BFloat16BufferTensor";
            default -> "FloatBufferTensor";
          };
      for (int i = 0; i < Peers.copies(subject); i++) {
        weights.add(
            kind.startsWith("Float")
                ? floats(classes, given.clone(), n, k)
                : classes
                    .loadClass(ROOT + "tensor." + kind)
                    .getConstructor(tensor)
                    .newInstance(numbers));
      }
      right = new float[n * k];
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      MethodHandle get =
          lookup
              .findVirtual(tensor, "get", MethodType.methodType(float.class, int[].class))
              .asType(MethodType.methodType(float.class, Object.class, int[].class));
      for (int j = 0; j < n; j += Math.max(1, n / 37)) {
        for (int l = 0; l < k; l++) {
          right[j * k + l] = (float) get.invokeExact(weights.getFirst(), new int[] {j, l});
        }
      }
      product =
          lookup
              .findVirtual(
                  classes.loadClass(ROOT + "tensor.operations.TensorOperations"),
                  "batchDotProduct",
                  MethodType.methodType(
                      void.class, tensor, tensor, tensor, int.class, int.class, int.class))
              .bindTo(operations)
              .asType(
                  MethodType.methodType(
                      void.class,
                      Object.class,
                      Object.class,
                      Object.class,
                      int.class,
                      int.class,
                      int.class));
      MethodHandle toQ8 =
          lookup
              .findVirtual(
                  classes.loadClass(ROOT + "tensor.operations.TensorOperations"),
                  "quantize",
                  MethodType.methodType(tensor, tensor, type, int.class, int.class))
              .bindTo(operations);
      Object q8 = type.getField("I8").get(null);
      quantize =
          MethodHandles.insertArguments(toQ8, 1, q8, 0, k)
              .asType(MethodType.methodType(Object.class, Object.class));
    } catch (Throwable e) {
      throw NativeLibrary.failure(subject.id(), e);
    }
  }

  private Object operations(ClassLoader classes) throws ReflectiveOperationException {
    if (subject.contender().equals("Jlama native")) {
      return classes
          .loadClass(ROOT + "tensor.operations.NativeSimdTensorOperations")
          .getConstructor()
          .newInstance();
    }
    Class<?> machine = classes.loadClass(ROOT + "util.MachineSpec");
    Class<?> kind = classes.loadClass(ROOT + "util.MachineSpec$Type");
    return classes
        .loadClass(ROOT + "tensor.operations.PanamaTensorOperations")
        .getConstructor(kind)
        .newInstance(machine.getField("VECTOR_TYPE").get(null));
  }

  // Jlama's native library wants memory outside the heap, so the tensor is its own kind of it.
  private static Object floats(ClassLoader classes, float[] numbers, int rows, int columns)
      throws ReflectiveOperationException {
    Class<?> shapes = classes.loadClass(ROOT + "tensor.TensorShape");
    Object shape = shapes.getMethod("of", int[].class).invoke(null, new int[] {rows, columns});
    Object tensor =
        classes
            .loadClass(ROOT + "tensor.FloatBufferTensor")
            .getConstructor(shapes)
            .newInstance(shape);
    memory(tensor).copyFrom(java.lang.foreign.MemorySegment.ofArray(numbers));
    return tensor;
  }

  private static java.lang.foreign.MemorySegment memory(Object tensor)
      throws ReflectiveOperationException {
    return (java.lang.foreign.MemorySegment)
        tensor.getClass().getMethod("getMemorySegment").invoke(tensor);
  }

  @Override
  public void run() {
    turn = turn + 1 == weights.size() ? 0 : turn + 1;
    try {
      Object a = quantizes ? (Object) quantize.invokeExact(activations) : activations;
      product.invokeExact(result, a, weights.get(turn), 0, 0, k);
    } catch (Throwable e) {
      throw NativeLibrary.failure("batchDotProduct", e);
    }
  }

  @Override
  public void check() {
    try {
      double tolerance =
          switch (subject.formats()) {
            case "F32*F32" -> Peers.TOLERANCE_FP32;
            default -> Peers.TOLERANCE_INT8;
          };
      Numbers.requireProduct(
          left, right, memory(result).toArray(ValueLayout.JAVA_FLOAT), m, n, k, tolerance);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(subject.id(), e);
    }
  }
}
