package octavo.natives.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Objects;
import octavo.natives.Binding;
import octavo.tensor.Storage;
import org.jspecify.annotations.Nullable;

/**
 * Downcalls to {@code octavo.h}. Every address is a segment of its own in the call: the linker
 * checks that its arena is open and may be used by the thread, and keeps it open until the call
 * returns. None is {@code critical}: a call may take seconds, which would hold up the garbage
 * collector.
 */
record FfmBinding(List<Tier> tiers) implements Binding {

  /** Linked when first used, which is after {@link FfmLibrary} has loaded the library. */
  private static final class Functions {

    static final MethodHandle MATMUL =
        function(
            "oct_matmul",
            JAVA_INT, // tier
            JAVA_LONG, // m
            JAVA_LONG, // n
            JAVA_LONG, // k
            JAVA_INT, // a format
            ADDRESS, // a
            JAVA_LONG, // a row stride
            JAVA_INT, // a scale format
            ADDRESS, // a scales
            JAVA_LONG, // a scale row stride
            JAVA_LONG, // a block rows
            JAVA_LONG, // a block columns
            JAVA_FLOAT, // a tensor scale
            JAVA_INT, // b format
            ADDRESS, // b
            JAVA_LONG, // b row stride
            JAVA_INT, // b scale format
            ADDRESS, // b scales
            JAVA_LONG, // b scale row stride
            JAVA_LONG, // b block rows
            JAVA_LONG, // b block columns
            JAVA_FLOAT, // b tensor scale
            ADDRESS, // bias
            JAVA_INT, // out format
            ADDRESS, // out
            JAVA_LONG); // out row stride

    static final MethodHandle CONVERT =
        function(
            "oct_convert",
            JAVA_INT, // tier
            JAVA_LONG, // rows
            JAVA_LONG, // columns
            JAVA_INT, // in format
            ADDRESS, // in
            JAVA_LONG, // in row stride
            JAVA_INT, // out format
            ADDRESS, // out
            JAVA_LONG, // out row stride
            JAVA_INT, // rounding
            JAVA_INT, // overflow
            JAVA_LONG, // seed
            JAVA_LONG); // first index

    static final MethodHandle MATMUL_SUPPORTED =
        function(
            "oct_matmul_supported", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    static final MethodHandle CONVERT_SUPPORTED =
        function("oct_convert_supported", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    private static MethodHandle function(String name, MemoryLayout... parameters) {
      FfmLibrary.Loaded library = Objects.requireNonNull(FfmLibrary.loaded());
      return Linker.nativeLinker()
          .downcallHandle(
              library.symbols().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
    }
  }

  @Override
  public String backend() {
    return FfmProvider.BACKEND;
  }

  @Override
  public @Nullable String objection(Storage storage) {
    return storage == Storage.HEAP
        ? "lies in a Java array, which native code cannot reach during a long call; allocate it in an"
            + " Arena"
        : null;
  }

  @Override
  public int matmul(
      int tier,
      long m,
      long n,
      long k,
      int aFormat,
      MemorySegment a,
      long aRowStrideBytes,
      int aScaleFormat,
      MemorySegment aScales,
      long aScaleRowStride,
      long aBlockRows,
      long aBlockColumns,
      float aTensorScale,
      int bFormat,
      MemorySegment b,
      long bRowStrideBytes,
      int bScaleFormat,
      MemorySegment bScales,
      long bScaleRowStride,
      long bBlockRows,
      long bBlockColumns,
      float bTensorScale,
      MemorySegment bias,
      int outFormat,
      MemorySegment out,
      long outRowStrideBytes) {
    try {
      return (int)
          Functions.MATMUL.invokeExact(
              tier,
              m,
              n,
              k,
              aFormat,
              a,
              aRowStrideBytes,
              aScaleFormat,
              aScales,
              aScaleRowStride,
              aBlockRows,
              aBlockColumns,
              aTensorScale,
              bFormat,
              b,
              bRowStrideBytes,
              bScaleFormat,
              bScales,
              bScaleRowStride,
              bBlockRows,
              bBlockColumns,
              bTensorScale,
              bias,
              outFormat,
              out,
              outRowStrideBytes);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public int convert(
      int tier,
      long rows,
      long columns,
      int inFormat,
      MemorySegment in,
      long inRowStrideBytes,
      int outFormat,
      MemorySegment out,
      long outRowStrideBytes,
      int rounding,
      int overflow,
      long seed,
      long firstIndex) {
    try {
      return (int)
          Functions.CONVERT.invokeExact(
              tier,
              rows,
              columns,
              inFormat,
              in,
              inRowStrideBytes,
              outFormat,
              out,
              outRowStrideBytes,
              rounding,
              overflow,
              seed,
              firstIndex);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public boolean matmulSupported(
      int tier, int aFormat, int aScaleFormat, int bFormat, int bScaleFormat, int outFormat) {
    try {
      return (int)
              Functions.MATMUL_SUPPORTED.invokeExact(
                  tier, aFormat, aScaleFormat, bFormat, bScaleFormat, outFormat)
          != 0;
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public boolean convertSupported(
      int tier, int inFormat, int outFormat, int rounding, int overflow) {
    try {
      return (int)
              Functions.CONVERT_SUPPORTED.invokeExact(tier, inFormat, outFormat, rounding, overflow)
          != 0;
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  // What the linker throws for closed arenas and wrong threads is for the caller.
  private static RuntimeException unchecked(Throwable e) {
    if (e instanceof RuntimeException runtime) {
      return runtime;
    }
    if (e instanceof Error error) {
      throw error;
    }
    throw new AssertionError("native functions throw nothing", e);
  }
}
