package octavo.natives;

import java.lang.foreign.MemorySegment;
import java.util.List;
import octavo.spi.Isa;
import octavo.tensor.Storage;
import org.jspecify.annotations.Nullable;

/**
 * A way to call {@code octavo.h}. Its arguments are described there; addresses are segments, so
 * that the binding can keep them alive during the call.
 */
@SuppressWarnings("doclint:missing") // the parameters are those of octavo.h
public interface Binding {

  /** The version of {@code octavo.h} that the bindings are written for: {@code OCT_ABI_VERSION}. */
  int ABI_VERSION = 2;

  /** {@code OCT_NO_SCALES}. */
  int NO_SCALES = -1;

  /** {@code OCT_NO_RESIDUAL}. */
  int NO_RESIDUAL = -1;

  /** {@code OCT_OK}. */
  int OK = 0;

  /** {@code OCT_ERROR_MEMORY}. */
  int ERROR_MEMORY = -5;

  /**
   * One set of kernels of the library.
   *
   * @param number its number in calls
   * @param isa the instructions it is compiled for
   * @param runs whether processor and operating system have them
   */
  record Tier(int number, Isa isa, boolean runs) {}

  /** {@return the backend's name} */
  String backend();

  /** {@return the tiers that the library was built with} */
  List<Tier> tiers();

  /**
   * {@return why calls cannot be given memory of some kind, and the remedy}; {@code null} if they
   * can
   *
   * @param storage what keeps the memory alive
   */
  @Nullable String objection(Storage storage);

  /** Calls {@code oct_matmul} and returns its status. */
  int matmul(
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
      long outRowStrideBytes);

  /** Calls {@code oct_convert} and returns its status. */
  int convert(
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
      long firstIndex);

  /** Calls {@code oct_quantize} and returns its status. */
  int quantize(
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
      long firstIndex);

  /** Calls {@code oct_amax} and returns the bits of the largest magnitude, or a status. */
  int amax(
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
      int finiteOnly);

  /** Calls {@code oct_dequantize} and returns its status. */
  int dequantize(
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
      long outRowStrideBytes);

  /** Calls {@code oct_matmul_packing} and returns what it does. */
  long matmulPacking(int tier, int aFormat, long aBlockColumns, int bFormat, long bBlockColumns);

  /** Calls {@code oct_matmul_supported}. */
  boolean matmulSupported(
      int tier, int aFormat, int aScaleFormat, int bFormat, int bScaleFormat, int outFormat);

  /** Calls {@code oct_convert_supported}. */
  boolean convertSupported(int tier, int inFormat, int outFormat, int rounding, int overflow);

  /** Calls {@code oct_quantize_supported}. */
  boolean quantizeSupported(
      int tier, int inFormat, int outFormat, int scaleFormat, int scaleRule, int rounding);

  /** Calls {@code oct_dequantize_supported}. */
  boolean dequantizeSupported(int tier, int inFormat, int inScaleFormat, int outFormat);

  /**
   * Turns a status into an exception.
   *
   * @param status what a call returned
   * @throws OutOfMemoryError if there was no memory for scratch
   * @throws IllegalStateException if the library refused a call that {@code consider} promised
   */
  static void check(int status) {
    if (status == ERROR_MEMORY) {
      throw new OutOfMemoryError("no native memory for a kernel's scratch panels");
    }
    if (status != OK) {
      throw new IllegalStateException("liboctavo refused a call with status " + status);
    }
  }
}
