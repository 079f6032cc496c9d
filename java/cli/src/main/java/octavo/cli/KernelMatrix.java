package octavo.cli;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import octavo.Engine;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.spi.BackendStatus;
import octavo.spi.ConvertKernel;
import octavo.spi.DequantizeKernel;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.Kernel;
import octavo.spi.MatmulKernel;
import octavo.spi.Op;
import octavo.spi.Overrides;
import octavo.spi.QuantizeKernel;
import octavo.spi.Request;
import octavo.spi.SparseMatmulKernel;
import octavo.spi.Verdict;

/**
 * Which backend has kernels for which formats: the table in the README, made by asking every kernel
 * about every combination of formats.
 *
 * <p>The kernels are asked about an invented host that has every backend, instruction set and
 * vector width, so that the table is the same wherever it is made. The operands are off-heap and
 * consecutive. Backends that are absent where it is made have no kernels to ask: their lines are
 * taken from the table as it was.
 */
final class KernelMatrix {

  private static final int[] VECTOR_BITS = {128, 256, 512};
  private static final String HEADER = "| operation | backend | formats |\n|---|---|---|\n";

  private final Engine engine;
  private final List<Host> hosts;

  /**
   * Prepares a table.
   *
   * @param engine has the kernels
   */
  KernelMatrix(Engine engine) {
    this.engine = engine;
    var invented = new ArrayList<Host>();
    for (int bits : VECTOR_BITS) {
      invented.add(host(bits));
    }
    this.hosts = List.copyOf(invented);
  }

  private Host host(int vectorBits) {
    Host real = engine.host();
    return new Host(
        real.os(),
        real.arch(),
        real.jdk(),
        true,
        true,
        Set.of(), // Unknown, which counts as able.
        1,
        Overrides.BACKENDS.stream()
            .map(backend -> new BackendStatus(backend, true, "", List.of(Isa.values()), vectorBits))
            .toList(),
        Overrides.NONE);
  }

  /**
   * {@return the table in Markdown}
   *
   * @param before the table as it was, for the lines of backends that are absent here
   */
  String render(String before) {
    Map<String, String> old =
        before
            .lines()
            .filter(line -> line.startsWith("| "))
            .collect(Collectors.toMap(KernelMatrix::key, line -> line, (a, b) -> a));
    StringBuilder table = new StringBuilder(HEADER);
    for (Op op : Op.values()) {
      for (String backend : Overrides.BACKENDS) {
        String key = "| %s | %s |".formatted(op.stem(), backend);
        if (engine.host().backend(backend).available()) {
          table.append(key).append(' ').append(formats(op, backend)).append(" |\n");
        } else if (old.containsKey(key)) {
          table.append(old.get(key)).append('\n');
        }
      }
    }
    return table.toString();
  }

  /** {@return the first two cells of a line} */
  private static String key(String line) {
    int second = line.indexOf('|', 1);
    return line.substring(0, line.indexOf('|', second + 1) + 1);
  }

  /** {@return the formats for which a backend has a kernel, in words} */
  String formats(Op op, String backend) {
    List<Kernel<?>> kernels =
        engine.kernels().stream()
            .filter(kernel -> kernel.op() == op && kernel.id().backend().equals(backend))
            .toList();
    OpCalls calls = OpCalls.of(op);
    Map<Format, Map<Format, BitSet>> able = new LinkedHashMap<>();
    for (Format left : calls.lefts()) {
      Map<Format, BitSet> row = new LinkedHashMap<>();
      for (Format right : calls.rights()) {
        BitSet options = able(kernels, calls.requests(left, right));
        if (!options.isEmpty()) {
          row.put(right, options);
        }
      }
      able.put(left, row);
    }
    List<Rectangle> byLeft = rectangles(able);
    List<Rectangle> byRight =
        rectangles(transpose(able)).stream().map(Rectangle::transposed).toList();
    List<Rectangle> fewer = byLeft.size() <= byRight.size() ? byLeft : byRight;
    return fewer.isEmpty()
        ? "none"
        : fewer.stream()
            .map(one ->
                FormatSet.describe(one.lefts())
                    + calls.sign()
                    + FormatSet.describe(one.rights())
                    + calls.describe(one.options()))
            .collect(Collectors.joining("<br>"));
  }

  /** {@return which of some requests any of some kernels can run} */
  private BitSet able(List<Kernel<?>> kernels, List<Request> requests) {
    var able = new BitSet();
    for (int i = 0; i < requests.size(); i++) {
      for (Kernel<?> kernel : kernels) {
        for (Host host : hosts) {
          if (verdict(kernel, requests.get(i), host) instanceof Verdict.Eligible) {
            able.set(i);
          }
        }
      }
    }
    return able;
  }

  private static Verdict verdict(Kernel<?> kernel, Request request, Host host) {
    return switch (kernel) {
      case ConvertKernel convert when request instanceof octavo.spi.ConvertRequest call ->
          convert.consider(call, host);
      case QuantizeKernel quantize when request instanceof octavo.spi.QuantizeRequest call ->
          quantize.consider(call, host);
      case DequantizeKernel dequantize when request instanceof octavo.spi.DequantizeRequest call ->
          dequantize.consider(call, host);
      case MatmulKernel matmul when request instanceof octavo.spi.MatmulRequest call ->
          matmul.consider(call, host);
      case SparseMatmulKernel sparse when request instanceof octavo.spi.SparseMatmulRequest call ->
          sparse.consider(call, host);
      default -> throw new IllegalArgumentException(kernel.id() + " asked about " + request);
    };
  }

  /** Every pair of some formats, with the same options. */
  private record Rectangle(List<Format> lefts, List<Format> rights, BitSet options) {

    Rectangle transposed() {
      return new Rectangle(/* lefts= */ rights, /* rights= */ lefts, options);
    }
  }

  /** Splits a relation into rectangles: left formats with equal rows, then right ones in these. */
  private static List<Rectangle> rectangles(Map<Format, Map<Format, BitSet>> able) {
    Map<Map<Format, BitSet>, List<Format>> groups = new LinkedHashMap<>();
    able.forEach((left, row) -> groups.computeIfAbsent(row, r -> new ArrayList<>()).add(left));
    var rectangles = new ArrayList<Rectangle>();
    groups.forEach((row, lefts) -> {
      Map<BitSet, List<Format>> byOptions = new LinkedHashMap<>();
      row.forEach((right, options) ->
          byOptions.computeIfAbsent(options, o -> new ArrayList<>()).add(right));
      byOptions.forEach((options, rights) -> rectangles.add(new Rectangle(lefts, rights, options)));
    });
    return rectangles;
  }

  private static Map<Format, Map<Format, BitSet>> transpose(Map<Format, Map<Format, BitSet>> able) {
    Map<Format, Map<Format, BitSet>> transposed = new LinkedHashMap<>();
    for (Format right : Formats.all()) {
      Map<Format, BitSet> row = new LinkedHashMap<>();
      able.forEach((left, rights) -> {
        BitSet options = rights.get(right);
        if (options != null) {
          row.put(left, options);
        }
      });
      if (!row.isEmpty()) {
        transposed.put(right, row);
      }
    }
    return transposed;
  }
}
