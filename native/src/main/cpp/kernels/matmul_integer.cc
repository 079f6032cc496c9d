// matmul.block for elements that are small integers: FP4, E2M3 and INT8 with scales.
//
// E2M1 doubled is an integer of at most 12, E2M3 times 8 one of at most 60. So the sum over a block
// is an integer too, of less than 24 bits: the chain of fused operations of the definition is
// exact, and so is the sum of the integers in any order, and its conversion to FP32. What is left
// to round, acc = fma(p, s, acc) once per block, is done as it is defined. The same bits follow, on
// byte multiply-add instructions that do four times the work of an FP32 fma.
//
// Layout. A dword holds 4 consecutive elements of a row. Panels are panels of dwords: of A, kPanelRows
// dwords at each step of 4 k, of which the tile broadcasts one per row; of B, kTileColumns dwords,
// so that the lanes of a vector are 8 (AVX2) columns. The instruction multiplies unsigned by signed
// bytes and adds pairs. B is made unsigned by adding its largest value L when it is packed;
// what that adds to a sum is L times the sum of A's elements, which depends on the row only: the
// accumulators of a block start with its negative, computed when A is packed, so that the offset
// costs nothing. Sums are 16-bit numbers, 2 per dword. They may wrap on the way, since the result in
// the end fits: at most 2 * 8 products of 12 * 128. Where it would not (E2M3 x E2M3) they are
// widened several times per block. INT8 x INT8 would saturate in the instruction itself, so that
// pair is left to matmul_block, except where dot products accumulate in 32 bits.
//
// Tile. 6 x 16 on AVX2: 12 accumulators, 2 vectors of B, one broadcast, one product. The
// accumulators of the outputs lie in the first-level cache and are touched once per block: widen
// (one pmaddwd by ones), convert, one product of scales, one fma.
//
// Its limit on Zen 3: 24 operations for each step of 4 k, 12 of them byte multiplications of which two
// start in a cycle, and 48 at a block's end; at four a cycle 60 cycles for a block of 32, 332 GFLOP/s
// at 3.24 GHz. But multiplications and additions that wait for nothing take 7.4 cycles a step, not 6,
// as additions are sent to the units that multiply too, and the block 77 in all (258 GFLOP/s). MXFP4 x
// MXFP4 of 1024^3 with A quantized inside runs at 210 to 215: of its time the tile has 85 %, quantizing
// 4, the end of outputs 3, decoding B 2, packing A and the calls of tiles 5. A loop of eight steps took
// 8.0 cycles a step. It is unrolled, but each step keeps its loads: without that, unrolling won nothing.
// Tried and lost: 96 to 192 rows of A at a time instead of 288 (1.00), steps of k of 512 (.98).
//
// Scales. p is the integer times 2^-t (t = 2 for FP4 x FP4). That factor is moved to A's scale when
// the panel is packed, where it costs nothing. It is the same bits as long as neither the scale,
// the product of the two scales nor the shifted product leaves the normal range; each panel knows
// the range of its scales' exponents, and a tile that could leave it multiplies p instead. NaN,
// infinity and zero pass through either way. Where B's scales are powers of two, as MX has them, the
// product of two scales is A's bits with an exponent added (1.01 to 1.02 times faster, as additions
// have four units and multiplications two); that asks besides for none of NaN, infinity and zero.
//
// Few rows. With at most 4 rows and a packed B, decoding B costs more than multiplying it. It is then
// decoded in registers and never stored, for the whole of k at once, so that B, which mostly comes
// from memory, is read from front to back. A's rows are packed without gaps. integer_split.h does the
// same for 4 bits on AVX2, in half the operations.
//
// Blocking. As matmul_loop.h, with four times the k in the same cache. B panels are decoded from
// 4 bits when they are needed and used for all A panels of the step.
#include "integer_pack.h"
#include "integer_split.h"
#include "integer_tile.h"

