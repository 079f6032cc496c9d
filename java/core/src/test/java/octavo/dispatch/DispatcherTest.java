package octavo.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.spi.BackendStatus;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Choices of kernels on invented hosts. */
class DispatcherTest {

  private static final MatmulRequest REQUEST =
      new MatmulRequest(
          new Operand(Formats.BF16, 8, 4096, true, Storage.CONFINED),
          new Operand(Formats.MXFP4, 11008, 4096, true, Storage.SHARED),
          new Operand(Formats.FP32, 8, 11008, true, Storage.HEAP),
          true);

  private static final FakeMatmul REFERENCE =
      FakeMatmul.costing("reference/matmul.block", Isa.PORTABLE, 100);
  private static final FakeMatmul VECTOR =
      new FakeMatmul(
          KernelId.of("vector/matmul.block/256"),
          Isa.PORTABLE,
          (request, host) ->
              !host.vectorModule()
                  ? new Verdict.Rejected("needs --add-modules jdk.incubator.vector")
                  : !host.optimizingCompiler()
                      ? new Verdict.Rejected("needs C2")
                      : new Verdict.Eligible(10, "256 bits"));
  private static final FakeMatmul AVX2 = FakeMatmul.costing("ffm/matmul.block/avx2", Isa.AVX2, 4);
  private static final FakeMatmul AVX512 =
      FakeMatmul.costing("ffm/matmul.block/avx512", Isa.AVX512, 2);
  private static final FakeMatmul NEON = FakeMatmul.costing("jni/matmul.block/neon", Isa.NEON, 3);
  private static final FakeMatmul HALF =
      FakeMatmul.refusing("vector/matmul.plain/256", "b has scales within its rows");

  private static final List<FakeMatmul> ALL = List.of(REFERENCE, VECTOR, HALF, AVX2, AVX512, NEON);

  private static Host host(Map<String, String> properties) {
    return new Host(
        "linux",
        "amd64",
        "25.0.1+8",
        true,
        true,
        Set.of("fma", "avx2", "f16c"),
        16,
        List.of(
            new BackendStatus("reference", true, "plain loops", List.of(), 0),
            new BackendStatus("scalar", true, "tuned loops", List.of(), 0),
            new BackendStatus("vector", true, "256 bits preferred", List.of(), 256),
            new BackendStatus(
                "ffm", true, "octavo 0.1 ABI 1", List.of(Isa.PORTABLE, Isa.AVX2, Isa.AVX512), 0),
            BackendStatus.absent("jni", "no library for linux-amd64; build with a C++ compiler")),
        Overrides.parse(properties));
  }

  private static Plan<MatmulRequest, MatmulKernel> plan(Map<String, String> properties) {
    return new Dispatcher(host(properties), ALL).plan(REQUEST, MatmulKernel.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                               | ffm/matmul.block/avx512",
        "octavo.isa.max=avx2              | ffm/matmul.block/avx2",
        "octavo.isa.max=portable          | vector/matmul.block/256",
        "octavo.isa.max=avx512vnni        | ffm/matmul.block/avx512",
        "octavo.isa.max=neon              | ffm/matmul.block/avx512",
        "octavo.backend=vector            | vector/matmul.block/256",
        "octavo.backend=reference         | reference/matmul.block",
        "octavo.backend=reference,vector  | vector/matmul.block/256",
        "octavo.disable=ffm               | vector/matmul.block/256",
        "octavo.disable=ffm,vector        | reference/matmul.block",
        "octavo.backend=ffm octavo.isa.max=avxvnni | ffm/matmul.block/avx2",
        "octavo.require=ffm octavo.disable=ffm     | vector/matmul.block/256",
        "octavo.require=vector,reference  | ffm/matmul.block/avx512"
      })
  void theCheapestThatIsAllowedWins(String properties, String kernel) {
    assertEquals(kernel, plan(parse(properties)).kernel().id().toString());
  }

