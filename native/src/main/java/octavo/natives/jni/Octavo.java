// Generated from octavo.h by JavaCPP: do not edit. To write it again:
// ./mvnw -pl native -am test -Dtest=GeneratedBindingTest -Dsurefire.failIfNoSpecifiedTests=false -Dbinding=write

package octavo.natives.jni;

import java.nio.*;
import org.bytedeco.javacpp.*;
import org.bytedeco.javacpp.annotation.*;

class Octavo extends octavo.natives.jni.OctavoPresets {

public static final int OCT_ABI_VERSION = 2;

public static final int
  OCT_OK = 0,
  OCT_ERROR_TIER = -1,
  OCT_ERROR_FORMAT = -2,
  OCT_ERROR_UNSUPPORTED = -3,
  OCT_ERROR_ARGUMENT = -4,
  OCT_ERROR_MEMORY = -5;

public static final int OCT_NO_SCALES = -1;

public static final int OCT_NO_RESIDUAL = -1;

public static final int
  OCT_ACTIVATION_NONE = 0,
  OCT_ACTIVATION_RELU = 1,
  OCT_ACTIVATION_GELU = 2,
  OCT_ACTIVATION_GELU_TANH = 3,
  OCT_ACTIVATION_SILU = 4;

public static final int
  OCT_ROUND_NEAREST_EVEN = 0,
  OCT_ROUND_TOWARD_ZERO = 1,
  OCT_ROUND_STOCHASTIC = 2;

public static final int
  OCT_OVERFLOW_SATURATE = 0,
  OCT_OVERFLOW_IEEE = 1;

public static final int
  OCT_SCALE_OCP_FLOOR = 0,
  OCT_SCALE_TRAINIUM = 1,
  OCT_SCALE_CEIL = 2,
  OCT_SCALE_EVEN = 3,
  OCT_SCALE_RCEIL = 4,
  OCT_SCALE_GGML = 5;

public static native int oct_abi_version();

public static native @Cast("oct_address") long oct_version();

public static native int oct_tier_count();

public static native @Cast("oct_address") long oct_tier_name(int tier);

public static native int oct_tier_compiled(int tier);

public static native int oct_tier_supported(int tier);

public static native int oct_matmul_supported(int tier, int a_format, int a_scale_format,
                                     int b_format, int b_scale_format, int out_format);

public static native @Cast("int64_t") long oct_matmul_packing(int tier, int a_format, @Cast("int64_t") long a_block_columns,
                                   int b_format, @Cast("int64_t") long b_block_columns);

public static native int oct_matmul(int tier, @Cast("int64_t") long m, @Cast("int64_t") long n, @Cast("int64_t") long k,
                           @Cast("int64_t") long row_begin, @Cast("int64_t") long row_end,
                           @Cast("int64_t") long column_begin, @Cast("int64_t") long column_end,
                           int a_format, @Cast("oct_address") long a, @Cast("int64_t") long a_row_stride_bytes,
                           int a_scale_format, @Cast("oct_address") long a_scales,
                           @Cast("int64_t") long a_scale_row_stride, @Cast("int64_t") long a_block_rows,
                           @Cast("int64_t") long a_block_columns, float a_tensor_scale,
                           int b_format, @Cast("oct_address") long b, @Cast("int64_t") long b_row_stride_bytes,
                           int b_scale_format, @Cast("oct_address") long b_scales,
                           @Cast("int64_t") long b_scale_row_stride, @Cast("int64_t") long b_block_rows,
                           @Cast("int64_t") long b_block_columns, float b_tensor_scale,
                           @Cast("int64_t") long b_panel_rows, @Cast("int64_t") long b_interleave, @Cast("int64_t") long b_group,
                           float scale, @Cast("oct_address") long bias, int activation,
                           int residual_format, @Cast("oct_address") long residual,
                           @Cast("int64_t") long residual_row_stride_bytes,
                           int out_format, @Cast("oct_mutable_address") long out,
                           @Cast("int64_t") long out_row_stride_bytes);

public static native int oct_convert_supported(int tier, int in_format, int out_format,
                                      int rounding, int overflow);

public static native int oct_convert(int tier, @Cast("int64_t") long rows, @Cast("int64_t") long columns,
                            @Cast("int64_t") long row_begin, @Cast("int64_t") long row_end,
                            @Cast("int64_t") long column_begin, @Cast("int64_t") long column_end,
                            int in_format, @Cast("oct_address") long in, @Cast("int64_t") long in_row_stride_bytes,
                            int out_format, @Cast("oct_mutable_address") long out,
                            @Cast("int64_t") long out_row_stride_bytes,
                            int rounding, int overflow, @Cast("int64_t") long seed, @Cast("int64_t") long first_index);

public static native int oct_quantize_supported(int tier, int in_format, int out_format,
                                       int scale_format, int scale_rule, int rounding);

public static native int oct_quantize(int tier, @Cast("int64_t") long rows, @Cast("int64_t") long columns,
                             @Cast("int64_t") long row_begin, @Cast("int64_t") long row_end,
                             @Cast("int64_t") long column_begin, @Cast("int64_t") long column_end,
                             int in_format, @Cast("oct_address") long in, @Cast("int64_t") long in_row_stride_bytes,
                             int out_format, @Cast("oct_mutable_address") long out,
                             @Cast("int64_t") long out_row_stride_bytes,
                             int scale_format, @Cast("oct_mutable_address") long scales,
                             @Cast("int64_t") long scale_row_stride, @Cast("int64_t") long block_rows, @Cast("int64_t") long block_columns,
                             float tensor_scale, int scale_rule, int rounding,
                             @Cast("int64_t") long seed, @Cast("int64_t") long first_index);

public static native int oct_amax(int tier, @Cast("int64_t") long rows, @Cast("int64_t") long columns,
                         @Cast("int64_t") long row_begin, @Cast("int64_t") long row_end,
                         @Cast("int64_t") long column_begin, @Cast("int64_t") long column_end, int in_format,
                         @Cast("oct_address") long in, @Cast("int64_t") long in_row_stride_bytes, int finite_only);

public static native int oct_dequantize_supported(int tier, int in_format, int in_scale_format,
                                         int out_format);

public static native int oct_dequantize(int tier, @Cast("int64_t") long rows, @Cast("int64_t") long columns,
                               @Cast("int64_t") long row_begin, @Cast("int64_t") long row_end,
                               @Cast("int64_t") long column_begin, @Cast("int64_t") long column_end,
                               int in_format, @Cast("oct_address") long in, @Cast("int64_t") long in_row_stride_bytes,
                               int in_scale_format, @Cast("oct_address") long in_scales,
                               @Cast("int64_t") long in_scale_row_stride, @Cast("int64_t") long in_block_rows,
                               @Cast("int64_t") long in_block_columns, float in_tensor_scale,
                               int out_format, @Cast("oct_mutable_address") long out,
                               @Cast("int64_t") long out_row_stride_bytes);

}
