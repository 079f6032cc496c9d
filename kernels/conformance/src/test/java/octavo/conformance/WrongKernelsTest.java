package octavo.conformance;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import octavo.Engine;
import octavo.dispatch.Dispatcher;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.spi.BackendStatus;
import octavo.spi.Host;
import octavo.spi.Kernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Overrides;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The suite catches kernels that are wrong, and says what is wrong with them. */
class WrongKernelsTest {

  private static final Options FP32_ONLY = new Options("matmul.plain/FP32,FP32,FP32", "", 1, false);

  @Test
  void aRightKernelPasses() {
    Suite suite = suite(new InventedKernel("vector/matmul.plain/256"));
    assertDoesNotThrow(() -> runFp32(suite));
    String summary = suite.summary();
    assertTrue(summary.startsWith("conformance: 1 kernels, "), summary);
    assertTrue(summary.contains("all identical"), summary);
  }

  @Test
  void oneUlpInOneLane() {
    assertCaught(
        new InventedKernel("vector/matmul.plain/256") {
          @Override
          float result(float value, long row, long column) {
            return column == 11 && row == 2 ? Math.nextUp(value) : value;
          }
        },
        "vector/matmul.plain/256 fails ",
        "vector/matmul.plain/256 fails a case",
        "  case       matmul.plain/FP32,FP32,FP32",
        "  seed       1",
        "  differing  1 of ",
        "  element    [2, 11] expected 0x",
        "  repeat     ./mvnw test -Dtest=WrongKernelsTest",
        "-Dconformance.kernel=vector/matmul.plain/256 ",
        "-Dconformance.case=matmul.plain/FP32,FP32,FP32");
  }

