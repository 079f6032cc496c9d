package octavo.kernels;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import octavo.Cast;
import octavo.Engine;
import octavo.Quantization;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.kernels.math.Activator;
import octavo.kernels.vector.Width;
import octavo.op.Activation;
import octavo.op.Epilogue;
import octavo.spi.Overrides;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;

/**
 * Calls the Vector API kernels of one width until they allocate nothing, each kernel alone and then
 * all in turn; exits with 1 if one still allocates when its patience ends. Before, vectors are
 * loaded from arrays, which must spoil nothing. Run by {@link VectorAllocationTest} in a virtual
 * machine of its own: kernels of several widths, or what other tests did, would share profiles
 * inside the Vector API.
 */
final class AllocationProbe {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int CALLS = 200;

  /**
   * In CPU time of this thread: on a busy machine it and the compiler's threads get little, but
   * alike. C2 needs a few seconds of it.
   */
  private static final long PATIENCE = 30_000_000_000L;

  private record Pattern(String name, Runnable call) {}

  private AllocationProbe() {}

  public static void main(String[] args) {
    Engine engine =
        Engine.create(Overrides.ofSystemProperties().withRequired().withBackends("vector"));
    if (!engine.host().backend("vector").available()) {
      System.out.println(engine.host().backend("vector").detail());
      return;
    }
    List<Pattern> patterns = new ArrayList<>();
    matmul(patterns, engine, Formats.E4M3FN, Formats.E4M3FN, Formats.FP32);
    matmul(patterns, engine, Formats.FP32, Formats.FP16, Formats.FP32);
    matmul(patterns, engine, Formats.BF16, Formats.E4M3FN_ROW, Formats.BF16);
    matmul(patterns, engine, Formats.MXFP4, Formats.MXFP8_E4M3, Formats.FP32);
    matmul(patterns, engine, Formats.BF16, Formats.NVFP4, Formats.FP32);
    matmul(patterns, engine, Formats.E4M3FN_1X128, Formats.E4M3FN_128X128, Formats.BF16);
    for (Format weights : List.of(Formats.BF16, Formats.E4M3FN, Formats.MXFP4, Formats.NVFP4)) {
      fewRows(patterns, engine, weights, 1);
      fewRows(patterns, engine, weights, 3);
    }
    Cast towardZero = new Cast(Rounding.TOWARD_ZERO, Overflow.SATURATE, 0);
    convert(patterns, engine, Formats.FP32, Formats.E4M3FN, Cast.SATURATE);
    convert(patterns, engine, Formats.FP32, Formats.E2M1, Cast.stochastic(1));
    convert(patterns, engine, Formats.BF16, Formats.E5M2FNUZ, towardZero);
    convert(patterns, engine, Formats.E4M3FN, Formats.BF16, Cast.IEEE);
    Activator activator = Activator.of(width(engine));
    for (Activation activation : Activation.values()) {
      float[] line = new float[1000];
      patterns.add(
          new Pattern(activation.name(), () -> activator.apply(activation, line, 0, line.length)));
    }
    convert(patterns, engine, Formats.FP32, Formats.INT8, Cast.SATURATE);
    convert(patterns, engine, Formats.FP16, Formats.E8M0, Cast.stochastic(2));
    Quantization byChance = new Quantization(ScaleRule.TRAINIUM, Rounding.STOCHASTIC, 3);
    quantize(patterns, engine, Formats.FP32, Formats.MXFP4, Quantization.OCP);
    quantize(patterns, engine, Formats.FP32, Formats.MXFP8_E5M2, byChance);
    quantize(patterns, engine, Formats.BF16, Formats.NVFP4, Quantization.OCP);
    quantize(patterns, engine, Formats.FP32, Formats.E4M3FN_128X128, Quantization.OCP);
    quantize(patterns, engine, Formats.FP32, Formats.INT8_ROW, Quantization.OCP);
    quantize(patterns, engine, Formats.FP16, Formats.E4M3FN_TENSOR, Quantization.OCP);
    boolean quiet = FromArrays.load() == 0;
    for (Pattern pattern : patterns) {
      quiet &= settles(pattern);
    }
    Pattern all = new Pattern("all in turn", () -> patterns.forEach(p -> p.call().run()));
    quiet &= settles(all);
    System.exit(quiet ? 0 : 1);
  }

  private static Width width(Engine engine) {
    int forced = engine.host().overrides().vectorBits();
    int bits = forced == 0 ? engine.host().backend("vector").vectorBits() : forced;
    return Stream.of(Width.values()).filter(width -> width.bits() == bits).findAny().orElseThrow();
  }

