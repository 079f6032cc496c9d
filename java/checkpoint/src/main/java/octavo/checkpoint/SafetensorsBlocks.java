package octavo.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.Optional;
import octavo.format.BlockFormat;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/** Finds codes and scales that belong together, by {@link SafetensorsCheckpoint#blocks}'s table. */
final class SafetensorsBlocks {

  private static final int MX_BLOCK_BYTES = 16;
  private static final int DEEPSEEK_BLOCK = 128;

  private final SafetensorsCheckpoint file;
  private final Arena arena;

  SafetensorsBlocks(SafetensorsCheckpoint file, Arena arena) {
    this.file = file;
    this.arena = arena;
  }

  Tensor find(String name) {
    for (String separator : new String[] {"_", "."}) {
      Optional<SafetensorsEntry> blocks = file.find(name + separator + "blocks");
      if (blocks.isPresent()) {
        return mxfp4(blocks.get(), required(blocks.get(), name + separator + "scales"));
      }
    }
    Optional<SafetensorsEntry> packed = file.find(name + "_packed");
    if (packed.isPresent()) {
      SafetensorsEntry global = required(packed.get(), name + "_global_scale");
      return nvfp4(packed.get(), required(packed.get(), name + "_scale"), 1.0f / factor(global));
    }
    SafetensorsEntry codes =
        file.find(name)
            .orElseThrow(() ->
                new NoSuchElementException(
                    "%s has none of '%s', '%s_blocks', '%s.blocks' and '%s_packed'"
                        .formatted(file.file(), name, name, name, name)));
    Optional<SafetensorsEntry> second = file.find(name + "_scale_2");
    if (second.isPresent() && codes.type() == SafetensorsType.U8) {
      return nvfp4(codes, required(codes, name + "_scale"), factor(second.get()));
    }
    ElementFormat element =
        switch (codes.type()) {
          case F8_E4M3 -> Formats.E4M3FN;
          case F8_E5M2 -> Formats.E5M2;
          default ->
              throw new UnsupportedOperationException(
                  codes + ": only F8_E4M3 and F8_E5M2 have scales like that; read its tensor()");
        };
    Optional<SafetensorsEntry> inverse = file.find(name + "_scale_inv");
    return inverse.isPresent()
        ? tiles(codes, inverse.get(), element)
        : rows(codes, required(codes, name + "_scale"), element);
  }

  private SafetensorsEntry required(SafetensorsEntry codes, String name) {
    return file.find(name)
        .orElseThrow(() ->
            new UnsupportedOperationException(
                "%s: %s has no '%s' beside it".formatted(codes, file.file(), name)));
  }

  /** Blocks of 16 bytes, 32 codes, in the last dimension: the codes of a row follow each other. */
  private static Tensor mxfp4(SafetensorsEntry blocks, SafetensorsEntry scales) {
    long[] shape = blocks.shape();
    int last = shape.length - 1;
    boolean isScale =
        scales.type() == SafetensorsType.U8 || scales.type() == SafetensorsType.F8_E8M0;
    if (last < 1
        || shape[last] != MX_BLOCK_BYTES
        || blocks.type() != SafetensorsType.U8
        || !isScale
        || !Arrays.equals(scales.shape(), Arrays.copyOf(shape, last))) {
      throw mismatch(blocks, scales, "U8 [..., G, 16] and U8 [..., G]");
    }
    long[] elements = Arrays.copyOf(shape, last);
    elements[last - 1] *= 2L * MX_BLOCK_BYTES;
    return Tensor.ofBlocks(
        Formats.MXFP4,
        blocks.data(),
        Tensor.of(Formats.E8M0, scales.data(), scales.shape()),
        MemorySegment.NULL,
        elements);
  }

