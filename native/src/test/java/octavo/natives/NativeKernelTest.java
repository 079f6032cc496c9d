package octavo.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.FloatFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;
import octavo.format.ScaleRule;
import octavo.natives.ffm.FfmProvider;
import octavo.natives.jni.JniProvider;
import octavo.op.Epilogue;
import octavo.spi.BackendStatus;
import octavo.spi.ConvertKernel;
import octavo.spi.ConvertRequest;
import octavo.spi.DequantizeKernel;
import octavo.spi.DequantizeRequest;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.MatmulKernel;
import octavo.spi.MatmulRequest;
import octavo.spi.Operand;
import octavo.spi.Overrides;
import octavo.spi.QuantizeKernel;
import octavo.spi.QuantizeRequest;
import octavo.spi.Verdict;
import octavo.spi.Workers;
import octavo.tensor.Storage;
import octavo.tensor.Tensor;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What conformance does not ask: verdicts, lifetimes, and that one list of formats rules. */
@EnabledIf(value = "octavo.natives.Built#orRequired", disabledReason = "no C++ compiler")
class NativeKernelTest {

  /** One loaded binding with its kernels. */
  record Backend(String name, BackendStatus status, List<Kernel<?>> kernels) {

    Host host(Isa... isas) {
      BackendStatus invented = new BackendStatus(name, true, "invented", List.of(isas), 0);
      return new Host(
          "linux", "amd64", "25", true, true, Set.of(), 2, List.of(invented), Overrides.NONE);
    }

    <K extends Kernel<?>> K kernel(Class<K> type, String stem, Isa isa) {
      return kernels.stream()
          .filter(kernel -> kernel.id().stem().equals(stem) && kernel.isa() == isa)
          .map(type::cast)
          .findFirst()
          .orElseThrow();
    }

    MatmulKernel plain() {
      return kernel(MatmulKernel.class, "matmul.plain", Isa.PORTABLE);
    }

    MatmulKernel block() {
      return kernel(MatmulKernel.class, "matmul.block", Isa.PORTABLE);
    }

    ConvertKernel convert() {
      return kernel(ConvertKernel.class, "convert", Isa.PORTABLE);
    }

    QuantizeKernel quantize() {
      return kernel(QuantizeKernel.class, "quantize", Isa.PORTABLE);
    }