namespace octavo {
namespace OCT_TIER {

namespace {

// The sums of longer blocks might not be exact in FP32.
constexpr int64_t kLongestBlock = 256;
static_assert(kLongestBlock * 128 * 128 < 1 << 24, "an FP32 holds every sum");

#if defined(OCT_TIER_IS_NEON)
constexpr int32_t kLargestUnsigned = 127;  // multiplied as a signed number
#else
constexpr int32_t kLargestUnsigned = 255;
#endif

// Steps of 4 k whose sums fit the accumulators.
static constexpr int64_t steps_per_sum(const IntegerElement& a, const IntegerElement& b) {
#if defined(OCT_HAS_DOT)
  return a.largest * b.largest > 0 ? 1 << 20 : 0;
#else
  // a pair is added up with saturation
  if (2 * a.largest * (2 * b.largest) > 32767) return 0;
  return 32767 / (2 * a.largest * b.largest);
#endif
}

struct IntegerSteps {
  int64_t kc, mc, mb, nc;

  IntegerSteps(int64_t m, int64_t n, int64_t k, int64_t block, bool is_whole_depth) {
    const int64_t kDepth = is_whole_depth ? larger(1024, round_up(k, 1024)) : 1024;
    const int64_t kABytes = 288 * kDepth, kBBytes = 2048 * kDepth, kTileFloats = 1024 * 1024;
    const int64_t unit =
        round_up(block, kUnit) % block == 0 ? round_up(block, kUnit) : block * kUnit;
    kc = smaller(larger(round_down(kDepth, unit), unit), round_up(larger(k, 1), unit));
    mc = smaller(larger(round_down(kABytes / kc, kTileRows), kTileRows), round_up(m, kTileRows));
    nc = smaller(larger(round_down(kBBytes / kc, kTileColumns), kTileColumns),
                 round_up(n, kTileColumns));
    mb = smaller(larger(round_down(kTileFloats / nc, mc), mc), round_up(m, mc));
  }
};

// One matmul: the loops, and where they are.
class IntegerLoop {
 public:
  IntegerLoop(const MatmulRequest& request, int64_t block)
      : request_(request),
        block_(block),
        a_(integer_element(kFormats[request.a.format])),
        b_(integer_element(kFormats[request.b.format])),
        shift_(a_.shift + b_.shift),
        sum_steps_(smaller(steps_per_sum(a_, b_), block / 4)),
        sums_of_block_((block / 4 + sum_steps_ - 1) / sum_steps_),
        rows_(request.row_end - request.row_begin),
        is_skinny_(rows_ <= kFewRows && request.b_packing.panel_rows != 0 && sums_of_block_ == 1 &&
                   (block == 32 || block == 16)),
        is_split_(is_skinny_ && is_split(rows_, request.b.format)),
        steps_(rows_, request.column_end - request.column_begin, request.k, block, is_skinny_),
        blocks_(steps_.kc / block),
        finish_(finish_function(request)) {
    const bool is_one_sum = sums_of_block_ == 1;
    adds_powers_ = is_one_sum && block == 32 &&
                   (request.b.block_columns == 0 || request.b.scale_format == Format::E8M0);
    folded_ = adds_powers_                ? kTilesOf32Powers.by_rows
              : is_one_sum && block == 32 ? kTilesOf32.by_rows
              : is_one_sum && block == 16 ? kTilesOf16.by_rows
                                          : nullptr;
    wide_ = is_one_sum && block == 32   ? kTilesOf32Wide.by_rows
            : is_one_sum && block == 16 ? kTilesOf16Wide.by_rows
                                        : kTilesOfAny.by_rows;
  }

  int32_t run() {
    if (!allocate()) return OCT_ERROR_MEMORY;
    for (j0_ = request_.column_begin; j0_ < request_.column_end; j0_ += steps_.nc) {
      columns_ = smaller(steps_.nc, request_.column_end - j0_);
      pack_column_ends();
      for (i0_ = request_.row_begin; i0_ < request_.row_end; i0_ += steps_.mb) {
        const int64_t i_end = smaller(i0_ + steps_.mb, request_.row_end);
        pack_end_scales(request_.a, i0_, i_end - i0_, i_end - i0_, a_end_);
        for (k0_ = 0; k0_ == 0 || k0_ < request_.k; k0_ += steps_.kc) {
          depth_ = smaller(steps_.kc, request_.k - k0_);
          for (int64_t i1 = i0_; i1 < i_end; i1 += steps_.mc)
            multiply(i1, smaller(steps_.mc, i_end - i1));
        }
      }
    }
    return OCT_OK;
  }

