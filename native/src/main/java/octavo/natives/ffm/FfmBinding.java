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
            JAVA_INT,
            JAVA_INT, // tier
            JAVA_LONG, // m
            JAVA_LONG, // n
            JAVA_LONG, // k
            JAVA_LONG, // row begin
            JAVA_LONG, // row end
            JAVA_LONG, // column begin
            JAVA_LONG, // column end
            JAVA_INT, // a format
            ADDRESS, // a
            JAVA_LONG, // a row stride bytes
            JAVA_INT, // a scale format
            ADDRESS, // a scales
            JAVA_LONG, // a scale row stride
            JAVA_LONG, // a block rows
            JAVA_LONG, // a block columns
            JAVA_FLOAT, // a tensor scale
            JAVA_INT, // b format
            ADDRESS, // b
            JAVA_LONG, // b row stride bytes
            JAVA_INT, // b scale format
            ADDRESS, // b scales
            JAVA_LONG, // b scale row stride
            JAVA_LONG, // b block rows
            JAVA_LONG, // b block columns
            JAVA_FLOAT, // b tensor scale
            JAVA_LONG, // b panel rows
            JAVA_LONG, // b interleave
            JAVA_LONG, // b group
            JAVA_FLOAT, // scale
            ADDRESS, // bias
            JAVA_INT, // activation
            JAVA_INT, // residual format
            ADDRESS, // residual
            JAVA_LONG, // residual row stride bytes
            JAVA_INT, // out format
            ADDRESS, // out
            JAVA_LONG); // out row stride bytes

    static final MethodHandle CONVERT =
        function(
            "oct_convert",
            JAVA_INT,
            JAVA_INT, // tier
            JAVA_LONG, // rows
            JAVA_LONG, // columns
            JAVA_LONG, // row begin
            JAVA_LONG, // row end
            JAVA_LONG, // column begin
            JAVA_LONG, // column end
            JAVA_INT, // in format
            ADDRESS, // in
            JAVA_LONG, // in row stride bytes
            JAVA_INT, // out format
            ADDRESS, // out
            JAVA_LONG, // out row stride bytes
            JAVA_INT, // rounding
            JAVA_INT, // overflow
            JAVA_LONG, // seed
            JAVA_LONG); // first index

    static final MethodHandle QUANTIZE =
        function(
            "oct_quantize",
            JAVA_INT,
            JAVA_INT, // tier
            JAVA_LONG, // rows
            JAVA_LONG, // columns
            JAVA_LONG, // row begin
            JAVA_LONG, // row end
            JAVA_LONG, // column begin
            JAVA_LONG, // column end
            JAVA_INT, // in format
            ADDRESS, // in
            JAVA_LONG, // in row stride bytes
            JAVA_INT, // out format
            ADDRESS, // out
            JAVA_LONG, // out row stride bytes
            JAVA_INT, // scale format
            ADDRESS, // scales
            JAVA_LONG, // scale row stride
            JAVA_LONG, // block rows
            JAVA_LONG, // block columns
            JAVA_FLOAT, // tensor scale
            JAVA_INT, // scale rule
            JAVA_INT, // rounding
            JAVA_LONG, // seed
            JAVA_LONG); // first index

    static final MethodHandle AMAX =
        function(
            "oct_amax",
            JAVA_INT,
            JAVA_INT, // tier
            JAVA_LONG, // rows
            JAVA_LONG, // columns
            JAVA_LONG, // row begin
            JAVA_LONG, // row end
            JAVA_LONG, // column begin
            JAVA_LONG, // column end
            JAVA_INT, // in format
            ADDRESS, // in
            JAVA_LONG, // in row stride bytes
            JAVA_INT); // finite only

    static final MethodHandle DEQUANTIZE =
        function(
            "oct_dequantize",
            JAVA_INT,
            JAVA_INT, // tier
            JAVA_LONG, // rows
            JAVA_LONG, // columns
            JAVA_LONG, // row begin
            JAVA_LONG, // row end
            JAVA_LONG, // column begin
            JAVA_LONG, // column end
            JAVA_INT, // in format
            ADDRESS, // in
            JAVA_LONG, // in row stride bytes
            JAVA_INT, // in scale format
            ADDRESS, // in scales
            JAVA_LONG, // in scale row stride
            JAVA_LONG, // in block rows
            JAVA_LONG, // in block columns
            JAVA_FLOAT, // in tensor scale
            JAVA_INT, // out format
            ADDRESS, // out
            JAVA_LONG); // out row stride bytes

    static final MethodHandle MATMUL_SUPPORTED =
        function(
            "oct_matmul_supported",
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT);

    static final MethodHandle CONVERT_SUPPORTED =
        function(
            "oct_convert_supported", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    static final MethodHandle QUANTIZE_SUPPORTED =
        function(
            "oct_quantize_supported",
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT);

    static final MethodHandle DEQUANTIZE_SUPPORTED =
        function("oct_dequantize_supported", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

    static final MethodHandle MATMUL_PACKING =
        function(
            "oct_matmul_packing", JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG);

    private static MethodHandle function(
        String name, MemoryLayout result, MemoryLayout... parameters) {
      FfmLibrary.Loaded library = Objects.requireNonNull(FfmLibrary.loaded());
      return Linker.nativeLinker()
          .downcallHandle(
              library.symbols().findOrThrow(name), FunctionDescriptor.of(result, parameters));
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
      long rowBegin,
      long rowEnd,
      long columnBegin,
      long columnEnd,
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
      long bPanelRows,
      long bInterleave,
      long bGroup,
      float scale,
      MemorySegment bias,
      int activation,
      int residualFormat,
      MemorySegment residual,
      long residualRowStrideBytes,
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
              rowBegin,
              rowEnd,
              columnBegin,
              columnEnd,
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
              bPanelRows,
              bInterleave,
              bGroup,
              scale,
              bias,
              activation,
              residualFormat,
              residual,
              residualRowStrideBytes,
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
      long rowBegin,
      long rowEnd,
      long columnBegin,
      long columnEnd,
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
              rowBegin,
              rowEnd,
              columnBegin,
              columnEnd,
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
  public int quantize(
      int tier,
      long rows,
      long columns,
      long rowBegin,
      long rowEnd,
      long columnBegin,
      long columnEnd,
      int inFormat,
      MemorySegment in,
      long inRowStrideBytes,
      int outFormat,
      MemorySegment out,
      long outRowStrideBytes,
      int scaleFormat,
      MemorySegment scales,
      long scaleRowStride,
      long blockRows,
      long blockColumns,
      float tensorScale,
      int scaleRule,
      int rounding,
      long seed,
      long firstIndex) {
    try {
      return (int)
          Functions.QUANTIZE.invokeExact(
              tier,
              rows,
              columns,
              rowBegin,
              rowEnd,
              columnBegin,
              columnEnd,
              inFormat,
              in,
              inRowStrideBytes,
              outFormat,
              out,
              outRowStrideBytes,
              scaleFormat,
              scales,
              scaleRowStride,
              blockRows,
              blockColumns,
              tensorScale,
              scaleRule,
              rounding,
              seed,
              firstIndex);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public int amax(
      int tier,
      long rows,
      long columns,
      long rowBegin,
      long rowEnd,
      long columnBegin,
      long columnEnd,
      int inFormat,
      MemorySegment in,
      long inRowStrideBytes,
      int finiteOnly) {
    try {
      return (int)
          Functions.AMAX.invokeExact(
              tier,
              rows,
              columns,
              rowBegin,
              rowEnd,
              columnBegin,
              columnEnd,
              inFormat,
              in,
              inRowStrideBytes,
              finiteOnly);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public int dequantize(
      int tier,
      long rows,
      long columns,
      long rowBegin,
      long rowEnd,
      long columnBegin,
      long columnEnd,
      int inFormat,
      MemorySegment in,
      long inRowStrideBytes,
      int inScaleFormat,
      MemorySegment inScales,
      long inScaleRowStride,
      long inBlockRows,
      long inBlockColumns,
      float inTensorScale,
      int outFormat,
      MemorySegment out,
      long outRowStrideBytes) {
    try {
      return (int)
          Functions.DEQUANTIZE.invokeExact(
              tier,
              rows,
              columns,
              rowBegin,
              rowEnd,
              columnBegin,
              columnEnd,
              inFormat,
              in,
              inRowStrideBytes,
              inScaleFormat,
              inScales,
              inScaleRowStride,
              inBlockRows,
              inBlockColumns,
              inTensorScale,
              outFormat,
              out,
              outRowStrideBytes);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public long matmulPacking(
      int tier, int aFormat, long aBlockColumns, int bFormat, long bBlockColumns) {
    try {
      return (long)
          Functions.MATMUL_PACKING.invokeExact(
              tier, aFormat, aBlockColumns, bFormat, bBlockColumns);
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

  @Override
  public boolean quantizeSupported(
      int tier, int inFormat, int outFormat, int scaleFormat, int scaleRule, int rounding) {
    try {
      return (int)
              Functions.QUANTIZE_SUPPORTED.invokeExact(
                  tier, inFormat, outFormat, scaleFormat, scaleRule, rounding)
          != 0;
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  @Override
  public boolean dequantizeSupported(int tier, int inFormat, int inScaleFormat, int outFormat) {
    try {
      return (int)
              Functions.DEQUANTIZE_SUPPORTED.invokeExact(tier, inFormat, inScaleFormat, outFormat)
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
