package octavo.bench;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import octavo.spi.Host;

/**
 * The rate of AVX2's byte multiply-add, which integer kernels for FP4 are held against. Java has no
 * way to ask for that instruction, so the loop is written down as machine code:
 *
 * <pre>
 * loop:  vpmaddubsw ymm8, ymm14, ymm15     (eight times, each with one of
 *        vpaddw     ymmR, ymmR, ymm8        R = 0 to 7)
 *        dec        rdi
 *        jnz        loop
 *        vzeroupper
 *        ret
 * </pre>
 */
final class BytePeak {

  private static final int CHAINS = 8;
  private static final long STEPS = 1 << 16;

  /** 32 products and as many additions in each instruction. */
  private static final double OPERATIONS = 64.0 * CHAINS * STEPS;

  private static final int READ = 1;
  private static final int EXECUTE = 4;
  private static final int WRITE = 2;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final long PAGE = 4096;

  private BytePeak() {}

  /** {@return a sampler of billions of operations per second}; empty where it cannot run */
  static Optional<MachineLimits.Sample> of(Host host) {
    boolean linux = host.os().equals("linux") && host.arch().equals("amd64");
    if (!linux || !host.cpuFeatures().contains("avx2")) {
      return Optional.empty();
    }
    return code().map(loop -> () -> rate(loop));
  }

  private static double rate(MethodHandle loop) {
    try {
      long start = System.nanoTime();
      loop.invokeExact(STEPS);
      return OPERATIONS / (System.nanoTime() - start);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@return the loop as a function; empty if the system runs no code made at run time} */
  private static Optional<MethodHandle> code() {
    byte[] code = new byte[CHAINS * 10 + 3 + 6 + 3 + 1];
    int at = 0;
    for (int chain = 0; chain < CHAINS; chain++) {
      at = put(code, at, 0xC4, 0x42, 0x0D, 0x04, 0xC7);
      at = put(code, at, 0xC4, 0xC1, (~chain & 15) << 3 | 5, 0xFD, 0xC0 | chain << 3);
    }
    at = put(code, at, 0x48, 0xFF, 0xCF);
    int back = -(at + 6);
    at = put(code, at, 0x0F, 0x85, back, back >> 8, back >> 16, back >> 24);
    at = put(code, at, 0xC5, 0xF8, 0x77);
    put(code, at, 0xC3);
    Linker linker = Linker.nativeLinker();
    try {
      MethodHandle map =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("mmap"),
              FunctionDescriptor.of(
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG));
      MethodHandle protect =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("mprotect"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_INT));
      MemorySegment page =
          (MemorySegment) map.invokeExact(0L, PAGE, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      page.reinterpret(PAGE).copyFrom(MemorySegment.ofArray(code));
      int refused = (int) protect.invokeExact(page.address(), PAGE, READ | EXECUTE);
      return refused != 0
          ? Optional.empty()
          : Optional.of(
              linker.downcallHandle(page, FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG)));
    } catch (Throwable e) {
      throw new IllegalStateException("the byte multiply-add loop cannot be made", e);
    }
  }

  private static int put(byte[] code, int at, int... bytes) {
    for (int b : bytes) {
      code[at++] = (byte) b;
    }
    return at;
  }
}