 private:
  bool one_step_of_rows() const { return rows_ <= steps_.mc; }
  bool one_step_of_k() const { return request_.k <= steps_.kc; }
  bool is_last_step_of_k() const { return k0_ + steps_.kc >= request_.k; }
  int64_t tiles_down() const { return one_step_of_k() ? 1 : steps_.mb / kTileRows; }

  bool allocate() {
    const int64_t a_panels = steps_.mc / kTileRows;
    const int64_t b_panels = is_split_            ? kSplitPanels
                             : one_step_of_rows() ? 1
                                                  : steps_.nc / kTileColumns;
    const int64_t tiles_across = is_split_         ? kSplitPanels
                                 : one_step_of_k() ? 1
                                                   : steps_.nc / kTileColumns;
    const int64_t kc = round_up(steps_.kc, kUnit);
    a_stride_ = kc * kPanelRows;
    b_stride_ = is_skinny_ ? 0 : kc * kTileColumns;
    starts_stride_ = blocks_ * sums_of_block_ * kPanelRows * 4;
    const int64_t sizes[] = {a_panels * a_stride_,
                             b_panels * b_stride_,
                             a_panels * starts_stride_,
                             4 * a_panels * blocks_ * kPanelRows,
                             4 * a_panels * blocks_ * kPanelRows,
                             4 * b_panels * blocks_ * kTileColumns,
                             static_cast<int64_t>(sizeof(ScaleRange)) * a_panels,
                             static_cast<int64_t>(sizeof(ScaleRange)) * b_panels,
                             4 * steps_.mb,
                             4 * steps_.nc,
                             4 * steps_.nc,
                             4 * tiles_down() * tiles_across * kTileRows * kTileColumns};
    int64_t total = 0;
    for (int64_t size : sizes) total += round_up(size, 64);
    uint8_t* next = static_cast<uint8_t*>(thread_workspace(static_cast<size_t>(total)));
    if (next == nullptr) return false;
    void* parts[sizeof(sizes) / sizeof(sizes[0])];
    int part = 0;
    for (int64_t size : sizes) {
      parts[part++] = next;
      next += round_up(size, 64);
    }
    a_panels_ = static_cast<uint8_t*>(parts[0]);
    b_panels_ = static_cast<uint8_t*>(parts[1]);
    starts_ = static_cast<uint8_t*>(parts[2]);
    a_scales_ = static_cast<float*>(parts[3]);
    folded_scales_ = static_cast<float*>(parts[4]);
    b_scales_ = static_cast<float*>(parts[5]);
    a_ranges_ = static_cast<ScaleRange*>(parts[6]);
    b_ranges_ = static_cast<ScaleRange*>(parts[7]);
    a_end_ = static_cast<float*>(parts[8]);
    b_end_ = static_cast<float*>(parts[9]);
    bias_ = static_cast<float*>(parts[10]);
    tiles_ = static_cast<float*>(parts[11]);
    return true;
  }

  void pack_column_ends() {
    pack_end_scales(request_.b, j0_, columns_, round_up(columns_, kTileColumns), b_end_);
    if (request_.bias != nullptr)
      __builtin_memcpy(bias_, request_.bias + 4 * j0_, static_cast<size_t>(4 * columns_));
  }

  int64_t blocks_here() const { return (depth_ + block_ - 1) / block_; }

