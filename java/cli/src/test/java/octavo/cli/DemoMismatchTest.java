package octavo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import octavo.Engine;
import octavo.cli.DemoReport.Agreement;
import octavo.dispatch.Dispatcher;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.KernelId;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** The demonstration with a second backend whose kernel is made for the test. */
class DemoMismatchTest {

  /** Computes what the reference does, then may spoil one number; knows no FP32 weights. */
  private static final class Second implements MatmulKernel {

    private final Engine reference;
    private final boolean spoils;

    Second(Engine reference, boolean spoils) {
      this.reference = reference;
      this.spoils = spoils;
    }

    @Override
    public KernelId id() {
      return new KernelId("vector", "matmul.test", "");
    }

    @Override
    public Verdict consider(MatmulRequest request, Host host) {
      return request.b().format().equals(Formats.FP32)
          ? new Verdict.Rejected("tests only")
          : new Verdict.Eligible(1, "for a test");
    }

    @Override
    public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
      reference.matmul(a, b, epilogue, out);
      if (spoils && b.format().equals(Formats.NVFP4)) {
        out.setCode(out.code(1, 2) ^ 1, 1, 2);
      }
    }
  }

  private static DemoReport run(boolean spoils) {
    Engine real = Engine.create(Overrides.NONE);
    Engine reference = real.withOverrides(Overrides.NONE.withBackends("reference"));
    Host host =
        new Host(
            "linux",
            "amd64",
            "25",
            true,
            true,
            real.host().cpuFeatures(),
            1,
            List.of(
                real.host().backend("reference"),
                new BackendStatus("vector", true, "a test", List.of(), 256)),
            Overrides.NONE);
    List<Kernel<?>> kernels = new ArrayList<>();
    for (Kernel<?> kernel : real.kernels()) {
      if (kernel.id().backend().equals("reference")) {
        kernels.add(kernel);
      }
    }
    kernels.add(new Second(reference, spoils));
    try (Arena arena = Arena.ofShared()) {
      Tensor weight = Activations.create(8, 64, 9, arena);
      var weights = new ModelWeights(List.of(new LinearLayer("w", weight)), List.of(), 512);
      return new Demo(new Engine(new Dispatcher(host, kernels)), weights, 4, 42, Progress.NONE)
          .run("none");
    }
  }

  @Test
  void differentBitsAreReportedAndFail() {
    DemoReport report = run(true);
    var err = new StringWriter();

    assertEquals(Agreement.DIFFERENT, report.bits());
    assertEquals(1, DemoCommand.status(report, new PrintWriter(err)));
    assertTrue(
        err.toString()
            .startsWith(
                "octavo demo: bits differ: NVFP4 on vector: 1 results differ,"
                    + " first w row 1 column 2: "),
        err.toString());
    assertTrue(DemoText.of(report).contains("Bits: DIFFERENT."), () -> DemoText.of(report));
  }

  @Test
  void equalBitsAreIdenticalWhereTwoBackendsRan() {
    DemoReport report = run(false);

    assertEquals(Agreement.NOT_COMPARED, report.formats().getFirst().bits());
    for (DemoReport.FormatResult format : report.formats().subList(1, report.formats().size())) {
      assertEquals(Agreement.IDENTICAL, format.bits(), format::format);
    }
    assertEquals(0, DemoCommand.status(report, new PrintWriter(new StringWriter())));
    String text = DemoText.of(report);
    assertTrue(text.contains("vector     not for FP32: tests only"), text);
    assertTrue(text.contains("Bits: identical in 4 of 5 formats"), text);
  }
}
