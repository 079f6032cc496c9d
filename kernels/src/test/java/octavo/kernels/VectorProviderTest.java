package octavo.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import octavo.dispatch.Dispatcher;
import octavo.dispatch.Plan;
import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.kernels.matmul.MatmulBlockVector;
import octavo.kernels.matmul.MatmulSkinnyVector;
import octavo.kernels.vector.Width;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.tensor.Storage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Choices of width, on invented hosts. */
class VectorProviderTest {

  private static final VectorProvider PROVIDER = new VectorProvider();
  private static final BackendStatus REFERENCE = new ReferenceProvider().probe(Overrides.NONE);

  @ParameterizedTest
  @CsvSource({
    "512, '', 0, vector/matmul.plain/512",
    "256, '', 0, vector/matmul.plain/256",
    "128, '', 0, vector/matmul.plain/128",
    "512, avx2, 0, vector/matmul.plain/256",
    "512, portable, 0, vector/matmul.plain/128",
    "512, '', 128, vector/matmul.plain/128",
    "256, '', 512, vector/matmul.plain/512",
  })
  void theWidestAllowedWidthIsChosen(int preferred, String isaMax, int forced, String kernel) {
    Map<String, String> properties =
        Map.of("octavo.isa.max", isaMax, "octavo.vector.bits", Integer.toString(forced));
    Host host = host(preferred, true, Set.of("fma"), Overrides.parse(properties));
    assertEquals(kernel, plan(host, 64).kernel().id().toString());
  }

  @Test
  void withoutC2NoWidthRuns() {
    Host host = host(256, false, Set.of("fma"), Overrides.NONE);
    assertTrue(rejection(host).contains("C2"), rejection(host));
  }

  @Test
  void withoutFusedMultiplyAddNoWidthRuns() {
    Host host = host(256, true, Set.of("avx2"), Overrides.NONE);
    assertTrue(rejection(host).contains("fused multiply-add"), rejection(host));
  }

  @Test
  void aWidthBeyondTheHostsSaysHowToForceIt() {
    Host host = host(256, true, Set.of("fma"), Overrides.NONE);
    assertTrue(rejection(host).contains("-Doctavo.vector.bits=512"), rejection(host));
  }

  @Test
  void runsLongerThanPanelsAreRejectedByName() {
    BlockFormat format = new BlockFormat("INT8_1X8192", Formats.INT8, 1, 8192, Formats.E8M0, false);
    Operand x = new Operand(Formats.BF16, 1, 8192, true, Storage.SHARED);
    Operand w = new Operand(format, 64, 8192, true, Storage.SHARED);
    Operand out = new Operand(Formats.FP32, 1, 64, true, Storage.SHARED);
    MatmulRequest request = new MatmulRequest(x, w, out, false);
    Host host = host(256, true, Set.of("fma"), Overrides.NONE);
    for (MatmulKernel kernel :
        List.of(new MatmulSkinnyVector(Width.BITS_256), new MatmulBlockVector(Width.BITS_256))) {
      Verdict verdict = kernel.consider(request, host);
      String reason = assertInstanceOf(Verdict.Rejected.class, verdict).reason();
      assertTrue(reason.contains("8192") && reason.contains("4096"), reason);
    }
  }

  @Test
  void anAbsentBackendBringsNoKernels() {
    assertEquals(List.of(), PROVIDER.kernels(BackendStatus.absent("vector", "for a test")));
  }

  @Test
  void theStatusNamesTheWidth() {
    BackendStatus status = PROVIDER.probe(Overrides.NONE);
    assertTrue(status.available(), status.detail());
    assertEquals("Vector API, %d-bit (preferred)".formatted(status.vectorBits()), status.detail());
  }

  /** {@return why the plan of a host rejects the kernel of 512 bits} */
  private static String rejection(Host host) {
    Verdict verdict =
        plan(host, 64).verdicts().stream()
            .filter(one -> one.kernel().toString().equals("vector/matmul.plain/512"))
            .findFirst()
            .orElseThrow()
            .verdict();
    return assertInstanceOf(Verdict.Rejected.class, verdict).reason();
  }

  private static Plan<MatmulRequest, MatmulKernel> plan(Host host, long rows) {
    List<Kernel<?>> kernels = new ArrayList<>(new ReferenceProvider().kernels(REFERENCE));
    kernels.addAll(PROVIDER.kernels(host.backend("vector")));
    Operand operand = new Operand(Formats.E4M3FN, rows, 64, true, Storage.SHARED);
    Operand out = new Operand(Formats.FP32, rows, rows, true, Storage.SHARED);
    return new Dispatcher(host, kernels)
        .plan(new MatmulRequest(operand, operand, out, false), MatmulKernel.class);
  }

  private static Host host(int preferred, boolean c2, Set<String> features, Overrides overrides) {
    BackendStatus vector = new BackendStatus("vector", true, "invented", List.of(), preferred);
    return new Host(
        "linux", "amd64", "25", c2, true, features, 2, List.of(REFERENCE, vector), overrides);
  }
}
