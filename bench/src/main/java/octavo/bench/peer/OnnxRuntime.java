package octavo.bench.peer;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.net.URLClassLoader;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import octavo.bench.Contender;
import octavo.bench.Numbers;
import octavo.bench.Subject;

/**
 * ONNX Runtime: a model of one node, {@code MatMul} in FP32 or {@code MatMulNBits} with weights of
 * four bits and an FP32 scale per 32, activations being quantized to eight bits within the call
 * ({@code accuracy_level} 4). Weights are initializers, so it packs them beforehand.
 */
final class OnnxRuntime implements Contender {

  private static final int FLOAT = 1;
  private static final int UINT8 = 2;
  private static final int BLOCK = 32;

  private final Arena arena = Arena.ofAuto();
  private final Subject subject;
  private final int m;
  private final int n;
  private final int k;
  private final float[] left;
  private final float[] right;
  private final List<Object> sessions = new ArrayList<>();
  private final Map<String, Object> inputs;
  private final Method run;
  private final MemorySegment out;
  private final Map<String, Object> outputs;
  private int turn;

  OnnxRuntime(Subject subject) {
    this.subject = subject;
    m = (int) subject.size(0);
    n = (int) subject.size(1);
    k = (int) subject.size(2);
    left = Numbers.normal((long) m * k, 1);
    right = Numbers.normal((long) n * k, 2);
    byte[] model = subject.target().equals("INT4") ? fourBit() : plain();
    try {
      URLClassLoader classes = Classes.of(Peer.ONNX_RUNTIME);
      Class<?> environmentClass = classes.loadClass("ai.onnxruntime.OrtEnvironment");
      Class<?> optionsClass = classes.loadClass("ai.onnxruntime.OrtSession$SessionOptions");
      Class<?> sessionClass = classes.loadClass("ai.onnxruntime.OrtSession");
      Class<?> tensorClass = classes.loadClass("ai.onnxruntime.OnnxTensor");
      Object environment = environmentClass.getMethod("getEnvironment").invoke(null);
      Object options = optionsClass.getConstructor().newInstance();
      optionsClass.getMethod("setIntraOpNumThreads", int.class).invoke(options, subject.threads());
      optionsClass.getMethod("setInterOpNumThreads", int.class).invoke(options, 1);
      for (int i = 0; i < Peers.copies(subject); i++) {
        sessions.add(
            environmentClass
                .getMethod("createSession", byte[].class, optionsClass)
                .invoke(environment, model, options));
      }
      Method tensor =
          tensorClass.getMethod("createTensor", environmentClass, FloatBuffer.class, long[].class);
      out = arena.allocate(4L * m * n, 64);
      inputs =
          Map.of(
              "x",
              tensor.invoke(
                  null, environment, buffer(Numbers.offHeap(arena, left)), new long[] {m, k}));
      outputs = Map.of("y", tensor.invoke(null, environment, buffer(out), new long[] {m, n}));
      run = sessionClass.getMethod("run", Map.class, java.util.Set.class, Map.class);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(subject.id(), e);
    }
  }

  private static FloatBuffer buffer(MemorySegment memory) {
    return memory.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** {@return the model whose weights B [K, N] are transposed, as MatMul wants them} */
  private byte[] plain() {
    byte[] weights = new byte[4 * n * k];
    MemorySegment memory = MemorySegment.ofArray(weights);
    for (int j = 0; j < n; j++) {
      for (int l = 0; l < k; l++) {
        memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * ((long) l * n + j), right[j * k + l]);
      }
    }
    return message(model -> {
      node(model, "MatMul", "", List.of("x", "w"), List.of());
      initializer(model, "w", FLOAT, weights, k, n);
    });
  }