  void pack_a(const Slice& slice, int64_t panel) {
    uint8_t* const a = a_panels_ + panel * a_stride_;
    kIntegerPackers[request_.a.format].pack(slice, blocks_here() * block_, kPanelRows, 0, a);
    const int64_t blocks = blocks_here();
#if defined(OCT_HAS_SPLIT)
    if (is_split_) reorder_dwords(a, blocks * block_ / 4 * kPanelRows);
#endif
    pack_starts(a, blocks, block_ / 4, sum_steps_, b_.largest, starts_ + panel * starts_stride_);
    float* const scales = a_scales_ + panel * blocks_ * kPanelRows;
    float* const folded = folded_scales_ + panel * blocks_ * kPanelRows;
    pack_block_scales(slice, block_, kPanelRows, scales);
#if defined(OCT_HAS_SPLIT)
    if (is_split_) {
      spread_dwords(a, blocks * block_ / 4, slice.rows);
      return;
    }
#endif
    if (is_skinny_) {
      // without the places of rows that there are not
      for (int64_t step = 0; step < blocks * block_ / 4; step++) {
        uint8_t dwords[4 * kPanelRows];
        __builtin_memcpy(dwords, a + step * 4 * kPanelRows, sizeof(dwords));
        __builtin_memcpy(a + step * 4 * slice.rows, dwords, static_cast<size_t>(4 * slice.rows));
      }
      return;
    }
    const VFloat factor = power_of_two(-shift_);
    const uint32_t less = adds_powers_ ? power_of_two_bits(0) : 0;
    for (int64_t i = 0; i < blocks * kPanelRows; i += kLanes)
      store(folded + i, to_bits(load<VFloat>(scales + i) * factor) - less);
    a_ranges_[panel] = range_of(scales, blocks * kPanelRows);
  }

  void pack_b(const Slice& slice, int64_t panel) {
    const bool is_packed = request_.b_packing.panel_rows != 0;
    const IntegerPackers& packers = kIntegerPackers[request_.b.format];
    if (!is_skinny_) {
      (is_packed ? packers.unpack : packers.pack)(slice, blocks_here() * block_, kTileColumns,
                                                  static_cast<uint8_t>(b_.largest),
                                                  b_panels_ + panel * b_stride_);
    }
    float* const scales = b_scales_ + panel * blocks_ * kTileColumns;
    (is_packed ? pack_packed_block_scales : pack_block_scales)(slice, block_, kTileColumns, scales);
    if (!is_skinny_) b_ranges_[panel] = range_of(scales, blocks_here() * kTileColumns);
  }

  // One step of k for some rows and all columns of the step.
  void multiply(int64_t i1, int64_t rows) {
    for (int64_t i = 0; i < rows; i += kTileRows)
      pack_a(
          {&request_.a, i1 + i, smaller(kTileRows, rows - i), k0_, depth_, request_.m, request_.k},
          i / kTileRows);
#if defined(OCT_HAS_SPLIT)
    if (is_split_) {
      multiply_split(rows);
      return;
    }
#endif
    for (int64_t j = 0; j < columns_; j += kTileColumns) {
      const int64_t panel = one_step_of_rows() ? 0 : j / kTileColumns;
      const int64_t columns = smaller(kTileColumns, columns_ - j);
      if (i1 == i0_) {
        pack_b({&request_.b, j0_ + j, columns, k0_, depth_, request_.n, request_.k}, panel);
      }
      for (int64_t i = 0; i < rows; i += kTileRows) {
        const int64_t tile_rows = smaller(kTileRows, rows - i);
        float* const tile = tile_at(i1 - i0_ + i, j);
        if (is_last_step_of_k()) fetch_out(request_, i1 + i, j0_ + j, tile_rows);
        if (k0_ == 0 && (is_skinny_ || depth_ == 0)) clear_tile<kTileRows>(tile);
        if (is_skinny_) {
          run_packed_tile(j0_ + j, tile_rows, tile);
        } else {
          run_tile(i / kTileRows, panel, tile_rows, tile);
        }
        if (is_last_step_of_k()) finish(tile, i1 + i, j, tile_rows, columns);
      }
    }
  }

