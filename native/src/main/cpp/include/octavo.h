/**
 * The C interface of Octavo's native kernels: the only symbols that liboctavo exports.
 *
 * A caller first compares oct_abi_version() with the OCT_ABI_VERSION it was written for, then asks
 * which tiers there are. A tier is one set of kernels compiled for one set of CPU instructions.
 * Every operation takes the tier as its first argument: this library reports what can run and never
 * chooses. All tiers return the same bits.
 *
 * Conventions
 *
 *  - Everything is a plain scalar or an address; there are no structs, no callbacks and no state
 *    between calls.
 *  - Functions that can fail return OCT_OK or one of the negative OCT_ERROR codes, and then have
 *    written no output.
 *  - Sizes and indices are int64_t. "Row stride bytes" is the distance between the first bytes of
 *    two rows.
 *  - Formats are numbers: the ids of generated/octavo_formats.inc.
 *  - Elements wider than a byte are little-endian; FP6 elements take one byte each, in its low six
 *    bits; FP4 elements are packed in pairs, the even element in the low nibble, and every row
 *    starts on a byte.
 *  - No alignment is needed.
 *  - Calls may run at the same time on any threads as long as no output overlaps anything else in
 *    use. Each thread keeps the scratch memory of its largest call so far, at most some MiB unless
 *    a scale block is very long.
 *  - The arithmetic is IEEE 754 binary32, rounded to nearest even, with subnormals. The calling
 *    thread must have the default rounding mode and must not flush subnormals to zero: so it is in
 *    every JVM thread. Payloads and signs of NaN results are unspecified.
 */
#ifndef OCTAVO_H
#define OCTAVO_H

#include <stdint.h>

#if defined(_WIN32)
#define OCT_API __declspec(dllexport)
#else
#define OCT_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** An address that is only read through. */
typedef const void* oct_address;

/** An address that is written through. */
typedef void* oct_mutable_address;

/** The version of this interface: changed whenever a function, a parameter or a meaning is. */
enum { OCT_ABI_VERSION = 2 };

/** What a call returns. */
enum {
  /** Done. */
  OCT_OK = 0,
  /** There is no such tier, it was not compiled in, or this CPU cannot run it. */
  OCT_ERROR_TIER = -1,
  /** A format id is none of the list's. */
  OCT_ERROR_FORMAT = -2,
  /** Formats or rules are known, but this tier has no kernel for them. */
  OCT_ERROR_UNSUPPORTED = -3,
  /** A size is negative, a range is none, or neither of the operands' block lengths divides the
   *  other. */
  OCT_ERROR_ARGUMENT = -4,
  /** There was no memory for the packed panels. */
  OCT_ERROR_MEMORY = -5
};

/** In place of a scale format: the operand has no scales. */
enum { OCT_NO_SCALES = -1 };

/** In place of a residual's format: there is none. */
enum { OCT_NO_RESIDUAL = -1 };

/** Functions that a product's results go through; octavo.op.Activation defines them. */
enum {
  OCT_ACTIVATION_NONE = 0,
  OCT_ACTIVATION_RELU = 1,
  OCT_ACTIVATION_GELU = 2,
  OCT_ACTIVATION_GELU_TANH = 3,
  OCT_ACTIVATION_SILU = 4
};

/** How a conversion rounds a value that lies between two of the target's. */
enum {
  /** To the nearer one; to the one with an even code when both are equally near. */
  OCT_ROUND_NEAREST_EVEN = 0,
  /** To the one nearer to zero. No finite value overflows then. */
  OCT_ROUND_TOWARD_ZERO = 1,
  /** To the one farther from zero with the probability that its distance gives, else to the other. */
  OCT_ROUND_STOCHASTIC = 2
};

/** What a conversion makes of a magnitude that is too large for the target once it is rounded. */
enum {
  /** The largest finite value, also for an infinity. */
  OCT_OVERFLOW_SATURATE = 0,
  /** Infinity; NaN where the target has no infinity; the largest value where it has neither. */
  OCT_OVERFLOW_IEEE = 1
};

/**
 * How the power-of-two scale of a block follows from its largest magnitude. octavo.format.ScaleRule
 * defines the rules, in this order.
 */
enum {
  OCT_SCALE_OCP_FLOOR = 0,
  OCT_SCALE_TRAINIUM = 1,
  OCT_SCALE_CEIL = 2,
  OCT_SCALE_EVEN = 3,
  OCT_SCALE_RCEIL = 4,
  OCT_SCALE_GGML = 5
};

/** The OCT_ABI_VERSION that this library was compiled with. */
OCT_API int32_t oct_abi_version(void);

