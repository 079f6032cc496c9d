package octavo;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import octavo.format.BlockFormat;
import octavo.format.BlockScaling;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.NibbleOrder;
import octavo.format.Overflow;
import octavo.spi.Workers;
import octavo.tensor.Tensor;

/**
 * How a specification, a chip or another project casts and quantizes, under the name that its users
 * know: what becomes of overflow, infinity, NaN and halfway cases in each format, how scales follow
 * from blocks, and where four-bit codes lie.
 *
 * {@snippet :
 * Tensor codes = Policy.TORCH.convert(x, Formats.E4M3FN, arena); // as x.to(torch.float8_e4m3fn)
 * Tensor same = Ops.convert(x, Formats.E4M3FN, Policy.TORCH.cast(Formats.E4M3FN), arena);
 * Tensor blocks = Policy.GGML.quantize(w, Formats.MXFP4, arena); // as quantize_mxfp4
 * }
 *
 * <p>{@link #convert} and {@link #quantize} give the policy's own bits, also where no {@link Cast}
 * or {@link Quantization} would: a NaN has the policy's NaN code, ties fall as they do there. Where
 * one does, {@link #cast} and {@link #quantization} name it, for {@link Ops} with all its kernels;
 * these promise the same bits for numbers and a NaN for NaN.
 *
 * <p>A policy covers the formats that its origin has, and refuses others with their names. The
 * README has a table of where the policies differ, computed from this class. Safe for use by any
 * number of threads.
 */
public enum Policy {
  /**
   * The OCP specifications: OFP8 1.0 with saturation, which the MX specification demands of blocks,
   * and MX 1.0 with the scale of its sample algorithm (section 6.3).
   *
   * <p>The specifications leave open, and this policy sets as {@link octavo.format.ScaleRule} and
   * {@link ElementFormat#encode} state: what NaN becomes in FP4 and FP6, what scale a block with
   * NaN or infinity has, and the order of four-bit codes.
   */
  OCP,

  /**
   * AWS Trainium 1 and Inferentia 2 (NeuronCore-v2): E5M2, the IEEE-like E4M3 (largest value 240)
   * and E3M4; no E4M3FN, no MX.
   *
   * <p>Nearest even; beyond the largest value infinity. Nothing public tells the bits of NaN; they
   * are those of ml_dtypes, on which AWS's simulator is built. Blocks have FP32 scales as {@link
   * BlockScaling} defines them, since AWS defines none.
   */
  TRN1,

  /** AWS Trainium 2 (NeuronCore-v3): in all that is decided here like {@link #TRN1}. */
  TRN2,

  /**
   * AWS Trainium 3 (NeuronCore-v4): the formats of {@link #TRN2} and OCP's E4M3FN, of which too
   * large numbers become NaN; MXFP8 by the rule documented for {@code nki.isa.quantize_mx} since
   * NKI 0.5.0, {@link octavo.format.ScaleRule#TRAINIUM}. The instruction has no FP4 output.
   */
  TRN3,

  /**
   * The Python library ml_dtypes 0.5 and 0.6, from FP32: nearest even, beyond the largest value
   * infinity, else NaN, else (FP4, FP6) the largest value. NaN becomes the zero of the other sign
   * in FP4 and FP6. It has no blocks.
   */
  ML_DTYPES,

  /**
   * PyTorch 2.13 on a CPU: E4M3FN saturates, infinity included (before 2.13 it became NaN); E5M2
   * and the FNUZ formats do not; E8M0 passes over the sign. FP16 keeps the payload of NaN, BF16 has
   * 0xFFFF for every NaN: what its vector code does, which x86-64 runs.
   *
   * <p>Blocks are those of torchao's {@code to_mx} in its default mode FLOOR, and of its {@code
   * nvfp4_quantize} with two levels. The codes of blocks whose scale is NaN mean nothing and are
   * not torchao's.
   */
  TORCH,

  /**
   * ONNX Runtime 1.29 on a CPU, the operator {@code Cast} with its defaults: FP8 saturates,
   * infinity included; E8M0 rounds up and gives the least power for negative numbers. Its FP8 codes
   * cannot be read, only what they decode to, so that the codes of NaN are this library's. It makes
   * no blocks by itself.
   */
  ORT,

  /**
   * ggml 0.25: blocks as {@code quantize_mxfp4} and {@code quantize_nvfp4} make them, ties toward
   * zero and no negative zero; casts to BF16 and FP16 as {@code ggml_fp32_to_bf16_row} and {@code
   * ggml_fp32_to_fp16_row} make them. It has no FP8.
   *
   * <p>Codes and scales are those of ggml in this library's layout; {@link #nibbleOrder} tells how
   * ggml's own blocks differ.
   */
  GGML;

  /** {@return the formats of elements that this policy casts to} */
  public List<ElementFormat> castFormats() {
    return Formats.elements().stream().filter(format -> PolicyRules.casts(this, format)).toList();
  }

  /** {@return the block formats that this policy quantizes to, of those that have a constant} */
  public List<BlockFormat> blockFormats() {
    return Formats.blocks().stream().filter(format -> PolicyRules.quantizes(this, format)).toList();
  }

  /**
   * {@return the code of a number}: the definition of {@link #convert}
   *
   * @param format a format that this policy casts to
   * @param value any number
   * @throws UnsupportedOperationException if it does not cast to that format
   */
  public int encode(ElementFormat format, float value) {
    return PolicyRules.cast(this, format).encode(value);
  }

