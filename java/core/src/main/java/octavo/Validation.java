package octavo;

import java.util.Arrays;
import java.util.List;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The only checks that a call's arguments get. Kernels rely on them. */
final class Validation {

  /** What block formats are made of and expand to. */
  static final List<Format> PLAIN = List.of(Formats.FP32, Formats.BF16, Formats.FP16);

  private static final List<Format> PRODUCTS = List.of(Formats.FP32, Formats.BF16);

  private Validation() {}

  static void convert(Tensor in, Tensor out) {
    elementFormat("convert input", in);
    elementFormat("convert output", out);
    sameShape("convert", in, out);
    apart("convert", "input", in, out);
  }

  static void quantize(Tensor in, Tensor out) {
    oneOf("quantize input", in, PLAIN, "convert it to FP32 first");
    blockFormat("quantize output", out, "to cast without scales use convert");
    sameShape("quantize", in, out);
    apart("quantize", "input", in, out);
  }

  static void dequantize(Tensor in, Tensor out) {
    blockFormat("dequantize input", in, "to cast codes without scales use convert");
    oneOf("dequantize output", out, PLAIN, "dequantize to FP32, then convert");
    sameShape("dequantize", in, out);
    apart("dequantize", "input", in, out);
  }

  static void matmul(Tensor a, Tensor b, @Nullable Tensor bias, Tensor out) {
    matrix("matmul a", a);
    matrix("matmul b", b);
    matrix("matmul output", out);
    if (a.columns() != b.columns()) {
      throw new IllegalArgumentException(
          "matmul a is %s and b is %s: a has K = %d columns, b has %d; b holds one row per output column"
              .formatted(a, b, a.columns(), b.columns()));
    }
    if (out.rows() != a.rows() || out.columns() != b.rows()) {
      throw new IllegalArgumentException(
          "matmul output is %s; %s times transposed %s gives [%d, %d]"
              .formatted(out, a, b, a.rows(), b.rows()));
    }
    oneOf("matmul output", out, PRODUCTS, "convert or quantize the result afterwards");
    int lengthA = blockColumns(a);
    int lengthB = blockColumns(b);
    if (lengthA != 0
        && lengthB != 0
        && Math.max(lengthA, lengthB) % Math.min(lengthA, lengthB) != 0) {
      throw new IllegalArgumentException(
          "matmul a is %s and b is %s: blocks of %d and %d; one length must divide the other"
              .formatted(a, b, lengthA, lengthB));
    }
    if (bias != null) {
      if (!bias.format().equals(Formats.FP32) || bias.rank() != 1 || bias.columns() != b.rows()) {
        throw new IllegalArgumentException(
            "matmul bias is %s; it must be FP32 [%d]".formatted(bias, b.rows()));
      }
      if (!bias.unitColumnStride()) {
        throw new IllegalArgumentException("matmul bias must be consecutive in memory");
      }
      apart("matmul", "bias", bias, out);
    }
    apart("matmul", "a", a, out);
    apart("matmul", "b", b, out);
  }

  private static int blockColumns(Tensor tensor) {
    return tensor.format() instanceof BlockFormat block ? block.blockColumns() : 0;
  }

  private static void matrix(String what, Tensor tensor) {
    if (tensor.rank() != 2) {
      throw new IllegalArgumentException(
          "%s is %s; a matrix has 2 dimensions: reshape it or take a slice"
              .formatted(what, tensor));
    }
  }

  private static void elementFormat(String what, Tensor tensor) {
    if (tensor.format() instanceof BlockFormat) {
      throw new IllegalArgumentException(
          "%s is %s, which has scales: use quantize or dequantize".formatted(what, tensor));
    }
  }

  private static void blockFormat(String what, Tensor tensor, String remedy) {
    if (!(tensor.format() instanceof BlockFormat)) {
      throw new IllegalArgumentException(
          "%s is %s; it must be in a block format such as MXFP4: %s"
              .formatted(what, tensor, remedy));
    }
  }

  private static void oneOf(String what, Tensor tensor, List<Format> formats, String remedy) {
    if (!formats.contains(tensor.format())) {
      throw new IllegalArgumentException(
          "%s is %s; its format must be one of %s: %s".formatted(what, tensor, formats, remedy));
    }
  }

  private static void sameShape(String op, Tensor in, Tensor out) {
    if (!sameShape(in, out)) {
      throw new IllegalArgumentException(
          "%s input is %s and output %s: the shapes %s and %s differ"
              .formatted(op, in, out, Arrays.toString(in.shape()), Arrays.toString(out.shape())));
    }
  }

  private static boolean sameShape(Tensor in, Tensor out) {
    if (in.rank() != out.rank()) {
      return false;
    }
    for (int d = 0; d < in.rank(); d++) {
      if (in.dimension(d) != out.dimension(d)) {
        return false;
      }
    }
    return true;
  }

  private static void apart(String op, String what, Tensor in, Tensor out) {
    if (out.overlaps(in)) {
      throw new IllegalArgumentException(
          "%s output %s overlaps its %s %s in memory; give the output memory of its own"
              .formatted(op, out, what, in));
    }
  }
}