/** The release of this library, as text that lives as long as the library is loaded. */
OCT_API const char* oct_version(void);

/** The number of tiers that this source knows, whatever the CPU: tiers are numbered from 0. */
OCT_API int32_t oct_tier_count(void);

/** The name of a tier ("portable", "avx2", ...), or NULL when there is no such tier. */
OCT_API const char* oct_tier_name(int32_t tier);

/** 1 when the tier was compiled into this library, else 0. */
OCT_API int32_t oct_tier_compiled(int32_t tier);

/** 1 when the tier was compiled in and this CPU and operating system can run it, else 0. */
OCT_API int32_t oct_tier_supported(int32_t tier);

/**
 * 1 when oct_matmul accepts these formats on this tier, else 0. A scale format may be
 * OCT_NO_SCALES. This and oct_matmul ask the same list.
 */
OCT_API int32_t oct_matmul_supported(int32_t tier, int32_t a_format, int32_t a_scale_format,
                                     int32_t b_format, int32_t b_scale_format, int32_t out_format);

/**
 * Which packing of b oct_matmul reads for these formats and lengths of blocks (0: the operand is
 * plain): panel rows, interleave and group as three numbers of 16 bits, the first in the highest
 * bits; or an error. There is one for every pair that oct_matmul supports. Groups of four mean that
 * elements are multiplied as small integers.
 */
OCT_API int64_t oct_matmul_packing(int32_t tier, int32_t a_format, int64_t a_block_columns,
                                   int32_t b_format, int64_t b_block_columns);

/**
 * Matrix product out[i,j] = sum over k of a[i,k] * b[j,k], for a of m rows and b of n rows, all of
 * k elements: b is given with the summed dimension contiguous, as weights usually are.
 *
 * The bits are defined as follows. All operations are binary32; fma is fused; elements and scales
 * are decoded exactly.
 *
 *   neither operand block-scaled:
 *     acc = +0
 *     for k ascending:  acc = fma(a, b, acc)
 *
 *   at least one block-scaled:
 *     acc = +0
 *     for each block of L elements along k, of which the last may be shorter:
 *       p = +0
 *       for k in the block:  p = fma(a, b, p)
 *       acc = fma(p, s, acc)
 *
 *   then, for both:
 *     r = acc * (end_a * end_b)
 *     r = r * scale
 *     r = r + bias[j]                if there is a bias
 *     r = activation(r)
 *     r = r + residual[i,j]          if there is a residual
 *     out[i,j] = r rounded to the output format, to nearest even
 *
 * L is the smaller block length of the two operands, or that of the only one that has blocks. s is
 * the product of the two block scales, or the only one. end_x is row scale times tensor scale, 1
 * standing for what there is none of.
 *
 * Scales of an operand: that of element (i, k) is
 * scales[(i / block_rows) * scale_row_stride + k / block_columns]. With block_columns 0 the operand
 * is plain: the scale of row i is scales[(i / block_rows) * scale_row_stride], one for the whole
 * tensor when that stride is 0, and it is applied at the end. Scale formats are FP32, E8M0 and
 * E4M3FN.
 *
 * b may be packed, as octavo.tensor.Packing and PackedMatrix describe it: oct_matmul_packing says
 * in which order. Scales of blocks in single rows are then packed too.
 *
 * A call computes a part of the output: the given rows and columns. All else describes the whole.
 *
 * @param tier                   the tier to run
 * @param m                      rows of a and of the output
 * @param n                      rows of b, columns of the output
 * @param k                      elements of each row of a and b; 0 gives acc = +0
 * @param row_begin              the first row of the output to compute
 * @param row_end                the row after the last
 * @param column_begin           the first column; of a packed b, the first of a panel
 * @param column_end             the column after the last
 * @param a_format               element format of a: any format of the list
 * @param a                      the first row of a
 * @param a_row_stride_bytes     from one row of a to the next
 * @param a_scale_format         format of a's scales; OCT_NO_SCALES: the next four are ignored
 * @param a_scales               a's scales, one after the other along k
 * @param a_scale_row_stride     from one row of scales to the next, in scales
 * @param a_block_rows           rows that share a scale, at least 1
 * @param a_block_columns        elements along k that share a scale, or 0: see above
 * @param a_tensor_scale         multiplies the whole operand at the end; 1 for none
 * @param b_format               as for a, and so on
 * @param b_panel_rows           of the packing of b; 0: b is not packed, the next two are ignored
 * @param b_interleave           of the packing of b
 * @param b_group                of the packing of b
 * @param scale                  multiplies every result; 1 for none
 * @param bias                   n FP32 values, or NULL
 * @param activation             one of OCT_ACTIVATION
 * @param residual_format        FP32, BF16, FP16 or OCT_NO_RESIDUAL: the next two are ignored
 * @param residual               the first row of what is added; may be the output itself
 * @param residual_row_stride_bytes   from one row to the next
 * @param out_format             FP32 or BF16
 * @param out                    the first row of the output; only its elements are written
 * @param out_row_stride_bytes   from one row of the output to the next
 */