  /**
   * {@return the cast for {@link Ops} that gives this policy's bits for every number, and a NaN for
   * NaN}
   *
   * @param format a format that this policy casts to
   * @throws UnsupportedOperationException if it does not cast to that format, or no {@link Cast}
   *     does the same; {@link #convert} does
   */
  public Cast cast(ElementFormat format) {
    Cast plain = PolicyRules.cast(this, format).plain();
    if (plain == null) {
      throw new UnsupportedOperationException(
          "no Cast gives the bits of %s in %s; use %s.convert".formatted(this, format, this));
    }
    return plain;
  }

  /**
   * Casts numbers to another format, NaN to this policy's code of it.
   *
   * <p>On the threads of {@link Ops}, for the most part by table. A table takes at most 256 KiB and
   * is made once for each policy and pair of formats. The payload of a NaN counts in FP32 alone: in
   * other formats every NaN is the quiet one of its sign.
   *
   * @param in numbers in any element format
   * @param out where the codes go: the same shape, other memory
   * @throws UnsupportedOperationException if this policy does not cast to that format
   * @throws IllegalArgumentException if shapes, formats or overlapping memory forbid the call
   */
  public void convert(Tensor in, Tensor out) {
    Validation.convert(in, out);
    PolicyRules.cast(this, out.element()).convert(in, out, workers(in, out));
  }

  /**
   * {@return numbers cast to another format, in a new tensor}
   *
   * @param in numbers in any element format
   * @param format the format of the result
   * @param arena owns the result
   */
  public Tensor convert(Tensor in, ElementFormat format, Arena arena) {
    PolicyRules.cast(this, format);
    Tensor out = Tensor.allocate(arena, format, in.shape());
    convert(in, out);
    return out;
  }

  /**
   * {@return the quantization for {@link Ops} that gives this policy's bits}
   *
   * @param format a format that this policy quantizes to
   * @throws UnsupportedOperationException if it does not quantize to that format, or no {@link
   *     Quantization} does the same; {@link #quantize} does
   */
  public Quantization quantization(BlockFormat format) {
    PolicyRules.requireBlocks(this, format);
    if (this == GGML) {
      throw new UnsupportedOperationException(
          "no Quantization gives the bits of GGML; use GGML.quantize");
    }
    return this == TRN3 ? Quantization.TRAINIUM : Quantization.OCP;
  }

  /**
   * Quantizes plain numbers.
   *
   * @param in FP32, BF16 or FP16 numbers
   * @param out where codes and scales go: the same shape, other memory
   * @throws UnsupportedOperationException if this policy does not quantize to that format
   * @throws IllegalArgumentException if shapes, formats or overlapping memory forbid the call
   */
  public void quantize(Tensor in, Tensor out) {
    Validation.quantize(in, out);
    BlockFormat format = (BlockFormat) out.format();
    PolicyRules.requireBlocks(this, format);
    if (this == GGML) {
      GgmlBlocks.quantize(in, out, workers(in, out));
    } else {
      Ops.quantize(in, out, quantization(format));
    }
  }

  /**
   * {@return plain numbers quantized, in a new tensor}
   *
   * @param in FP32, BF16 or FP16 numbers
   * @param format the format of the result
   * @param arena owns the result
   */
  public Tensor quantize(Tensor in, BlockFormat format, Arena arena) {
    PolicyRules.requireBlocks(this, format);
    Tensor out = Tensor.allocate(arena, format, in.shape());
    quantize(in, out);
    return out;
  }

  /**
   * {@return the code of the scale of one block}; the codes of its elements go to an array
   *
   * <p>The definition of {@link #quantize} for blocks within a row. The factor of the tensor, in
   * formats with one, is 1 here.
   *
   * @param format a format that this policy quantizes to
   * @param values a block of numbers
   * @param codes takes as many codes
   * @throws UnsupportedOperationException if this policy does not quantize to that format
   */
  public int quantizeBlock(BlockFormat format, float[] values, int[] codes) {
    PolicyRules.requireBlocks(this, format);
    if (this == GGML) {
      return GgmlBlocks.quantize(format, values, codes);
    }
    float amax = 0;
    for (float value : values) {
      amax = Math.max(amax, Math.abs(value));
    }
    int scale = BlockScaling.scaleCode(format, quantization(format).scaleRule(), amax, 1.0f);
    float factor = BlockScaling.factor(format, scale, 1.0f);
    for (int k = 0; k < values.length; k++) {
      float scaled = BlockScaling.divides(format) ? values[k] / factor : values[k] * factor;
      codes[k] = format.element().encode(scaled, Overflow.SATURATE);
    }
    return scale;
  }

  /** {@return where the four-bit codes of a block lie in the memory and files of its users} */
  public NibbleOrder nibbleOrder() {
    return switch (this) {
      case GGML -> NibbleOrder.HALVES;
      case ML_DTYPES -> NibbleOrder.BYTES;
      case OCP, TRN1, TRN2, TRN3, TORCH, ORT -> NibbleOrder.PAIRS;
    };
  }

  /** {@return the threads of {@link Ops}, or the caller alone where no other may read or write} */
  private static Workers workers(Tensor in, Tensor out) {
    return Ops.engine().workers(in.confined() || out.confined());
  }

  /** {@return names for a message} */
  static String names(List<?> formats) {
    return formats.isEmpty()
        ? "none"
        : formats.stream().map(Object::toString).collect(Collectors.joining(", "));
  }

  /**
   * {@return the policy with a name}
   *
   * @param name such as {@code torch}, in any case
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static Policy byName(String name) {
    for (Policy policy : values()) {
      if (policy.name().equals(name.toUpperCase(Locale.ROOT))) {
        return policy;
      }
    }
    throw new IllegalArgumentException(
        "no policy is called '%s'; the policies are %s".formatted(name, names(List.of(values()))));
  }
}
