package octavo.natives.jni;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.List;
import octavo.natives.Binding;
import octavo.tensor.Storage;
import org.jspecify.annotations.Nullable;

/**
 * JNI calls to {@code octavo.h}, which know addresses only. Memory stays valid during a call
 * because it is never released (global), because only this thread could release it and is busy
 * (confined), or because its segment is held until the call returns (automatic). Nothing would keep
 * another thread from closing a shared arena, so that such memory is refused.
 */
record JniBinding(List<Tier> tiers) implements Binding {

  @Override
  public String backend() {
    return JniProvider.BACKEND;
  }

  @Override
  public @Nullable String objection(Storage storage) {
    return switch (storage) {
      case HEAP ->
          "lies in a Java array, which native code cannot reach during a long call; allocate it in an"
              + " Arena";
      case SHARED ->
          "lies in a shared arena, which another thread could close during a JNI call; use a"
              + " confined, automatic or global one, or the ffm backend";
      case CONFINED, AUTOMATIC, GLOBAL -> null;
    };
  }

  // Reading a byte makes the segment check that its arena is open and may be used by this thread.
  private static long address(MemorySegment segment) {
    if (segment.byteSize() > 0) {
      byte _ = segment.get(ValueLayout.JAVA_BYTE, 0);
    }
    return segment.address();
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
      return Octavo.oct_matmul(
          tier,
          m,
          n,
          k,
          rowBegin,
          rowEnd,
          columnBegin,
          columnEnd,
          aFormat,
          address(a),
          aRowStrideBytes,
          aScaleFormat,
          address(aScales),
          aScaleRowStride,
          aBlockRows,
          aBlockColumns,
          aTensorScale,
          bFormat,
          address(b),
          bRowStrideBytes,
          bScaleFormat,
          address(bScales),
          bScaleRowStride,
          bBlockRows,
          bBlockColumns,
          bTensorScale,
          bPanelRows,
          bInterleave,
          bGroup,
          scale,
          address(bias),
          activation,
          residualFormat,
          address(residual),
          residualRowStrideBytes,
          outFormat,
          address(out),
          outRowStrideBytes);
    } finally {
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(aScales);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(bScales);
      Reference.reachabilityFence(bias);
      Reference.reachabilityFence(residual);
      Reference.reachabilityFence(out);
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
      return Octavo.oct_convert(
          tier,
          rows,
          columns,
          rowBegin,
          rowEnd,
          columnBegin,
          columnEnd,
          inFormat,
          address(in),
          inRowStrideBytes,
          outFormat,
          address(out),
          outRowStrideBytes,
          rounding,
          overflow,
          seed,
          firstIndex);
    } finally {
      Reference.reachabilityFence(in);
      Reference.reachabilityFence(out);
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
      return Octavo.oct_quantize(
          tier,
          rows,
          columns,
          rowBegin,
          rowEnd,
          columnBegin,
          columnEnd,
          inFormat,
          address(in),
          inRowStrideBytes,
          outFormat,
          address(out),
          outRowStrideBytes,
          scaleFormat,
          address(scales),
          scaleRowStride,
          blockRows,
          blockColumns,
          tensorScale,
          scaleRule,
          rounding,
          seed,
          firstIndex);
    } finally {
      Reference.reachabilityFence(in);
      Reference.reachabilityFence(out);
      Reference.reachabilityFence(scales);
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
      return Octavo.oct_amax(
          tier,
          rows,
          columns,
          rowBegin,
          rowEnd,
          columnBegin,
          columnEnd,
          inFormat,
          address(in),
          inRowStrideBytes,
          finiteOnly);
    } finally {
      Reference.reachabilityFence(in);
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
      return Octavo.oct_dequantize(
          tier,
          rows,
          columns,
          rowBegin,
          rowEnd,
          columnBegin,
          columnEnd,
          inFormat,
          address(in),
          inRowStrideBytes,
          inScaleFormat,
          address(inScales),
          inScaleRowStride,
          inBlockRows,
          inBlockColumns,
          inTensorScale,
          outFormat,
          address(out),
          outRowStrideBytes);
    } finally {
      Reference.reachabilityFence(in);
      Reference.reachabilityFence(inScales);
      Reference.reachabilityFence(out);
    }
  }

  @Override
  public long matmulPacking(
      int tier, int aFormat, long aBlockColumns, int bFormat, long bBlockColumns) {
    return Octavo.oct_matmul_packing(tier, aFormat, aBlockColumns, bFormat, bBlockColumns);
  }

  @Override
  public boolean matmulSupported(
      int tier, int aFormat, int aScaleFormat, int bFormat, int bScaleFormat, int outFormat) {
    return Octavo.oct_matmul_supported(
            tier, aFormat, aScaleFormat, bFormat, bScaleFormat, outFormat)
        != 0;
  }

  @Override
  public boolean convertSupported(
      int tier, int inFormat, int outFormat, int rounding, int overflow) {
    return Octavo.oct_convert_supported(tier, inFormat, outFormat, rounding, overflow) != 0;
  }

  @Override
  public boolean quantizeSupported(
      int tier, int inFormat, int outFormat, int scaleFormat, int scaleRule, int rounding) {
    return Octavo.oct_quantize_supported(
            tier, inFormat, outFormat, scaleFormat, scaleRule, rounding)
        != 0;
  }

  @Override
  public boolean dequantizeSupported(int tier, int inFormat, int inScaleFormat, int outFormat) {
    return Octavo.oct_dequantize_supported(tier, inFormat, inScaleFormat, outFormat) != 0;
  }
}