  /** {@return whether some calls in a row allocate nothing, sooner or later} */
  private static boolean settles(Pattern pattern) {
    long start = THREADS.getCurrentThreadCpuTime();
    long bytes;
    long time;
    do {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        pattern.call().run();
      }
      bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
      time = THREADS.getCurrentThreadCpuTime() - start;
    } while (bytes > 0 && time < PATIENCE);
    System.out.printf(
        Locale.ROOT,
        "%-40s %d bytes in %d calls, after %.1f s%n",
        pattern.name(),
        bytes,
        CALLS,
        time / 1e9);
    return bytes == 0;
  }

  private static void matmul(
      List<Pattern> patterns, Engine engine, Format a, Format b, ElementFormat out) {
    Tensor left = made(engine, a, 19, 384);
    Tensor right = made(engine, b, 70, 384);
    Epilogue epilogue = Epilogue.ofBias(Tensor.allocateHeap(Formats.FP32, 70));
    Tensor result = Tensor.allocateHeap(out, 19, 70);
    patterns.add(
        new Pattern(
            "matmul %s x %s -> %s".formatted(a, b, out),
            () -> engine.matmul(left, right, epilogue, result)));
  }

  private static void fewRows(List<Pattern> patterns, Engine engine, Format b, long rows) {
    Tensor left = made(engine, Formats.BF16, rows, 384);
    Tensor right = made(engine, b, 70, 384);
    PackedMatrix packed = engine.pack(right, Formats.BF16, Arena.ofAuto());
    Tensor result = Tensor.allocateHeap(Formats.FP32, rows, 70);
    String name = "%d row(s) x %s".formatted(rows, b);
    patterns.add(new Pattern(name, () -> engine.matmul(left, right, result)));
    patterns.add(new Pattern(name + ", packed", () -> engine.matmul(left, packed, result)));
  }

  private static void convert(
      List<Pattern> patterns, Engine engine, ElementFormat from, ElementFormat to, Cast cast) {
    Tensor in = made(engine, from, 3, 4099);
    Tensor out = Tensor.allocateHeap(to, 3, 4099);
    patterns.add(
        new Pattern(
            "convert %s -> %s %s".formatted(from, to, cast.rounding()),
            () -> engine.convert(in, out, cast)));
  }

  private static void quantize(
      List<Pattern> patterns,
      Engine engine,
      ElementFormat plain,
      BlockFormat block,
      Quantization quantization) {
    Tensor in = made(engine, plain, 131, 416);
    Tensor blocks = Tensor.allocate(Arena.ofAuto(), block, 131, 416);
    Tensor back = Tensor.allocate(Arena.ofAuto(), plain, 131, 416);
    patterns.add(
        new Pattern(
            "quantize %s -> %s %s".formatted(plain, block, quantization.rounding()),
            () -> engine.quantize(in, blocks, quantization)));
    patterns.add(
        new Pattern(
            "dequantize %s -> %s".formatted(block, plain), () -> engine.dequantize(blocks, back)));
  }

  private static Tensor made(Engine engine, Format format, long rows, long columns) {
    float[] values = new float[(int) (rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 37 - 18) / 8.0f;
    }
    Tensor numbers = Tensor.of(values, rows, columns);
    Tensor tensor = Tensor.allocateHeap(format, rows, columns);
    Engine all = engine.withOverrides(Overrides.NONE);
    if (format instanceof BlockFormat) {
      all.withOverrides(Overrides.NONE.withBackends("reference"))
          .quantize(numbers, tensor, Quantization.OCP);
    } else {
      all.withOverrides(Overrides.NONE.withBackends("reference"))
          .convert(numbers, tensor, Cast.SATURATE);
    }
    return tensor;
  }

  /**
   * Loads vectors from segments of arrays, as other users of the Vector API in a process may have
   * done: from then on its profiles know several classes of segments (NativeMemory). With vectors
   * of the kernels' width, as with those of the preferred species of a host. A class of its own, as
   * the module may be absent.
   */
  private static final class FromArrays {

    private static final VectorShape SHAPE =
        VectorShape.forBitSize(
            Integer.getInteger("octavo.vector.bits", VectorShape.preferredShape().vectorBitSize()));
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, SHAPE);
    private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, SHAPE);
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SHAPE);

    static float load() {
      List<MemorySegment> segments =
          List.of(
              MemorySegment.ofArray(new byte[16_384]),
              MemorySegment.ofArray(new int[4096]),
              MemorySegment.ofArray(new float[4096]),
              MemorySegment.ofArray(new long[2048]));
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int round = 0; round < 2000; round++) {
        for (MemorySegment whole : segments) {
          MemorySegment segment = whole.asSlice(64L * (round % 3), 8192);
          for (long at = 0; at < 8192; at += 64) {
            ByteVector bytes = ByteVector.fromMemorySegment(BYTES, segment, at, LITTLE_ENDIAN);
            bytes.intoMemorySegment(segment, at, LITTLE_ENDIAN);
            sum =
                sum.add(FloatVector.fromMemorySegment(FLOATS, segment, at, LITTLE_ENDIAN))
                    .add(bytes.reinterpretAsFloats())
                    .add(
                        IntVector.fromMemorySegment(INTS, segment, at, LITTLE_ENDIAN)
                            .reinterpretAsFloats());
          }
        }
      }
      return sum.lane(0);
    }
  }
}