OCT_API int32_t oct_matmul(int32_t tier, int64_t m, int64_t n, int64_t k,
                           int64_t row_begin, int64_t row_end,
                           int64_t column_begin, int64_t column_end,
                           int32_t a_format, oct_address a, int64_t a_row_stride_bytes,
                           int32_t a_scale_format, oct_address a_scales,
                           int64_t a_scale_row_stride, int64_t a_block_rows,
                           int64_t a_block_columns, float a_tensor_scale,
                           int32_t b_format, oct_address b, int64_t b_row_stride_bytes,
                           int32_t b_scale_format, oct_address b_scales,
                           int64_t b_scale_row_stride, int64_t b_block_rows,
                           int64_t b_block_columns, float b_tensor_scale,
                           int64_t b_panel_rows, int64_t b_interleave, int64_t b_group,
                           float scale, oct_address bias, int32_t activation,
                           int32_t residual_format, oct_address residual,
                           int64_t residual_row_stride_bytes,
                           int32_t out_format, oct_mutable_address out,
                           int64_t out_row_stride_bytes);

/**
 * 1 when oct_convert accepts this pair of formats with this rounding and overflow rule on this
 * tier, else 0. This and oct_convert ask the same list.
 */
OCT_API int32_t oct_convert_supported(int32_t tier, int32_t in_format, int32_t out_format,
                                      int32_t rounding, int32_t overflow);

/**
 * Converts elements one by one, without scales: from any format to any format.
 *
 * The value is rounded first, subnormals included; if the magnitude is then beyond the format's
 * largest one, the overflow rule decides. The sign is kept, also that of zero and NaN, except that
 * a format without a negative zero gets its one zero and its one NaN. A format without NaN gets its
 * largest positive value for a NaN, an integer 0. Integers saturate by either rule. The last high
 * nibble of an FP4 row with an odd number of elements stays as it is. octavo.format.FloatFormat
 * says what E8M0 makes of numbers that are no powers of two.
 *
 * Stochastic rounding goes up in magnitude if the discarded fraction of a unit, truncated to 32
 * bits, plus the element's 32 random bits reaches 2^32. These are a function of the seed and the
 * element's index; octavo.format.StochasticBits defines it.
 *
 * @param tier                   the tier to run
 * @param rows                   number of rows
 * @param columns                elements of a row
 * @param row_begin              the first row to compute
 * @param row_end                the row after the last
 * @param column_begin           the first column; an even one where a format has 4 bits
 * @param column_end             the column after the last
 * @param in_format              format to read
 * @param in                     the first row to read
 * @param in_row_stride_bytes    from one row to the next
 * @param out_format             format to write
 * @param out                    the first row to write, which shares no memory with the input
 * @param out_row_stride_bytes   from one row to the next
 * @param rounding               one of OCT_ROUND; no matter where the conversion is exact
 * @param overflow               one of OCT_OVERFLOW; no matter where the conversion is exact
 * @param seed                   of the random bits, ignored by other roundings
 * @param first_index            the index among the random bits of the whole's first element;
 *                               element (i, j) has the index first_index + i * columns + j
 */
OCT_API int32_t oct_convert(int32_t tier, int64_t rows, int64_t columns,
                            int64_t row_begin, int64_t row_end,
                            int64_t column_begin, int64_t column_end,
                            int32_t in_format, oct_address in, int64_t in_row_stride_bytes,
                            int32_t out_format, oct_mutable_address out,
                            int64_t out_row_stride_bytes,
                            int32_t rounding, int32_t overflow, int64_t seed, int64_t first_index);

/**
 * 1 when oct_quantize accepts these formats and rules on this tier, else 0. This and oct_quantize
 * ask the same list.
 */
OCT_API int32_t oct_quantize_supported(int32_t tier, int32_t in_format, int32_t out_format,
                                       int32_t scale_format, int32_t scale_rule, int32_t rounding);

