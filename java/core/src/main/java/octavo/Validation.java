package octavo;

import java.util.Arrays;
import java.util.List;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import octavo.op.Epilogue;
import octavo.tensor.PackedMatrix;
import octavo.tensor.SparseMatrix;
import octavo.tensor.Tensor;

/** The only checks that a call's arguments get. Kernels rely on them. */
final class Validation {

  /** What block formats are made of and expand to. */
  static final List<Format> PLAIN = List.of(Formats.FP32, Formats.BF16, Formats.FP16);

  static final List<Format> PRODUCTS = List.of(Formats.FP32, Formats.BF16);

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

  static void matmul(Tensor a, Tensor b, Epilogue epilogue, Tensor out) {
    matrices("matmul a", a);
    matrices("matmul b", b);
    matrices("matmul output", out);
    if (a.rank() != out.rank() || (b.rank() > 2 && b.rank() != a.rank())) {
      throw new IllegalArgumentException(
          "matmul a is %s, b is %s, output %s: a batch has the same outer dimensions in a, output and b, unless b is one matrix for all: reshape or take slices"
              .formatted(a, b, out));
    }
    long m = a.dimension(a.rank() - 2);
    long n = b.dimension(b.rank() - 2);
    if (a.columns() != b.columns()) {
      throw new IllegalArgumentException(
          "matmul a is %s and b is %s: a has K = %d columns, b has %d; b holds one row per output column"
              .formatted(a, b, a.columns(), b.columns()));
    }
    if (out.dimension(out.rank() - 2) != m || out.columns() != n) {
      throw new IllegalArgumentException(
          "matmul output is %s; %s times transposed %s gives [%d, %d]".formatted(out, a, b, m, n));
    }
    for (int d = 0; d < a.rank() - 2; d++) {
      if (out.dimension(d) != a.dimension(d)
          || (b.rank() > 2 && b.dimension(d) != a.dimension(d))) {
        throw new IllegalArgumentException(
            "matmul a is %s, b is %s, output %s: dimension %d of the batches differs"
                .formatted(a, b, out, d));
      }
    }
    blocks(a, b.format(), b);
    epilogue(epilogue, n, out);
    apart("matmul", "a", a, out);
    apart("matmul", "b", b, out);
  }

  static void matmul(Tensor a, PackedMatrix b, Epilogue epilogue, Tensor out) {
    matrices("matmul a", a);
    if (a.rank() != out.rank()) {
      throw new IllegalArgumentException(
          "matmul a is %s, output %s: a batch has the same outer dimensions in both: reshape one"
              .formatted(a, out));
    }
    if (a.columns() != b.columns()) {
      throw new IllegalArgumentException(
          "matmul a is %s and b is %s: a has K = %d columns, b has %d; b holds one row per output column"
              .formatted(a, b, a.columns(), b.columns()));
    }
    for (int d = 0; d < a.rank(); d++) {
      if (out.dimension(d) != (d == a.rank() - 1 ? b.rows() : a.dimension(d))) {
        throw new IllegalArgumentException(
            "matmul output is %s; %s times transposed %s gives %d columns and as many rows as a"
                .formatted(out, a, b, b.rows()));
      }
    }
    blocks(a, b.format(), b);
    epilogue(epilogue, b.rows(), out);
    apart("matmul", "a", a, out);
    apart("matmul", "b", b, out, out.overlaps(b));
  }

  static void matmul(Tensor a, SparseMatrix b, Tensor out) {
    matrix("matmul a", a);
    elementFormat("matmul a", a);
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
    apart("matmul", "a", a, out);
    apart("matmul", "b", b, out, out.overlaps(b));
  }

  private static void matrix(String what, Tensor tensor) {
    if (tensor.rank() != 2) {
      throw new IllegalArgumentException(
          "%s is %s; a matrix has 2 dimensions: reshape it or take a slice"
              .formatted(what, tensor));
    }
  }

  static void pack(Tensor b, Format activations) {
    if (b.rank() != 2) {
      throw new IllegalArgumentException(
          "only a matrix can be packed, not %s; reshape it or take a slice".formatted(b));
    }
    int lengthA = activations instanceof BlockFormat block ? block.blockColumns() : 0;
    int lengthB = b.format() instanceof BlockFormat block ? block.blockColumns() : 0;
    if (indivisible(lengthA, lengthB)) {
      throw new IllegalArgumentException(
          "%s cannot be packed for %s: blocks of %d and %d; one length must divide the other"
              .formatted(b, activations, lengthB, lengthA));
    }
  }

  private static void matrices(String what, Tensor tensor) {
    if (tensor.rank() < 2) {
      throw new IllegalArgumentException(
          "%s is %s; a matrix has 2 dimensions, a batch more: reshape it or take a slice"
              .formatted(what, tensor));
    }
  }

  private static void blocks(Tensor a, Format b, Object named) {
    int lengthA = a.format() instanceof BlockFormat block ? block.blockColumns() : 0;
    int lengthB = b instanceof BlockFormat block ? block.blockColumns() : 0;
    if (indivisible(lengthA, lengthB)) {
      throw new IllegalArgumentException(
          "matmul a is %s and b is %s: blocks of %d and %d; one length must divide the other"
              .formatted(a, named, lengthA, lengthB));
    }
  }

  private static boolean indivisible(int lengthA, int lengthB) {
    return lengthA != 0
        && lengthB != 0
        && Math.max(lengthA, lengthB) % Math.min(lengthA, lengthB) != 0;
  }

  private static void epilogue(Epilogue epilogue, long n, Tensor out) {
    Tensor bias = epilogue.bias();
    if (bias != null) {
      if (!bias.format().equals(Formats.FP32) || bias.rank() != 1 || bias.columns() != n) {
        throw new IllegalArgumentException(
            "matmul bias is %s; it must be FP32 [%d]".formatted(bias, n));
      }
      if (!bias.unitColumnStride()) {
        throw new IllegalArgumentException("matmul bias must be consecutive in memory");
      }
      apart("matmul", "bias", bias, out);
    }
    Tensor residual = epilogue.residual();
    if (residual != null) {
      oneOf("matmul residual", residual, PLAIN, "convert it first");
      if (!residual.sameShape(out)) {
        throw new IllegalArgumentException(
            "matmul residual is %s and output %s: the shapes differ".formatted(residual, out));
      }
      if (!residual.sameView(out)) {
        apart("matmul", "residual", residual, out);
      }
    }
    if (out.format() instanceof BlockFormat) {
      if (epilogue.scaleRule() == null || epilogue.rounding() == null) {
        throw new IllegalArgumentException(
            "matmul output is %s, and no rule says how its blocks are scaled; state it with Epilogue.withQuantization, or give an output in one of %s"
                .formatted(out, PRODUCTS));
      }
    } else if (!PRODUCTS.contains(out.format())
        && (epilogue.overflow() == null || epilogue.rounding() == null)) {
      throw new IllegalArgumentException(
          "matmul output is %s, and no rule says what is too large becomes; state it with Epilogue.withCast, or give an output in one of %s"
              .formatted(out, PRODUCTS));
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
    apart(op, what, in, out, out.overlaps(in));
  }

  private static void apart(String op, String what, Object in, Tensor out, boolean overlap) {
    if (overlap) {
      throw new IllegalArgumentException(
          "%s output %s overlaps its %s %s in memory; give the output memory of its own"
              .formatted(op, out, what, in));
    }
  }
}
