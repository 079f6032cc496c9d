package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import octavo.Engine;
import octavo.dispatch.Dispatcher;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.op.Epilogue;
import octavo.spi.BackendStatus;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Op;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

class KernelMatrixTest {

  /** Multiplies FP32 or BF16 by MX formats on 512-bit vectors only, without bias. */
  private static final class Narrow implements MatmulKernel {

    @Override
    public KernelId id() {
      return new KernelId("vector", "matmul.test", "512");
    }

    @Override
    public Verdict consider(MatmulRequest request, Host host) {
      boolean able =
          Set.of(Formats.FP32, Formats.BF16).contains(request.a().format())
              && Set.of(Formats.MXFP4, Formats.MXFP8_E4M3).contains(request.b().format())
              && !request.bias()
              && host.backend("vector").vectorBits() == 512
              && host.backend("vector").isas().contains(Isa.AVX512);
      return able ? new Verdict.Eligible(1, "") : new Verdict.Rejected("");
    }

    @Override
    public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
      throw new AssertionError("only considered");
    }
  }

  /** Casts from FP32 to anything, and anything to FP32 unless stochastically. */
  private static final class Cross implements ConvertKernel {

    @Override
    public KernelId id() {
      return new KernelId("vector", "convert.test", "");
    }

    @Override
    public Verdict consider(ConvertRequest request, Host host) {
      boolean able =
          request.in().format().equals(Formats.FP32)
              || (request.out().format().equals(Formats.FP32)
                  && request.rounding() != Rounding.STOCHASTIC);
      return able ? new Verdict.Eligible(1, "") : new Verdict.Rejected("");
    }

    @Override
    public void run(
        Tensor in, Tensor out, Rounding rounding, Overflow overflow, long seed, Workers workers) {
      throw new AssertionError("only considered");
    }
  }

  private static KernelMatrix matrix(Kernel<?>... kernels) {
    Host host =
        new Host(
            "linux",
            "aarch64",
            "25",
            false,
            false,
            Set.of(),
            1,
            List.of(new BackendStatus("vector", true, "", List.of(), 128)),
            Overrides.NONE);
    return new KernelMatrix(new Engine(new Dispatcher(host, List.of(kernels))));
  }

  @Test
  void theReferenceHasEverything() {
    String table = new KernelMatrix(Engine.create(Overrides.NONE)).render("");

    assertTrue(table.startsWith("| operation | backend | formats |\n|---|---|---|\n"), () -> table);
    for (String line :
        List.of(
            "| convert | reference | any element format to any element format |",
            "| quantize | reference | FP32, BF16, FP16 to any block format |",
            "| dequantize | reference | any block format to FP32, BF16, FP16 |",
            "| matmul | reference | any format times any format |")) {
      assertTrue(table.contains(line + "\n"), () -> line + "\nin\n" + table);
    }
  }

  @Test
  void kernelsForOtherWidthsThanThisHostsCount() {
    assertEquals(
        "FP32, BF16 times MXFP8_E4M3, MXFP4 (without bias)",
        matrix(new Narrow()).formats(Op.MATMUL, "vector"));
  }

  @Test
  void unevenSupportIsSplitIntoEvenParts() {
    assertEquals(
        "FP32 to any element format"
            + "<br>any element format but FP32 to FP32 (nearest even or toward zero)",
        matrix(new Cross()).formats(Op.CONVERT, "vector"));
  }

  @Test
  void backendsThatAreAbsentKeepTheirLines() {
    String before =
        """
        | operation | backend | formats |
        |---|---|---|
        | matmul | vector | stale |
        | matmul | ffm | as it was |
        """;

    String table = matrix(new Narrow()).render(before);

    assertEquals(
        """
        | operation | backend | formats |
        |---|---|---|
        | convert | vector | none |
        | quantize | vector | none |
        | dequantize | vector | none |
        | matmul | vector | FP32, BF16 times MXFP8_E4M3, MXFP4 (without bias) |
        | matmul | ffm | as it was |
        | sparse_matmul | vector | none |
        """,
        table);
  }

  @Test
  void optionsThatAreNoProductAreNotListed() {
    OpCalls calls = OpCalls.of(Op.CONVERT);
    var options = new BitSet();
    options.set(0); // nearest even, saturate
    options.set(3); // toward zero, IEEE

    assertEquals(" (some options)", calls.describe(options));
    options.clear(3);
    assertEquals(" (nearest even, saturate)", calls.describe(options));
    options.set(0, 6);
    assertEquals("", calls.describe(options));
  }

  @Test
  void everyCombinationOfOptionsIsARequestOfItsOwn() {
    OpCalls calls = OpCalls.of(Op.QUANTIZE);

    var requests = calls.requests(Formats.FP32, Formats.MXFP4);

    assertEquals(requests.size(), Set.copyOf(requests).size());
    assertEquals(ScaleRule.values().length * Rounding.values().length, requests.size());
  }

  @Test
  void setsOfFormatsAreNamedInFewWords() {
    assertEquals("any format", FormatSet.describe(Formats.all()));
    assertEquals("any block format", FormatSet.describe(Formats.blocks()));
    List<Format> most = new ArrayList<>(Formats.all());
    most.remove(Formats.E8M0);
    most.remove(Formats.NVFP4);
    assertEquals(
        "any element format but E8M0, any block format but NVFP4", FormatSet.describe(most));
    assertEquals(
        "FP32, MXFP4, NVFP4",
        FormatSet.describe(List.of(Formats.NVFP4, Formats.FP32, Formats.MXFP4)));
    assertEquals("no format", FormatSet.describe(List.of()));
  }

  @Test
  void regionsAreReplacedBetweenTheirMarkers() {
    var region = new MarkedRegion("kernels");
    String text = "a\n<!-- kernels:begin -->\nold\n<!-- kernels:end -->\nb\n";

    assertEquals("old\n", region.of(text));
    assertEquals(
        "a\n<!-- kernels:begin -->\nnew\n<!-- kernels:end -->\nb\n", region.replace(text, "new\n"));
    for (String wrong :
        List.of(
            "",
            "<!-- kernels:begin -->\n",
            "<!-- kernels:end -->\n<!-- kernels:begin -->\n",
            text + text)) {
      assertThrows(IllegalArgumentException.class, () -> region.of(wrong));
    }
  }
}
