package octavo.bench.peer;

import static octavo.bench.peer.NativeLibrary.ADDRESS;
import static octavo.bench.peer.NativeLibrary.INT;
import static octavo.bench.peer.NativeLibrary.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import octavo.bench.Contender;
import octavo.bench.Numbers;
import octavo.bench.Subject;

/** ggml's casts to BF16 and FP16, and its block formats there and back. */
final class GgmlConversion implements Contender {

  private final Arena arena = Arena.ofAuto();
  private final NativeLibrary base = Ggml.base();
  private final Subject subject;
  private final int type;
  private final long rows;
  private final long columns;
  private final float[] numbers;
  private final MemorySegment given;
  private final MemorySegment codes;
  private final MemorySegment restored;
  private final MethodHandle row;
  private final MethodHandle chunk;

  GgmlConversion(Subject subject) {
    this.subject = subject;
    boolean back = subject.op().equals("dequantize");
    type = Ggml.type(back ? subject.source() : subject.target());
    rows = subject.size(0);
    columns = subject.size(1);
    numbers = Numbers.normal(rows * columns, 1);
    given = Numbers.offHeap(arena, numbers);
    codes = arena.allocate(rows * Ggml.bytes(base, type, columns), 64);
    restored = arena.allocate(back ? 4 * rows * columns : 4, 64);
    Ggml.quantize(base, type, given, codes, rows, columns);
    String name =
        back
            ? "dequantize_row_" + subject.source().toLowerCase(java.util.Locale.ROOT)
            : type == 1 ? "ggml_fp32_to_fp16_row" : "ggml_fp32_to_bf16_row";
    row = base.procedure(name, ADDRESS, ADDRESS, LONG).handle();
    chunk =
        base.function("ggml_quantize_chunk", LONG, INT, ADDRESS, ADDRESS, LONG, LONG, LONG, ADDRESS)
            .handle();
  }

  @Override
  public void run() {
    try {
      switch (subject.op()) {
        case "convert" -> row.invokeExact(given, codes, rows * columns);
        case "dequantize" -> row.invokeExact(codes, restored, rows * columns);
        default -> {
          long bytes =
              (long) chunk.invokeExact(type, given, codes, 0L, rows, columns, MemorySegment.NULL);
          if (bytes != codes.byteSize()) {
            throw new IllegalStateException("ggml wrote %d bytes".formatted(bytes));
          }
        }
      }
    } catch (Throwable e) {
      throw NativeLibrary.failure(subject.op(), e);
    }
  }

  /** A block format is off by less than a third of the largest number of a block. */
  @Override
  public void check() {
    float[] result =
        subject.op().equals("dequantize")
            ? restored.toArray(ValueLayout.JAVA_FLOAT)
            : Ggml.dequantize(base, type, codes, numbers.length);
    double error = 0;
    double norm = 0;
    for (int i = 0; i < result.length; i++) {
      error += Math.pow(result[i] - numbers[i], 2);
      norm += Math.pow(numbers[i], 2);
    }
    double allowed = subject.op().equals("convert") ? 0.003 : 0.15;
    if (!(Math.sqrt(error / norm) < allowed)) {
      throw new IllegalStateException(
          "%s: relative error %s".formatted(subject.id(), Math.sqrt(error / norm)));
    }
  }
}