  void run_tile(int64_t a_panel, int64_t b_panel, int64_t rows, float* tile) {
    const ScaleRange &a_range = a_ranges_[a_panel], &b_range = b_ranges_[b_panel];
    const bool is_folded = folded_ != nullptr && is_normal(a_range, b_range, shift_) &&
                           !(adds_powers_ && (a_range.has_others || b_range.has_others));
    const IntegerCall call = {
        a_panels_ + a_panel * a_stride_,
        b_panels_ + b_panel * b_stride_,
        starts_ + a_panel * starts_stride_,
        (is_folded ? folded_scales_ : a_scales_) + a_panel * blocks_ * kPanelRows,
        b_scales_ + b_panel * blocks_ * kTileColumns,
        blocks_here(),
        block_ / 4,
        sum_steps_,
        power_of_two(-shift_)[0],
        tile,
        k0_ == 0};
    (is_folded ? folded_ : wide_)[rows - 1](call);
  }

  // All of k at once, from the one panel of A and the scales of the columns from `column` on.
  void run_packed_tile(int64_t column, int64_t rows, float* tile) {
    const FormatTraits& format = kFormats[request_.b.format];
    const int64_t groups = (request_.k + 3) / 4;
    const Slice slice = {&request_.b, column, 1, 0, 0, request_.n, request_.k};
    PackedColumns packed = {};
    for (int v = 0; v < kTileVectors; v++) {
      const PackedRows at(slice, v * kLanes);
      packed.vectors[v] = request_.b.elements +
                          (at.panel * groups * kPackedRows + at.row) * 4 * stored_bits(format) / 8;
    }
    packed.steps = groups;
    packed.offset = b_.largest;
    const IntegerCall call = {a_panels_,  nullptr,    starts_,
                              a_scales_,  b_scales_,  blocks_here(),
                              block_ / 4, sum_steps_, power_of_two(-shift_)[0],
                              tile,       true};
    kPackedTiles[request_.b.format].by_rows[block_ == 32 ? 0 : 1][rows - 1](call, packed);
  }

#if defined(OCT_HAS_SPLIT)
  // All of k at once, some panels side by side.
  void multiply_split(int64_t rows) {
    const Operand& b = request_.b;
    const FormatTraits& format = kFormats[b.format];
    const int64_t groups = (request_.k + 3) / 4;
    const int panels = split_panels(rows);
    // scales of E8M0 are added to the exponents of A's where these are normal numbers
    const bool has_panels_of_scales = b.block_columns != 0 && b.block_rows == 1;
    const int64_t panel_scales =
        has_panels_of_scales ? (request_.k + b.block_columns - 1) / b.block_columns * kPackedRows
                             : 0;
    ScaleRange a_range = {255, 0};
    for (int64_t block = 0; block < blocks_here(); block++) {
      for (int64_t i = 0; i < rows; i++) {
        const int32_t exponent = load<int32_t>(a_scales_ + block * kPanelRows + i) >> 23 & 0xFF;
        a_range.least = exponent < a_range.least ? exponent : a_range.least;
        a_range.most = exponent > a_range.most ? exponent : a_range.most;
      }
    }
    const bool may_be_powers = has_panels_of_scales && b.scale_format == Format::E8M0 &&
                               b.block_columns == block_ && block_ == 32 && a_range.least > 0 &&
                               a_range.most < 255;
    for (int64_t j = 0; j < columns_; j += panels * kTileColumns) {
      // a panel that there is not is the last one once more
      const auto slice_of = [&](int p) {
        const int64_t column =
            smaller(j + p * kTileColumns, round_down(columns_ - 1, kTileColumns));
        return Slice{&b,         j0_ + column, smaller(kTileColumns, columns_ - column), 0, depth_,
                     request_.n, request_.k};
      };
      SplitCall call = {};
      call.a = a_panels_;
      call.starts = starts_;
      call.a_scales = a_scales_;
      call.blocks = blocks_here();
      call.steps = groups;
      call.shift = shift_;
      call.accumulators = tiles_;
      call.next_scales = b.scales;
      bool are_powers = may_be_powers;
      for (int p = 0; p < panels; p++) {
        const int64_t panel = PackedRows(slice_of(p), 0).panel;
        call.panels[p] = b.elements + panel * groups * stored_bytes(format, 4 * kPackedRows);
        call.b_scales[p] = b_scales_ + p * blocks_ * kTileColumns;
        if (!has_panels_of_scales) continue;
        const int64_t scale_bytes = stored_bytes(kFormats[b.scale_format], panel_scales);
        call.powers[p] = b.scales + panel * scale_bytes;
        call.next_scales = call.powers[p] + scale_bytes;
        if (are_powers) {
          const ScaleRange range = range_of_bytes(call.powers[p], panel_scales);
          are_powers = a_range.least + range.least - 127 - shift_ > 0 &&
                       a_range.most + range.most - 127 < 255 && range.least > 0 && range.most < 255;
        }
      }
      if (!are_powers) {
        for (int p = 0; p < panels; p++) pack_b(slice_of(p), p);
      }
      for (int p = 0; p < panels; p++) clear_tile<kTileRows>(tiles_ + p * kTileSize);
      const SplitTiles& functions = kSplitTiles[b.format];
      (are_powers ? functions.with_powers
                  : functions.by_rows[block_ == 32 ? 0 : 1])[rows - 1](call);
      for (int64_t first = j; first < smaller(j + panels * kTileColumns, columns_);
           first += kTileColumns) {
        finish(tiles_ + (first - j) / kTileColumns * kTileSize, i0_, first, rows,
               smaller(kTileColumns, columns_ - first));
      }
    }
  }
#endif