  private byte[] fourBit() {
    int blocks = k / BLOCK;
    byte[] codes = new byte[n * k / 2];
    byte[] scales = new byte[4 * n * blocks];
    MemorySegment scaleMemory = MemorySegment.ofArray(scales);
    for (int block = 0; block < n * blocks; block++) {
      float max = 0;
      for (int i = 0; i < BLOCK; i++) {
        max = Math.max(max, Math.abs(right[block * BLOCK + i]));
      }
      float scale = max / 7;
      scaleMemory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * block, scale);
      for (int i = 0; i < BLOCK; i++) {
        int at = block * BLOCK + i;
        int code = Math.clamp(Math.round(right[at] / scale) + 8, 0, 15);
        right[at] = (code - 8) * scale;
        codes[at / 2] |= (byte) (code << (at % 2 * 4));
      }
    }
    return message(model -> {
      node(
          model,
          "MatMulNBits",
          "com.microsoft",
          List.of("x", "w", "s"),
          List.of(
              Map.entry("K", (long) k),
              Map.entry("N", (long) n),
              Map.entry("bits", 4L),
              Map.entry("block_size", (long) BLOCK),
              Map.entry("accuracy_level", 4L)));
      initializer(model, "w", UINT8, codes, n, blocks, BLOCK / 2);
      initializer(model, "s", FLOAT, scales, (long) n * blocks);
    });
  }

  // ---- the model, field numbers as in onnx.proto

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static ByteString bytes(Fields fields) {
    try {
      ByteArrayOutputStream memory = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(memory);
      fields.write(out);
      out.flush();
      return ByteString.copyFrom(memory.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] message(Fields content) {
    return bytes(
            model -> {
              model.writeInt64(1, 10); // IR version
              model.writeBytes(
                  7,
                  bytes(graph -> {
                    content.write(graph);
                    graph.writeString(2, "product");
                    graph.writeBytes(11, value("x", m, k));
                    graph.writeBytes(12, value("y", m, n));
                  }));
              model.writeBytes(8, bytes(opset -> opset.writeInt64(2, 21)));
              model.writeBytes(
                  8,
                  bytes(opset -> {
                    opset.writeString(1, "com.microsoft");
                    opset.writeInt64(2, 1);
                  }));
            })
        .toByteArray();
  }

  private static void node(
      CodedOutputStream graph,
      String operator,
      String domain,
      List<String> in,
      List<Map.Entry<String, Long>> attributes)
      throws IOException {
    graph.writeBytes(
        1,
        bytes(node -> {
          for (String name : in) {
            node.writeString(1, name);
          }
          node.writeString(2, "y");
          node.writeString(4, operator);
          for (Map.Entry<String, Long> attribute : attributes) {
            node.writeBytes(
                5,
                bytes(field -> {
                  field.writeString(1, attribute.getKey());
                  field.writeInt64(3, attribute.getValue());
                  field.writeInt32(20, 2); // an integer
                }));
          }
          node.writeString(7, domain);
        }));
  }

  private static void initializer(
      CodedOutputStream graph, String name, int type, byte[] data, long... dimensions)
      throws IOException {
    graph.writeBytes(
        5,
        bytes(tensor -> {
          for (long dimension : dimensions) {
            tensor.writeInt64(1, dimension);
          }
          tensor.writeInt32(2, type);
          tensor.writeString(8, name);
          tensor.writeByteArray(9, data);
        }));
  }

  private static ByteString value(String name, long rows, long columns) {
    return bytes(value -> {
      value.writeString(1, name);
      value.writeBytes(
          2,
          bytes(type ->
              type.writeBytes(
                  1,
                  bytes(tensor -> {
                    tensor.writeInt32(1, FLOAT);
                    tensor.writeBytes(
                        2,
                        bytes(shape -> {
                          for (long size : new long[] {rows, columns}) {
                            shape.writeBytes(1, bytes(dimension -> dimension.writeInt64(1, size)));
                          }
                        }));
                  }))));
    });
  }

  @Override
  public void run() {
    turn = turn + 1 == sessions.size() ? 0 : turn + 1;
    try {
      ((AutoCloseable) run.invoke(sessions.get(turn), inputs, java.util.Set.of(), outputs)).close();
    } catch (Exception e) {
      throw new IllegalStateException(subject.id(), e);
    }
  }

  @Override
  public void check() {
    boolean four = subject.target().equals("INT4");
    Numbers.requireProduct(
        left,
        right,
        out.toArray(ValueLayout.JAVA_FLOAT),
        m,
        n,
        k,
        four ? Peers.TOLERANCE_INT8 : Peers.TOLERANCE_FP32);
  }
}