  private Tensor nvfp4(SafetensorsEntry packed, SafetensorsEntry scales, float factor) {
    long[] shape = packed.shape();
    int last = shape.length - 1;
    long[] perBlock = shape.clone();
    if (last >= 0) {
      shape[last] *= 2;
      perBlock[last] = shape[last] / Formats.NVFP4.blockColumns();
    }
    if (last < 0
        || shape[last] % Formats.NVFP4.blockColumns() != 0
        || packed.type() != SafetensorsType.U8
        || scales.type() != SafetensorsType.F8_E4M3
        || !Arrays.equals(scales.shape(), perBlock)) {
      throw mismatch(packed, scales, "U8 [..., K/2] and F8_E4M3 [..., K/16]");
    }
    MemorySegment tensorScale = arena.allocate(Float.BYTES);
    tensorScale.set(Codes.FLOAT, 0, factor);
    return Tensor.ofBlocks(Formats.NVFP4, packed.data(), scales.tensor(), tensorScale, shape);
  }

  private Tensor tiles(SafetensorsEntry codes, SafetensorsEntry scales, ElementFormat element) {
    long[] shape = codes.shape();
    long[] tiles = shape.clone();
    for (int d = Math.max(0, shape.length - 2); d < shape.length; d++) {
      tiles[d] = Math.ceilDiv(shape[d], (long) DEEPSEEK_BLOCK);
    }
    if (shape.length < 2 || !Arrays.equals(scales.shape(), tiles)) {
      throw mismatch(codes, scales, "[..., N, K] and [..., ceil(N/128), ceil(K/128)]");
    }
    BlockFormat format = Formats.scaled(element, DEEPSEEK_BLOCK, DEEPSEEK_BLOCK);
    return Tensor.ofBlocks(format, codes.data(), fp32(scales, tiles), MemorySegment.NULL, shape);
  }

  private Tensor rows(SafetensorsEntry codes, SafetensorsEntry scales, ElementFormat element) {
    long[] shape = codes.shape();
    int last = shape.length - 1;
    if (scales.elementCount() == 1 && scales.shape().length <= 1 && last >= 0) {
      BlockFormat format = Formats.scaled(element, BlockFormat.WHOLE, BlockFormat.WHOLE);
      return Tensor.ofBlocks(
          format, codes.data(), fp32(scales, new long[] {1}), MemorySegment.NULL, shape);
    }
    long[] rows = shape.clone();
    if (last >= 1) {
      rows[last] = 1;
    }
    boolean each =
        Arrays.equals(scales.shape(), rows)
            || (last >= 1 && Arrays.equals(scales.shape(), Arrays.copyOf(shape, last)));
    if (last < 1 || !each) {
      throw mismatch(codes, scales, "[..., N, K] and [], [1], [..., N] or [..., N, 1]");
    }
    BlockFormat format = Formats.scaled(element, 1, BlockFormat.WHOLE);
    return Tensor.ofBlocks(format, codes.data(), fp32(scales, rows), MemorySegment.NULL, shape);
  }

  /** The factor of a whole tensor. */
  private float factor(SafetensorsEntry scale) {
    if (scale.elementCount() != 1 || scale.type() != SafetensorsType.F32) {
      throw new UnsupportedOperationException(
          scale + ": the factor of a whole tensor is one F32 number");
    }
    return scale.data().get(Codes.FLOAT, 0);
  }

  private Tensor fp32(SafetensorsEntry scales, long[] shape) {
    return switch (scales.type()) {
      case F32 -> Tensor.of(Formats.FP32, scales.data(), shape);
      case BF16, F16 -> widened(scales, shape);
      default ->
          throw new UnsupportedOperationException(scales + ": such scales are F32, BF16 or F16");
    };
  }

  private Tensor widened(SafetensorsEntry scales, long[] shape) {
    ElementFormat narrow = scales.type().format().orElseThrow();
    MemorySegment wide = arena.allocate(scales.elementCount() * Float.BYTES, Float.BYTES);
    for (long i = 0; i < scales.elementCount(); i++) {
      wide.setAtIndex(Codes.FLOAT, i, narrow.decode(Codes.get(scales.data(), narrow, i)));
    }
    return Tensor.of(Formats.FP32, wide, shape);
  }

  private static UnsupportedOperationException mismatch(
      SafetensorsEntry codes, SafetensorsEntry scales, String wanted) {
    return new UnsupportedOperationException(
        "%s and %s do not go together; it takes %s".formatted(codes, scales, wanted));
  }
}