  private static Map<String, String> parse(String properties) {
    return properties.isEmpty()
        ? Map.of()
        : List.of(properties.split(" ")).stream()
            .collect(
                java.util.stream.Collectors.toMap(
                    property -> property.split("=")[0], property -> property.split("=")[1]));
  }

  @Test
  void limitsOfOneArchitectureLeaveTheOtherAlone() {
    Host arm =
        new Host(
            "linux",
            "aarch64",
            "25",
            true,
            true,
            Set.of("asimd", "asimddp"),
            4,
            List.of(
                new BackendStatus("reference", true, "", List.of(), 0),
                new BackendStatus("jni", true, "", List.of(Isa.PORTABLE, Isa.NEON), 0)),
            Overrides.parse(Map.of("octavo.isa.max", "avx512")));
    Plan<MatmulRequest, MatmulKernel> plan =
        new Dispatcher(arm, ALL).plan(REQUEST, MatmulKernel.class);
    assertEquals("jni/matmul.block/neon", plan.kernel().id().toString());
    Host limited = arm.withOverrides(Overrides.parse(Map.of("octavo.isa.max", "portable")));
    assertEquals(
        "reference/matmul.block",
        new Dispatcher(limited, ALL).plan(REQUEST, MatmulKernel.class).kernel().id().toString());
  }

  @Test
  void hostsWithoutVectorModuleOrCompilerChooseOthers() {
    Host real = host(Map.of("octavo.backend", "reference,vector"));
    Host bare =
        new Host(
            real.os(),
            real.arch(),
            real.jdk(),
            false,
            true,
            Set.of(),
            1,
            real.backends(),
            real.overrides());
    Plan<MatmulRequest, MatmulKernel> plan =
        new Dispatcher(bare, ALL).plan(REQUEST, MatmulKernel.class);
    assertEquals("reference/matmul.block", plan.kernel().id().toString());
    assertTrue(
        plan.explain()
            .lines()
            .anyMatch(line -> line.matches("  rejected  vector/matmul\\.block/256 +needs C2")),
        plan.explain());
  }

  @Test
  void equalCostsGoToTheFirst() {
    List<FakeMatmul> twins =
        List.of(
            FakeMatmul.costing("reference/one", Isa.PORTABLE, 5),
            FakeMatmul.costing("reference/two", Isa.PORTABLE, 5));
    assertEquals(
        "reference/one",
        new Dispatcher(host(Map.of()), twins)
            .plan(REQUEST, MatmulKernel.class)
            .kernel()
            .id()
            .toString());
  }

  @Test
  void theRequestDecides() {
    FakeMatmul small =
        new FakeMatmul(
            KernelId.of("vector/small"),
            Isa.PORTABLE,
            (request, host) ->
                request.m() <= 8
                    ? new Verdict.Eligible(1, "few rows")
                    : new Verdict.Rejected("more than 8 rows"));
    Dispatcher dispatcher = new Dispatcher(host(Map.of()), List.of(REFERENCE, small));
    assertEquals(small, dispatcher.plan(REQUEST, MatmulKernel.class).kernel());
    MatmulRequest larger =
        new MatmulRequest(
            new Operand(Formats.BF16, 9, 4096, true, Storage.CONFINED),
            REQUEST.b(),
            new Operand(Formats.FP32, 9, 11008, true, Storage.HEAP),
            false);
    assertEquals(REFERENCE, dispatcher.plan(larger, MatmulKernel.class).kernel());
  }

  @Test
  void thePlanKeepsEveryVerdictInOrder() {
    Plan<MatmulRequest, MatmulKernel> plan = plan(Map.of("octavo.disable", "ffm"));
    assertEquals(REQUEST, plan.request());
    assertEquals(
        ALL.stream().map(FakeMatmul::id).toList(),
        plan.verdicts().stream().map(Plan.Considered::kernel).toList());
    assertInstanceOf(Verdict.Eligible.class, plan.verdicts().get(0).verdict());
    assertEquals(new Verdict.Rejected("-Doctavo.disable=ffm"), plan.verdicts().get(3).verdict());
    assertEquals(
        new Verdict.Rejected(
            "backend absent: no library for linux-amd64; build with a C++ compiler"),
        plan.verdicts().get(5).verdict());
  }