  @Test
  void anotherOrderOfAddition() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          float sum(Tensor a, long i, Tensor b, long j) {
            float even = 0;
            float odd = 0;
            for (long k = 0; k < a.columns(); k++) {
              float product = element(a, i, k);
              if (k % 2 == 0) {
                even = Math.fma(product, element(b, j, k), even);
              } else {
                odd = Math.fma(product, element(b, j, k), odd);
              }
            }
            return even + odd;
          }
        },
        "  differing  ");
  }

  @Test
  void twoRoundingsInsteadOfOne() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          float sum(Tensor a, long i, Tensor b, long j) {
            float acc = 0;
            for (long k = 0; k < a.columns(); k++) {
              acc += element(a, i, k) * element(b, j, k);
            }
            return acc;
          }
        },
        "  differing  ");
  }

  @Test
  void subnormalsFlushed() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          float element(Tensor tensor, long row, long column) {
            float value = super.element(tensor, row, column);
            return Math.abs(value) < Float.MIN_NORMAL ? 0 : value;
          }
        },
        "  differing  ");
  }

  @Test
  void nanForgotten() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          float element(Tensor tensor, long row, long column) {
            float value = super.element(tensor, row, column);
            return Float.isNaN(value) ? 0 : value;
          }
        },
        "nans",
        "expected 0x7FC00000 (NaN), actual 0x");
  }

  @Test
  void writingBehindARow() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
            super.run(a, b, epilogue, out, workers);
            if (out.rows() > 1 && out.stride(0) > out.columns()) {
              Codes.set(out.data(), out.element(), out.columns(), 0);
            }
          }
        },
        "strided",
        "  outside    byte ",
        "belongs to no element and was written");
  }

  @Test
  void writingAnInput() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
            super.run(a, b, epilogue, out, workers);
            if (b.size() > 0) {
              b.setCode(b.code(0, 0) ^ 1, 0, 0);
            }
          }
        },
        "  input      operand 1 was written");
  }

  @Test
  void leavingAnElementUnwritten() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
            if (out.rows() != 13) {
              super.run(a, b, epilogue, out, workers);
            }
          }
        },
        "actual 0xA5A5A5A5");
  }

  @Test
  void throwing() {
    assertCaught(
        new InventedKernel("vector/matmul.plain") {
          @Override
          public void run(Tensor a, Tensor b, Epilogue epilogue, Tensor out, Workers workers) {
            throw new IllegalStateException("no such tile");
          }
        },
        "  threw      java.lang.IllegalStateException: no such tile at ");
  }

  @Test
  void aReferenceThatThrows() {
    InventedKernel reference =
        new InventedKernel("reference/matmul.plain") {
          @Override
          float sum(Tensor a, long i, Tensor b, long j) {
            throw new IllegalStateException("no sum today");
          }
        };
    Registry registry = new Registry(engine(reference, new InventedKernel("vector/matmul.plain")));
    Suite suite = new Suite(registry, FP32_ONLY, "WrongKernelsTest");
    AssertionError error = assertThrows(AssertionError.class, () -> runFp32(suite));
    assertContains(
        error,
        "reference fails a case",
        "  threw      java.lang.IllegalStateException: no sum today");
  }

  @Test
  void anotherResultForASingleRow() {
    InventedKernel wrong =
        new InventedKernel("vector/matmul.plain") {
          @Override
          float sum(Tensor a, long i, Tensor b, long j) {
            float sum = super.sum(a, i, b, j);
            return a.rows() == 1 ? Math.nextUp(sum) : sum;
          }
        };
    AssertionError error =
        assertThrows(
            AssertionError.class,
            () -> new Independence(new Registry(engine(wrong))).check(Formats.FP32));
    assertContains(
        error,
        "vector/matmul.plain: FP32 [9, 128] x FP32 [37, 128], rows [0, 1), columns [0, 1) alone");
  }

  @Test
  void rejectingEverything() {
    InventedKernel idle =
        new InventedKernel("vector/matmul.plain") {
          @Override
          public Verdict consider(MatmulRequest request, Host host) {
            return new Verdict.Rejected("not today");
          }
        };
    Suite suite = new Suite(new Registry(engine(idle)), Options.ALL, "WrongKernelsTest");
    AssertionError error = assertThrows(AssertionError.class, suite::checkCoverage);
    assertContains(error, "no case was run on [vector/matmul.plain]");
  }

  @Test
  void losingSupport(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("support.csv");
    SupportTable table = new SupportTable(file, "WrongKernelsTest");
    List<String> backends = List.of("vector");
    Registry before = new Registry(engine(new InventedKernel("vector/matmul.plain")));
    AssertionError missing =
        assertThrows(AssertionError.class, () -> table.compare(before, backends));
    assertContains(missing, "-Dconformance.support=write");
    table.write(before, backends);
    assertDoesNotThrow(() -> table.compare(before, backends));
    assertTrue(Files.readString(file).contains("vector,matmul,E4M3FN_ROW,FP32 row,FP32 TF32 BF16"));
    Registry after =
        new Registry(
            engine(
                new InventedKernel("vector/matmul.plain") {
                  @Override
                  public Verdict consider(MatmulRequest request, Host host) {
                    return request.a().format().equals(Formats.BF16) && request.m() == 1
                        ? new Verdict.Rejected("rows of BF16 are not done")
                        : super.consider(request, host);
                  }
                }));
    AssertionError lost = assertThrows(AssertionError.class, () -> table.compare(after, backends));
    assertContains(
        lost,
        "what the kernels support is not what",
        "  committed  vector,matmul,BF16,FP32 row,FP32 TF32 BF16",
        "if that is meant: ./mvnw test -Dtest=WrongKernelsTest");
  }

  @Test
  void aMissingBackend() {
    KernelConformance module =
        new KernelConformance(
            engine(new InventedKernel("vector/matmul.plain")), Options.ALL, "vector", "ffm") {};
    AssertionError error = assertThrows(AssertionError.class, module::backendsAreThere);
    assertContains(error, "backend 'ffm' is absent: no provider was found");
  }

  @Test
  void anIncompleteReference() {
    KernelConformance module =
        new KernelConformance(engine(new InventedKernel("vector/matmul.plain")), Options.ALL) {};
    AssertionError error = assertThrows(AssertionError.class, module::referenceIsComplete);
    assertContains(error, "reference", "only");
  }

  @Test
  void aBackendWithoutKernels() {
    KernelConformance module =
        new KernelConformance(
            engine(new InventedKernel("jni/matmul.plain")), Options.ALL, "vector") {};
    AssertionError error = assertThrows(AssertionError.class, module::backendsAreThere);
    assertContains(error, "backend 'vector' is there (invented) but brings no kernel");
  }

  @Test
  void unknownOptionsAreRefused() {
    System.setProperty("conformance.support", "wirte");
    try {
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, Options::ofSystemProperties);
      assertEquals("-Dconformance.support=wirte: valid are [compare, write]", error.getMessage());
    } finally {
      System.clearProperty("conformance.support");
    }
  }

  private static void assertCaught(Kernel<?> wrong, String... fragments) {
    AssertionError error = assertThrows(AssertionError.class, () -> runFp32(suite(wrong)));
    assertContains(error, fragments);
  }

  private static void assertContains(AssertionError error, String... fragments) {
    String message = String.valueOf(error.getMessage());
    List<Executable> checks = new ArrayList<>();
    for (String fragment : fragments) {
      checks.add(
          () -> assertTrue(message.contains(fragment), fragment + "\nis not in\n" + message));
    }
    assertAll(checks);
  }

  private static void runFp32(Suite suite) {
    suite.check(new MatmulPlainCases().groups().getFirst());
  }

  private static Suite suite(Kernel<?> tested) {
    return new Suite(new Registry(engine(tested)), FP32_ONLY, "WrongKernelsTest");
  }

  /** {@return an engine with a right reference kernel and one more} */
  private static Engine engine(Kernel<?> tested) {
    return engine(new InventedKernel("reference/matmul.plain"), tested);
  }

  private static Engine engine(Kernel<?> reference, Kernel<?> tested) {
    List<BackendStatus> backends =
        List.of("reference", "vector", "jni").stream()
            .map(name -> new BackendStatus(name, true, "invented", List.of(), 0))
            .toList();
    Host host =
        new Host(
            "linux", "amd64", "25", true, false, Set.of(), 2, backends, Overrides.parse(Map.of()));
    return new Engine(new Dispatcher(host, List.of(reference, tested)));
  }
}