  float* tile_at(int64_t row, int64_t column) const {
    const int64_t position =
        one_step_of_k() ? 0 : column / kTileColumns * tiles_down() + row / kTileRows;
    return tiles_ + position * kTileRows * kTileColumns;
  }

  void finish(const float* tile, int64_t row, int64_t column, int64_t rows, int64_t columns) const {
    finish_(request_, tile,
            tile_end(request_, row, j0_ + column, rows, columns, a_end_ + (row - i0_),
                     b_end_ + column, bias_ + column));
  }

  const MatmulRequest& request_;
  const int64_t block_;
  const IntegerElement a_, b_;
  const int32_t shift_;
  const int64_t sum_steps_, sums_of_block_;
  const int64_t rows_;
  const bool is_skinny_;  // few rows and a packed B
  const bool is_split_;   // and 4 bits
  const IntegerSteps steps_;
  const int64_t blocks_;  // in a step of k
  const FinishFunction finish_;
  bool adds_powers_;  // in the folded tiles
  const IntegerTileFunction* folded_;
  const IntegerTileFunction* wide_;

  int64_t a_stride_ = 0, b_stride_ = 0, starts_stride_ = 0;
  uint8_t *a_panels_ = nullptr, *b_panels_ = nullptr, *starts_ = nullptr;
  float *a_scales_ = nullptr, *folded_scales_ = nullptr, *b_scales_ = nullptr;
  ScaleRange *a_ranges_ = nullptr, *b_ranges_ = nullptr;
  float *a_end_ = nullptr, *b_end_ = nullptr, *bias_ = nullptr, *tiles_ = nullptr;

  // where the loops are
  int64_t j0_ = 0, columns_ = 0, i0_ = 0, k0_ = 0, depth_ = 0;
};

// The length of the runs along k that are summed before a scale applies.
int64_t block_length(const MatmulRequest& request) {
  const int64_t a = request.a.block_columns, b = request.b.block_columns;
  return a == 0 ? b : b == 0 ? a : smaller(a, b);
}

}  // namespace

bool matmul_integer_supports(const MatmulRequest& request) {
  const IntegerElement a = integer_element(kFormats[request.a.format]);
  const IntegerElement b = integer_element(kFormats[request.b.format]);
  return matmul_supports_formats(request) && a.largest != 0 && b.largest != 0 &&
         2 * b.largest <= kLargestUnsigned + 1 && steps_per_sum(a, b) > 0 &&
         block_length(request) % 16 == 0 && block_length(request) <= kLongestBlock;
}

int32_t matmul_integer(const MatmulRequest& request) {
  return IntegerLoop(request, block_length(request)).run();
}

}  // namespace OCT_TIER
}  // namespace octavo