  @Test
  void kernelsOfOtherOperationsAreNotAsked() {
    ConvertKernel convert =
        new ConvertKernel() {
          @Override
          public KernelId id() {
            return KernelId.of("reference/convert");
          }

          @Override
          public Verdict consider(ConvertRequest request, Host host) {
            return new Verdict.Eligible(0, "");
          }

          @Override
          public void run(
              Tensor in,
              Tensor out,
              Rounding rounding,
              Overflow overflow,
              long seed,
              Workers workers) {}
        };
    Dispatcher dispatcher = new Dispatcher(host(Map.of()), List.of(convert, REFERENCE));
    assertEquals(1, dispatcher.plan(REQUEST, MatmulKernel.class).verdicts().size());
    assertEquals(List.of(convert, REFERENCE), dispatcher.kernels());
  }

  @Test
  void noKernelLeftGivesEveryReason() {
    UnsupportedOperationException e =
        assertThrows(
            UnsupportedOperationException.class,
            () -> plan(Map.of("octavo.backend", "jni,ffm", "octavo.isa.max", "portable")));
    String message = e.getMessage();
    assertTrue(message.startsWith("no kernel can run this call\n" + REQUEST + "\n"), message);
    for (String line :
        List.of(
            "rejected  reference/matmul.block   -Doctavo.backend=jni,ffm",
            "rejected  vector/matmul.block/256  -Doctavo.backend=jni,ffm",
            "rejected  ffm/matmul.block/avx2    needs avx2, -Doctavo.isa.max=portable",
            "rejected  ffm/matmul.block/avx512  needs avx512, -Doctavo.isa.max=portable",
            "rejected  jni/matmul.block/neon    backend absent: no library for linux-amd64; build"
                + " with a C++ compiler",
            "octavo.backend=jni,ffm  octavo.isa.max=portable")) {
      assertTrue(message.contains(line), line + "\nis not in\n" + message);
    }
    assertFalse(message.contains("chosen"));
  }

  @Test
  void aRequiredBackendMustBeThere() {
    IllegalStateException absent =
        assertThrows(
            IllegalStateException.class, () -> plan(Map.of("octavo.require", "vector,jni")));
    assertEquals(
        "backend 'jni' is required by -Doctavo.require and absent: no library for linux-amd64; build"
            + " with a C++ compiler",
        absent.getMessage());
    Host empty =
        new Host("linux", "amd64", "25", true, true, Set.of(), 1, List.of(), Overrides.NONE);
    Host required = empty.withOverrides(Overrides.parse(Map.of("octavo.require", "ffm")));
    IllegalStateException unknown =
        assertThrows(IllegalStateException.class, () -> new Dispatcher(required, List.of()));
    assertEquals(
        "backend 'ffm' is required by -Doctavo.require and absent: no provider was found; put the"
            + " module that holds it on the module or class path",
        unknown.getMessage());
  }

  @Test
  void idsAreUnique() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new Dispatcher(host(Map.of()), List.of(REFERENCE, REFERENCE)));
    assertEquals("two kernels are called reference/matmul.block", e.getMessage());
  }

  @Test
  void explanation() throws IOException {
    Locale before = Locale.getDefault();
    try (InputStream in = DispatcherTest.class.getResourceAsStream("explain.txt")) {
      String expected = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (Locale locale : List.of(Locale.ROOT, Locale.GERMANY)) {
        Locale.setDefault(locale);
        assertEquals(expected, plan(Map.of("octavo.isa.max", "avx2")).explain());
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
