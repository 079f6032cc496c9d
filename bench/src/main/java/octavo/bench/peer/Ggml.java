package octavo.bench.peer;

import static octavo.bench.peer.NativeLibrary.ADDRESS;
import static octavo.bench.peer.NativeLibrary.INT;
import static octavo.bench.peer.NativeLibrary.LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The shared libraries of ggml, the CPU one being that which fits this processor best. */
final class Ggml {

  private static final String BASE = "libggml-base.so";

  private Ggml() {}

  /** {@return the library of tensors and formats} */
  static NativeLibrary base() {
    return new NativeLibrary(PeerFiles.find(Peer.GGML, BASE));
  }

  /** {@return the CPU kernels with the highest score on this processor, as ggml itself chooses} */
  static Path cpu() {
    base(); // the others need it
    Path folder = PeerFiles.find(Peer.GGML, BASE).getParent();
    List<Path> all;
    try (Stream<Path> files = Files.list(folder)) {
      all =
          files
              .filter(file -> file.getFileName().toString().startsWith("libggml-cpu-"))
              .sorted()
              .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all.stream()
        .max(Comparator.comparingInt(Ggml::score))
        .filter(path -> score(path) > 0)
        .orElseThrow(() -> new IllegalStateException("no library of ggml fits this processor"));
  }

  private static int score(Path path) {
    return new NativeLibrary(path).function("ggml_backend_score", INT).number();
  }

  /** {@return the number of a type} */
  static int type(String format) {
    return switch (format) {
      case "F32", "FP32" -> 0;
      case "FP16" -> 1;
      case "Q8_0" -> 8;
      case "BF16" -> 30;
      case "MXFP4" -> 39;
      case "NVFP4" -> 40;
      default -> throw new IllegalArgumentException("ggml has no " + format);
    };
  }

  /** {@return bytes of a number of elements in a row} */
  static long bytes(NativeLibrary base, int type, long elements) {
    Object size = base.function("ggml_row_size", LONG, INT, LONG).call(type, elements);
    return size instanceof Long bytes ? bytes : -1;
  }

  /** Writes FP32 numbers in another type. */
  static void quantize(
      NativeLibrary base, int type, MemorySegment from, MemorySegment to, long rows, long columns) {
    if (type == 0) {
      to.copyFrom(from);
    } else if (type == 1 || type == 30) {
      base.procedure(
              type == 1 ? "ggml_fp32_to_fp16_row" : "ggml_fp32_to_bf16_row", ADDRESS, ADDRESS, LONG)
          .call(from, to, rows * columns);
    } else {
      base.function("ggml_quantize_chunk", LONG, INT, ADDRESS, ADDRESS, LONG, LONG, LONG, ADDRESS)
          .call(type, from, to, 0L, rows, columns, MemorySegment.NULL);
    }
  }

  /** {@return what the numbers of {@link #quantize} stand for} */
  static float[] dequantize(NativeLibrary base, int type, MemorySegment from, int count) {
    java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofAuto();
    MemorySegment numbers = arena.allocate(4L * count, 64);
    if (type == 0) {
      numbers.copyFrom(from);
    } else {
      String name =
          switch (type) {
            case 1 -> "ggml_fp16_to_fp32_row";
            case 8 -> "dequantize_row_q8_0";
            case 30 -> "ggml_bf16_to_fp32_row";
            case 39 -> "dequantize_row_mxfp4";
            default -> "dequantize_row_nvfp4";
          };
      base.procedure(name, ADDRESS, ADDRESS, LONG).call(from, numbers, (long) count);
    }
    return numbers.toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT);
  }
}
