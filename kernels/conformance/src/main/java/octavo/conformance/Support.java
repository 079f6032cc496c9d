package octavo.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.format.Sparsity;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeRequest;
import octavo.spi.Kernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.QuantizeRequest;
import octavo.spi.Request;
import octavo.spi.SparseMatmulRequest;
import octavo.tensor.Storage;

/**
 * Which operations on which formats a backend has a kernel for, as lines of text to be committed: a
 * kernel that silently stops to support something changes them.
 *
 * <p>A line is {@code backend,operation,first format,how,second formats}: {@code how} is the mode
 * of a cast or, for matmul, the output format and whether the left operand is one row or many.
 * Hosts differ in instruction sets, therefore a backend supports what any of its kernels does;
 * memory is off-heap with neighbouring columns side by side. Without second formats there is no
 * line.
 */
final class Support {

  private static final long ROWS = 64;
  private static final long COLUMNS = 256;
  private static final long SPARSE_GROUPS = 16;

  private final Registry registry;
  private final String backend;
  private final List<String> lines = new ArrayList<>();

  private Support(Registry registry, String backend) {
    this.registry = registry;
    this.backend = backend;
  }

  /** {@return the lines of a backend} */
  static List<String> lines(Registry registry, String backend) {
    Support support = new Support(registry, backend);
    support.convert();
    support.quantize();
    support.dequantize();
    support.matmul();
    support.sparseMatmul();
    return support.lines;
  }

  /** {@return whether a line says that every format is supported} */
  static boolean isComplete(String line) {
    return line.endsWith(",all");
  }

  private void convert() {
    for (ElementFormat in : Formats.elements()) {
      for (Rounding rounding : Rounding.values()) {
        line(
            "convert",
            in,
            rounding.name(),
            Formats.elements(),
            out ->
                Stream.of(Overflow.values())
                    .map(overflow ->
                        new ConvertRequest(
                            operand(in, ROWS, COLUMNS),
                            operand(out, ROWS, COLUMNS),
                            rounding,
                            overflow)));
      }
    }
  }

  private void quantize() {
    for (ElementFormat in : QuantizeCases.PLAIN) {
      for (ScaleRule rule : ScaleRule.values()) {
        for (Rounding rounding : Rounding.values()) {
          line(
              "quantize",
              in,
              rule + " " + rounding,
              Formats.blocks(),
              out ->
                  Stream.of(
                      new QuantizeRequest(
                          operand(in, ROWS, COLUMNS),
                          operand(out, ROWS, COLUMNS),
                          rule,
                          rounding)));
        }
      }
    }
  }

  private void dequantize() {
    for (BlockFormat in : Formats.blocks()) {
      line(
          "dequantize",
          in,
          "",
          QuantizeCases.PLAIN,
          out ->
              Stream.of(
                  new DequantizeRequest(operand(in, ROWS, COLUMNS), operand(out, ROWS, COLUMNS))));
    }
  }

  private void matmul() {
    for (Format a : Formats.all()) {
      for (ElementFormat out : MatmulCases.OUTPUTS) {
        for (long m : new long[] {1, ROWS}) {
          line(
              "matmul",
              a,
              out + (m == 1 ? " row" : " rows"),
              Formats.all(),
              b ->
                  Stream.of(false, true)
                      .map(bias ->
                          new MatmulRequest(
                              operand(a, m, COLUMNS),
                              operand(b, ROWS, COLUMNS),
                              operand(out, m, ROWS),
                              bias)));
        }
      }
    }
  }

  private void sparseMatmul() {
    for (ElementFormat a : Formats.elements()) {
      for (ElementFormat out : MatmulCases.OUTPUTS) {
        line(
            "sparse_matmul",
            a,
            out + " rows",
            SparseMatmulCases.WITH_ZERO,
            b ->
                Sparsity.trainium().stream()
                    .map(sparsity ->
                        new SparseMatmulRequest(
                            operand(a, ROWS, SPARSE_GROUPS * sparsity.group()),
                            operand(b, ROWS, SPARSE_GROUPS * sparsity.kept()),
                            sparsity,
                            operand(out, ROWS, ROWS))));
      }
    }
  }

  private static Operand operand(Format format, long rows, long columns) {
    return new Operand(format, rows, columns, true, Storage.CONFINED);
  }

  private <F extends Format> void line(
      String operation,
      Format first,
      String how,
      List<F> seconds,
      Function<F, Stream<? extends Request>> requests) {
    List<F> supported =
        seconds.stream().filter(second -> requests.apply(second).allMatch(this::accepts)).toList();
    if (!supported.isEmpty()) {
      String formats =
          supported.size() == seconds.size()
              ? "all"
              : supported.stream().map(Format::name).collect(Collectors.joining(" "));
      lines.add(String.join(",", backend, operation, first.name(), how, formats));
    }
  }

  private boolean accepts(Request request) {
    for (Kernel<?> kernel : registry.engine().kernels()) {
      if (kernel.id().backend().equals(backend)
          && Registry.accepts(kernel, request, registry.engine().host())) {
        return true;
      }
    }
    return false;
  }
}