    DequantizeKernel dequantize() {
      return kernel(DequantizeKernel.class, "dequantize", Isa.PORTABLE);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static List<Backend> backends() {
    List<Backend> backends = new ArrayList<>();
    for (KernelProvider provider : List.of(new FfmProvider(), new JniProvider())) {
      BackendStatus status = provider.probe(Overrides.ofSystemProperties());
      assertTrue(status.available(), status::detail);
      backends.add(new Backend(status.backend(), status, provider.kernels(status)));
    }
    return backends;
  }

  // ---- verdicts

  @ParameterizedTest
  @MethodSource("backends")
  void everyTierOfTheLibraryHasEveryKernel(Backend backend) {
    Set<Isa> isas = new TreeSet<>();
    backend.kernels().forEach(kernel -> isas.add(kernel.isa()));
    assertEquals(5 * isas.size(), backend.kernels().size());
    assertTrue(isas.containsAll(backend.status().isas()));
    for (Kernel<?> kernel : backend.kernels()) {
      assertEquals(backend.name(), kernel.id().backend());
      assertEquals(kernel.isa().id(), kernel.id().variant());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void tierThatTheHostLacksIsRejectedByName(Backend backend) {
    for (Kernel<?> kernel : backend.kernels()) {
      if (kernel instanceof MatmulKernel matmul
          && kernel.isa() != Isa.PORTABLE
          && kernel.id().stem().equals("matmul.plain")) {
        MatmulRequest request = product(Formats.FP32, Formats.FP32, Storage.CONFINED);
        assertReason(
            matmul.consider(request, backend.host(Isa.PORTABLE)),
            "does not offer " + kernel.isa().id());
        assertInstanceOf(
            Verdict.Eligible.class, matmul.consider(request, backend.host(kernel.isa())));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void widerTierCostsLess(Backend backend) {
    Host host = backend.host(Isa.values());
    MatmulRequest request = product(Formats.FP32, Formats.FP32, Storage.CONFINED);
    double last = Double.POSITIVE_INFINITY;
    for (Isa isa : Isa.values()) {
      for (Kernel<?> kernel : backend.kernels()) {
        if (kernel.isa() == isa && kernel.id().stem().equals("matmul.plain")) {
          Verdict.Eligible eligible =
              assertInstanceOf(
                  Verdict.Eligible.class, ((MatmulKernel) kernel).consider(request, host));
          assertTrue(eligible.cost() < last, kernel.id()::toString);
          last = eligible.cost();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void eachFamilyLeavesTheOtherItsRequests(Backend backend) {
    Host host = backend.host();
    assertReason(
        backend.plain().consider(product(Formats.MXFP4, Formats.FP32, Storage.GLOBAL), host),
        "matmul.block");
    assertReason(
        backend.block().consider(product(Formats.FP32, Formats.E4M3FN_ROW, Storage.GLOBAL), host),
        "matmul.plain");
  }

  @ParameterizedTest
  @MethodSource("backends")
  void javaArraysAreRejectedWithTheRemedy(Backend backend) {
    for (Storage storage : Storage.values()) {
      Verdict verdict =
          backend.plain().consider(product(Formats.FP32, Formats.FP32, storage), backend.host());
      if (storage == Storage.HEAP) {
        assertReason(verdict, "allocate it in an Arena");
      } else if (storage == Storage.SHARED && backend.name().equals("jni")) {
        assertReason(verdict, "the ffm backend");
      } else {
        assertInstanceOf(Verdict.Eligible.class, verdict);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void columnsApartAreRejectedWithTheRemedy(Backend backend) {
    Operand apart = new Operand(Formats.FP32, 4, 4, false, Storage.GLOBAL);
    Operand packed = new Operand(Formats.FP32, 4, 4, true, Storage.GLOBAL);
    Host host = backend.host();
    for (MatmulRequest request :
        List.of(
            new MatmulRequest(apart, packed, packed, false),
            new MatmulRequest(packed, apart, packed, false),
            new MatmulRequest(packed, packed, apart, false))) {
      assertReason(backend.plain().consider(request, host), "copy it");
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void verdictsOnFormatsAreThoseOfTheLibrary(Backend backend) {
    Binding binding = binding(backend);
    Host host = backend.host();
    for (Format a : Formats.all()) {
      for (Format b : Formats.all()) {
        MatmulRequest request = product(a, b, Storage.GLOBAL);
        MatmulKernel kernel = request.blockLength() == 0 ? backend.plain() : backend.block();
        assertEquals(
            binding.matmulSupported(
                0,
                NativeFormats.id(a.element()),
                scaleFormat(a),
                NativeFormats.id(b.element()),
                scaleFormat(b),
                NativeFormats.id(Formats.FP32)),
            kernel.consider(request, host) instanceof Verdict.Eligible,
            () -> a + " x " + b);
      }
    }
    for (ElementFormat in : Formats.elements()) {
      for (ElementFormat out : Formats.elements()) {
        for (Rounding rounding : Rounding.values()) {
          for (Overflow overflow : Overflow.values()) {
            ConvertRequest request =
                new ConvertRequest(operand(in), operand(out), rounding, overflow);
            assertEquals(
                binding.convertSupported(
                    0,
                    NativeFormats.id(in),
                    NativeFormats.id(out),
                    ConvertNative.number(rounding),
                    ConvertNative.number(overflow)),
                backend.convert().consider(request, host) instanceof Verdict.Eligible,
                request::toString);
          }
        }
      }
    }
    for (BlockFormat block : Formats.blocks()) {
      for (ElementFormat plain : List.of(Formats.FP32, Formats.BF16, Formats.FP16)) {
        for (Rounding rounding : Rounding.values()) {
          for (ScaleRule rule : ScaleRule.values()) {
            QuantizeRequest request =
                new QuantizeRequest(operand(plain), operand(block), rule, rounding);
            assertEquals(
                binding.quantizeSupported(
                    0,
                    NativeFormats.id(plain),
                    NativeFormats.id(block.element()),
                    scaleFormat(block),
                    QuantizeNative.number(rule),
                    ConvertNative.number(rounding)),
                backend.quantize().consider(request, host) instanceof Verdict.Eligible,
                request::toString);
          }
        }
        DequantizeRequest request = new DequantizeRequest(operand(block), operand(plain));
        assertEquals(
            binding.dequantizeSupported(
                0, NativeFormats.id(block.element()), scaleFormat(block), NativeFormats.id(plain)),
            backend.dequantize().consider(request, host) instanceof Verdict.Eligible,
            request::toString);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void formatThatIsNoneOfTheListIsRejected(Backend backend) {
    FloatFormat stranger = renamed(Formats.E4M3FN);
    assertReason(
        backend.plain().consider(product(stranger, Formats.FP32, Storage.GLOBAL), backend.host()),
        "STRANGER");
  }

  private static FloatFormat renamed(FloatFormat format) {
    return new FloatFormat(
        "STRANGER",
        format.bits(),
        format.exponentBits(),
        format.mantissaBits(),
        format.bias(),
        format.signed(),
        format.infinities(),
        format.nanCodes(),
        format.negativeZero(),
        format.subnormals());
  }

  // ---- lifetimes

  @ParameterizedTest
  @MethodSource("backends")
  void closedArenaIsAnException(Backend backend) {
    Tensor out = Tensor.allocate(Arena.ofAuto(), Formats.FP32, 4, 4);
    Tensor open = Tensor.allocate(Arena.ofAuto(), Formats.MXFP4, 4, 32);
    Tensor closed;
    try (Arena arena = Arena.ofConfined()) {
      closed = Tensor.allocate(arena, Formats.MXFP4, 4, 32);
    }
    assertThrows(
        IllegalStateException.class,
        () -> backend.block().run(closed, open, Epilogue.NONE, out, Workers.CALLER));
    assertThrows(
        IllegalStateException.class,
        () -> backend.block().run(open, closed, Epilogue.NONE, out, Workers.CALLER));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void closedArenaOfScalesIsAnException(Backend backend) {
    Tensor out = Tensor.allocate(Arena.ofAuto(), Formats.FP32, 4, 4);
    Tensor open = Tensor.allocate(Arena.ofAuto(), Formats.MXFP4, 4, 32);
    Tensor closed;
    try (Arena arena = Arena.ofConfined()) {
      closed =
          Tensor.ofBlocks(
              Formats.MXFP4,
              open.data(),
              Tensor.allocate(arena, Formats.E8M0, 4, 1),
              MemorySegment.NULL,
              4,
              32);
    }
    assertThrows(
        IllegalStateException.class,
        () -> backend.block().run(open, closed, Epilogue.NONE, out, Workers.CALLER));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void confinedArenaOfAnotherThreadIsAnException(Backend backend) {
    try (Arena arena = Arena.ofConfined()) {
      Tensor mine = Tensor.allocate(arena, Formats.FP32, 4, 4);
      Tensor out = Tensor.allocate(Arena.ofAuto(), Formats.FP32, 4, 4);
      CompletionException thrown =
          assertThrows(
              CompletionException.class,
              () ->
                  CompletableFuture.runAsync(
                          () -> backend.plain().run(mine, mine, Epilogue.NONE, out, Workers.CALLER))
                      .join());
      assertInstanceOf(WrongThreadException.class, thrown.getCause());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void biasMayLieAnywhere(Backend backend) {
    try (Arena arena = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      Tensor x = Tensor.allocate(arena, Formats.FP32, 1, 2);
      Tensor out = Tensor.allocate(arena, Formats.FP32, 1, 1);
      Tensor heap = Tensor.of(new float[] {2.5f}, 1);
      Tensor other = Tensor.allocate(shared, Formats.FP32, 1);
      other.setCode(heap.code(0), 0);
      for (Tensor bias : List.of(heap, other)) {
        backend.plain().run(x, x, Epilogue.ofBias(bias), out, Workers.CALLER);
        assertEquals(2.5f, out.get(0, 0));
      }
    }
  }

  // ---- arithmetic of the calling thread

  @ParameterizedTest
  @MethodSource("backends")
  void subnormalsSurviveACallAndAreStillRightAfterwards(Backend backend) {
    try (Arena arena = Arena.ofConfined()) {
      for (Isa isa : backend.status().isas()) {
        MatmulKernel kernel = backend.kernel(MatmulKernel.class, "matmul.plain", isa);
        Tensor x = Tensor.allocate(arena, Formats.FP32, 1, 1);
        Tensor y = Tensor.allocate(arena, Formats.FP32, 1, 1);
        Tensor out = Tensor.allocate(arena, Formats.FP32, 1, 1);
        x.setCode(Float.floatToRawIntBits(Float.MIN_NORMAL), 0, 0);
        y.setCode(Float.floatToRawIntBits(0.25f), 0, 0);
        kernel.run(x, y, Epilogue.NONE, out, Workers.CALLER);
        assertEquals(0x1p-128f, out.get(0, 0), kernel.id().toString());
        assertEquals(0x1p-128f, x.get(0, 0) * y.get(0, 0), "in Java, after " + kernel.id());
      }
    }
  }

  // ---- garbage

  @ParameterizedTest
  @MethodSource("backends")
  void callsLeaveNoGarbage(Backend backend) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Arena arena = Arena.ofConfined()) {
      Tensor x = Tensor.allocate(arena, Formats.MXFP4, 2, 32);
      Tensor out = Tensor.allocate(arena, Formats.FP32, 2, 2);
      MatmulKernel block = backend.block();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 40 && least > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 5000; i++) {
          block.run(x, x, Epilogue.NONE, out, Workers.CALLER);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertTrue(least < 5000, "bytes allocated by 5000 calls: " + least);
    }
  }

  // ---- requests

  private static MatmulRequest product(Format a, Format b, Storage storage) {
    return new MatmulRequest(
        new Operand(a, 4, 64, true, storage),
        new Operand(b, 4, 64, true, storage),
        new Operand(Formats.FP32, 4, 4, true, storage),
        false);
  }

  private static Operand operand(Format format) {
    return new Operand(format, 4, 64, true, Storage.GLOBAL);
  }

  private static int scaleFormat(Format format) {
    return format instanceof BlockFormat block
        ? NativeFormats.id(block.scale())
        : Binding.NO_SCALES;
  }

  private static Binding binding(Backend backend) {
    return ((MatmulPlainNative) backend.plain()).kernel().binding();
  }

  private static void assertReason(Verdict verdict, String part) {
    String reason = assertInstanceOf(Verdict.Rejected.class, verdict).reason();
    assertTrue(reason.contains(part), reason);
  }
}