/**
 * Writes elements and scales: those that octavo.format.BlockScaling defines. Elements saturate.
 *
 * @param tier                   the tier to run
 * @param rows                   number of rows
 * @param columns                elements of a row
 * @param row_begin              the first row to compute
 * @param row_end                the row after the last
 * @param column_begin           the first column; where scales are involved the first of a block,
 *                               and an even one
 * @param column_end             the column after the last; where rows have one scale, all are
 * @param in_format              FP32, BF16 or FP16
 * @param in                     the first row to read
 * @param in_row_stride_bytes    from one row to the next
 * @param out_format             format of the elements: any of the list
 * @param out                    the first row of elements to write
 * @param out_row_stride_bytes   from one row to the next
 * @param scale_format           FP32, E8M0 or E4M3FN
 * @param scales                 the first scale to write
 * @param scale_row_stride       from one row of scales to the next, in scales
 * @param block_rows             rows that share a scale; with 0 all do, and the scale is not found
 *                               and written, but given in scales
 * @param block_columns          elements along a row that share a scale; 0: all do, as they must
 *                               where block_rows is 0
 * @param tensor_scale           multiplies the whole tensor; 1 for none
 * @param scale_rule             one of OCT_SCALE; no matter for other scales than E8M0
 * @param rounding               one of OCT_ROUND, for the elements
 * @param seed                   as for oct_convert
 * @param first_index            as for oct_convert
 */
OCT_API int32_t oct_quantize(int32_t tier, int64_t rows, int64_t columns,
                             int64_t row_begin, int64_t row_end,
                             int64_t column_begin, int64_t column_end,
                             int32_t in_format, oct_address in, int64_t in_row_stride_bytes,
                             int32_t out_format, oct_mutable_address out,
                             int64_t out_row_stride_bytes,
                             int32_t scale_format, oct_mutable_address scales,
                             int64_t scale_row_stride, int64_t block_rows, int64_t block_columns,
                             float tensor_scale, int32_t scale_rule, int32_t rounding,
                             int64_t seed, int64_t first_index);

/**
 * The FP32 bits of the largest magnitude of some numbers, which are not negative, or an error,
 * which is. NaN is larger than infinity, and infinity larger than numbers; there may be none.
 *
 * @param tier                   the tier to run
 * @param rows                   number of rows
 * @param columns                elements of a row
 * @param row_begin              the first row to compute
 * @param row_end                the row after the last
 * @param column_begin           the first column
 * @param column_end             the column after the last
 * @param in_format              FP32, BF16 or FP16
 * @param in                     the first row
 * @param in_row_stride_bytes    from one row to the next
 * @param finite_only            other than 0: NaN and infinities are passed over
 */
OCT_API int32_t oct_amax(int32_t tier, int64_t rows, int64_t columns,
                         int64_t row_begin, int64_t row_end,
                         int64_t column_begin, int64_t column_end, int32_t in_format,
                         oct_address in, int64_t in_row_stride_bytes, int32_t finite_only);

/**
 * 1 when oct_dequantize accepts these formats on this tier, else 0. This and oct_dequantize ask the
 * same list.
 */
OCT_API int32_t oct_dequantize_supported(int32_t tier, int32_t in_format, int32_t in_scale_format,
                                         int32_t out_format);

/**
 * Writes the numbers that elements and scales stand for: element times the product of scale and
 * tensor scale, each product rounded to FP32, then rounded to nearest even in the output's format,
 * where what is too large becomes infinite.
 *
 * @param tier                   the tier to run
 * @param rows                   number of rows
 * @param columns                elements of a row
 * @param row_begin              the first row to compute
 * @param row_end                the row after the last
 * @param column_begin           the first column; where scales are involved the first of a block,
 *                               and an even one
 * @param column_end             the column after the last; where rows have one scale, all are
 * @param in_format              format of the elements: any of the list
 * @param in                     the first row of elements
 * @param in_row_stride_bytes    from one row to the next
 * @param in_scale_format        the scales as for oct_matmul
 * @param out_format             FP32, BF16 or FP16
 * @param out                    the first row to write
 * @param out_row_stride_bytes   from one row to the next
 */
OCT_API int32_t oct_dequantize(int32_t tier, int64_t rows, int64_t columns,
                               int64_t row_begin, int64_t row_end,
                               int64_t column_begin, int64_t column_end,
                               int32_t in_format, oct_address in, int64_t in_row_stride_bytes,
                               int32_t in_scale_format, oct_address in_scales,
                               int64_t in_scale_row_stride, int64_t in_block_rows,
                               int64_t in_block_columns, float in_tensor_scale,
                               int32_t out_format, oct_mutable_address out,
                               int64_t out_row_stride_bytes);

#ifdef __cplusplus
}
#endif

#endif  // OCTAVO_H
