package octavo.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import octavo.Cast;
import octavo.Engine;
import octavo.Quantization;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Rounding;
import octavo.spi.Overrides;
import octavo.tensor.PackedMatrix;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Octavo's operations on one backend, checked bit for bit against the reference. */
final class OctavoWork {

  /** What the weights of a product from memory take together at least: more than any cache. */
  static final long ROTATED_BYTES = 96L << 20;

  private static final int CHECKED = 128;

  private OctavoWork() {}

  /** {@return an engine that uses some backends only; all if none is named} */
  static Engine engine(String... backends) {
    return Engine.create(Overrides.ofSystemProperties().withBackends(backends));
  }

  static Engine engine(Subject subject) {
    return Engine.create(
        Overrides.ofSystemProperties()
            .withBackends(subject.library())
            .withThreads(subject.threads()));
  }

  static Contender of(Subject subject) {
    if (subject.contender().endsWith("nki")) {
      return NkiWork.of(subject);
    }
    if (subject.contender().contains(":")) {
      return new SparseWork(subject);
    }
    return switch (subject.op()) {
      case "convert", "call" -> new Convert(subject);
      case "quantize" -> new Quantize(subject);
      case "dequantize" -> new Dequantize(subject);
      default -> new Product(subject);
    };
  }

  /**
   * {@return a product whose engine is made within its first run}: one that may choose among all
   * kernels, or all those in Java. Its operands are random codes, so that no kernel has run before.
   */
  static Contender cold(Subject subject) {
    Arena arena = Arena.ofAuto();
    Tensor a =
        Tensor.of(
            Formats.FP32,
            Numbers.offHeap(arena, Numbers.normal(subject.size(0) * subject.size(2), 1)),
            subject.size(0),
            subject.size(2));
    Tensor b =
        Tensor.allocate(arena, Formats.byName(subject.target()), subject.size(1), subject.size(2));
    Random random = new Random(2);
    byte[] codes = new byte[(int) b.data().byteSize()];
    random.nextBytes(codes);
    boolean plain = !(b.format() instanceof BlockFormat);
    for (int i = 0; i < codes.length; i++) {
      codes[i] &= plain ? (byte) 0xBF : (byte) 0xFF; // no NaN among eight-bit codes
    }
    b.data().copyFrom(MemorySegment.ofArray(codes));
    if (!plain) {
      b.scales().data().fill((byte) 126);
    }
    Tensor out = Tensor.allocate(arena, Formats.FP32, a.dimension(0), b.dimension(0));
    return new Contender() {
      @Override
      public void run() {
        boolean pure = subject.library().equals("vector");
        Engine engine = pure ? engine("reference", "scalar", "vector") : engine();
        engine.matmul(a, b, out);
      }

      @Override
      public void check() {
        requireSameBits(subject, out, engine("reference").matmul(a, b, arena));
      }
    };
  }

  private static Rounding rounding(Subject subject) {
    return subject.formats().endsWith("~stochastic") ? Rounding.STOCHASTIC : Rounding.NEAREST_EVEN;
  }

  static void requireSameBits(Subject subject, Tensor actual, Tensor expected) {
    long mismatch = actual.data().mismatch(expected.data());
    if (mismatch != -1) {
      throw new IllegalStateException(
          "%s: %s differs from the reference at byte %d".formatted(subject.id(), actual, mismatch));
    }
    if (actual.format() instanceof BlockFormat) {
      requireSameBits(subject, actual.scales(), expected.scales());
    }
  }

  /** Compares views, whose rows may be apart. */
  static void requireSameNumbers(Subject subject, Tensor actual, Tensor expected) {
    float[] numbers = actual.toArray();
    float[] wanted = expected.toArray();
    for (int i = 0; i < numbers.length; i++) {
      if (Float.floatToIntBits(numbers[i]) != Float.floatToIntBits(wanted[i])) {
        throw new IllegalStateException(
            "%s: element %d of a part %s is %s, in the reference %s"
                .formatted(subject.id(), i, expected, numbers[i], wanted[i]));
      }
    }
  }

  private static final class Convert implements Contender {
    private final Arena arena = Arena.ofAuto();
    private final Subject subject;
    private final Engine engine;
    private final Cast cast;
    private final Tensor in;
    private final Tensor out;

    Convert(Subject subject) {
      this.subject = subject;
      engine = engine(subject);
      cast = new Cast(rounding(subject), Cast.SATURATE.overflow(), 7);
      in =
          Numbers.tensor(
              engine(),
              arena,
              Formats.byName(subject.source()),
              subject.size(0),
              subject.size(1),
              1);
      out = Tensor.allocate(arena, Formats.byName(subject.target()), in.shape());
    }

    @Override
    public void run() {
      engine.convert(in, out, cast);
    }

    @Override
    public void check() {
      ElementFormat format = Formats.byName(subject.target()).element();
      long rows = Math.min(subject.size(0), CHECKED);
      // Stochastic rounding depends on the index of an element, so the checked part is the first.
      requireSameBits(
          subject,
          out.slice(0, 0, rows),
          engine("reference").convert(in.slice(0, 0, rows), format, cast, arena));
    }
  }

  private static final class Quantize implements Contender {
    private final Arena arena = Arena.ofAuto();
    private final Subject subject;
    private final Engine engine;
    private final Quantization quantization;
    private final Tensor in;
    private final Tensor out;

    Quantize(Subject subject) {
      this.subject = subject;
      engine = engine(subject);
      quantization = new Quantization(Quantization.OCP.scaleRule(), rounding(subject), 7);
      in = Numbers.tensor(engine(), arena, Formats.FP32, subject.size(0), subject.size(1), 1);
      out = Tensor.allocate(arena, Formats.byName(subject.target()), in.shape());
    }

    @Override
    public void run() {
      engine.quantize(in, out, quantization);
    }

    @Override
    public void check() {
      Tensor expected =
          engine("reference").quantize(in, (BlockFormat) out.format(), quantization, arena);
      requireSameBits(subject, out, expected);
    }
  }

  private static final class Dequantize implements Contender {
    private final Arena arena = Arena.ofAuto();
    private final Subject subject;
    private final Engine engine;
    private final Tensor in;
    private final Tensor out;

    Dequantize(Subject subject) {
      this.subject = subject;
      engine = engine(subject);
      in =
          Numbers.tensor(
              engine(),
              arena,
              Formats.byName(subject.source()),
              subject.size(0),
              subject.size(1),
              1);
      out = Tensor.allocate(arena, Formats.byName(subject.target()), in.shape());
    }

    @Override
    public void run() {
      engine.dequantize(in, out);
    }

    @Override
    public void check() {
      long rows = Math.min(subject.size(0), CHECKED);
      Tensor expected = engine("reference").dequantize(in.slice(0, 0, rows), arena);
      requireSameBits(subject, out.slice(0, 0, rows), expected);
    }
  }

  private static final class Product implements Contender {
    private final Arena arena = Arena.ofAuto();
    private final Subject subject;
    private final Engine engine;
    private final Tensor given;
    private final @Nullable Tensor quantized;
    private final Tensor first;
    private final List<Tensor> plain = new ArrayList<>();
    private final List<PackedMatrix> packed = new ArrayList<>();
    private final int copies;
    private final Tensor out;
    private int turn;

    Product(Subject subject) {
      this.subject = subject;
      engine = engine(subject);
      Engine any = engine();
      long m = subject.size(0);
      long n = subject.size(1);
      long k = subject.size(2);
      given = Numbers.tensor(any, arena, Formats.byName(subject.source()), m, k, 1);
      String left = subject.formats().split("\\*")[0];
      int arrow = left.indexOf('>');
      quantized =
          arrow < 0
              ? null
              : Tensor.allocate(arena, Formats.byName(left.substring(arrow + 1)), m, k);
      Format format = Formats.byName(subject.target());
      first = Numbers.tensor(any, arena, format, n, k, 2);
      copies =
          subject.op().equals("gemv") ? (int) Math.ceil(ROTATED_BYTES / subject.weightBytes()) : 1;
      boolean prepared = subject.contender().endsWith("+packed");
      Format activations = (quantized == null ? given : quantized).format();
      for (int i = 0; i < copies; i++) {
        if (prepared) {
          packed.add(engine.pack(first, activations, arena));
        } else {
          plain.add(i == 0 ? first : copy(first));
        }
      }
      out = Tensor.allocate(arena, Formats.FP32, m, n);
    }

    private Tensor copy(Tensor tensor) {
      Tensor copy = Tensor.allocate(arena, tensor.format(), tensor.shape());
      copy.data().copyFrom(tensor.data());
      if (tensor.format() instanceof BlockFormat block) {
        copy.scales().data().copyFrom(tensor.scales().data());
        if (block.tensorScale()) {
          copy.setTensorScale(tensor.tensorScale());
        }
      }
      return copy;
    }

    @Override
    public void run() {
      Tensor left = given;
      if (quantized != null) {
        if (quantized.format() instanceof BlockFormat) {
          engine.quantize(given, quantized, Quantization.OCP);
        } else {
          engine.convert(given, quantized, Cast.SATURATE);
        }
        left = quantized;
      }
      turn = turn + 1 == copies ? 0 : turn + 1;
      if (packed.isEmpty()) {
        engine.matmul(left, plain.get(turn), out);
      } else {
        engine.matmul(left, packed.get(turn), out);
      }
    }

    /** A row of the result is the same alone and among others, so the first and last ones do. */
    @Override
    public void check() {
      Engine reference = engine("reference");
      Tensor left = given;
      if (quantized != null) {
        left =
            quantized.format() instanceof BlockFormat block
                ? reference.quantize(given, block, Quantization.OCP, arena)
                : reference.convert(given, quantized.format().element(), Cast.SATURATE, arena);
      }
      Tensor right = first;
      long m = left.dimension(0);
      long n = right.dimension(0);
      long rows = Math.min(2, m);
      long columns = Math.min(CHECKED, n);
      compare(reference, left, right, 0, rows, 0, columns);
      compare(reference, left, right, m - rows, m, n - columns, n);
    }

    private void compare(
        Engine reference, Tensor left, Tensor right, long i, long toI, long j, long toJ) {
      Tensor expected = reference.matmul(left.slice(0, i, toI), right.slice(0, j, toJ), arena);
      requireSameNumbers(subject, out.slice(0, i, toI).slice(1, j, toJ), expected);
    }
  }
}
