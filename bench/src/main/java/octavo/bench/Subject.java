package octavo.bench;

import java.util.Locale;
import java.util.Map;
import octavo.format.BlockFormat;
import octavo.format.Format;
import octavo.format.Formats;
import org.jspecify.annotations.Nullable;

/**
 * One thing to time: an operation on a shape in some formats, done by somebody. Its {@link #id} is
 * the only parameter of the JMH benchmark, so a forked process knows all of it.
 *
 * <p>Formats are written {@code FP32>E4M3FN} for conversions, with {@code ~stochastic} behind if
 * they round so, and {@code FP32*MXFP4} for products. {@code FP32>MXFP4*MXFP4} is a product whose
 * left operand is given in FP32 and quantized within the time.
 *
 * @param op {@code matmul}; {@code gemv}, a product of few rows with weights from DRAM; {@code
 *     small}; {@code convert}; {@code quantize}; {@code dequantize}; {@code pack} and {@code
 *     unpack}, between rows and NKI's tiles; {@code call}, next to no work; or {@code cold}, the
 *     first product of a process
 * @param shape {@code MxNxK} of products, {@code rowsxcolumns} of the rest
 * @param formats the formats
 * @param contender a backend of Octavo, with {@code +packed} if the weights are packed before, with
 *     {@code +nki} if operands are NKI's tiles, with a pattern such as {@code +4:16} if the weights
 *     are sparse; {@code nki}, the layouts; or a peer
 * @param threads the threads that the work may use
 */
public record Subject(String op, String shape, String formats, String contender, int threads) {

  /** Bits per weight of the formats that only peers have. */
  private static final Map<String, Double> PEER_BITS =
      Map.of(
          "F32", 32.0, "BF16", 16.0, "Q8_0", 8.5, "U8", 8.0, "S8", 8.0, "INT4", 5.0, "Q4", 5.0,
          "Q8", 9.0);

  /** {@return the subject with an id} */
  public static Subject of(String id) {
    String[] parts = id.split("/");
    return new Subject(parts[0], parts[1], parts[2], parts[3], Integer.parseInt(parts[4]));
  }

  /** {@return all parts with slashes between} */
  public String id() {
    return String.join("/", op, shape, formats, contender, Integer.toString(threads));
  }

  /** {@return the size in a dimension: 0 to 2 for M, N, K, 0 to 1 for rows and columns} */
  public long size(int dimension) {
    return Long.parseLong(shape.split("x")[dimension]);
  }

  /** {@return whether this is a product} */
  public boolean product() {
    return !op.contains("convert") && !op.contains("quantize") && !layout() && !op.equals("call");
  }

  /** {@return whether codes move to or from NKI's tiles, which no backend does} */
  public boolean layout() {
    return op.equals("pack") || op.equals("unpack");
  }

  /** {@return the contender without what was done before the time} */
  public String library() {
    int plus = contender.indexOf('+');
    return plus < 0 ? contender : contender.substring(0, plus);
  }

  /** {@return whether it is a call of a function that does nothing} */
  public boolean emptyCall() {
    return shape.equals(CallWork.SHAPE);
  }

  /** {@return whether Octavo does it} */
  public boolean octavo() {
    return layout() || octavo.spi.Overrides.BACKENDS.contains(library());
  }

  /** {@return the format of the right operand, or of the result of a conversion} */
  public String target() {
    String plain = formats.replaceFirst("~.*", "");
    return plain.substring(Math.max(plain.lastIndexOf('*'), plain.lastIndexOf('>')) + 1);
  }

  /** {@return the format that is given: of the left operand, or of what is converted} */
  public String source() {
    return formats.split("[*>~]")[0];
  }

  /** {@return floating-point operations of a product} */
  public double operations() {
    return 2.0 * size(0) * size(1) * size(2);
  }

  /** {@return bytes of all weights of a product, scales included} */
  public double weightBytes() {
    return size(1) * size(2) * bits(target()) / 8;
  }

  /** {@return bytes read and written by a conversion} */
  public double bytesMoved() {
    return size(0) * size(1) * (bits(source()) + bits(target())) / 8;
  }

  /** {@return what the machine can do at most of this} */
  public Limit limit() {
    return switch (op) {
      case "call", "cold" -> Limit.NONE;
      case "matmul", "small" -> Limit.FMA;
      case "gemv" -> size(0) == 1 ? Limit.READ : Limit.ROOFLINE;
      default -> Limit.COPY;
    };
  }

  /** {@return the unit of {@link #rate}} */
  public String unit() {
    return switch (limit()) {
      case NONE -> op.equals("cold") ? "ms" : "ns";
      case FMA, ROOFLINE -> "GFLOP/s";
      case READ, COPY -> "GB/s";
    };
  }

  /** {@return what is reached at a time per run in nanoseconds, in the unit} */
  public double rate(double nanoseconds) {
    return switch (limit()) {
      case NONE -> op.equals("cold") ? nanoseconds / 1e6 : nanoseconds;
      case FMA, ROOFLINE -> operations() / nanoseconds;
      case READ -> weightBytes() / nanoseconds;
      case COPY -> bytesMoved() / nanoseconds;
    };
  }

  /** {@return the width of the weights or codes, by which results are grouped} */
  public String family() {
    if (op.equals("call")) {
      return "";
    }
    double bits = bits(target().equals("FP32") ? source() : target());
    return bits > 16 ? "32 bit" : bits > 9 ? "16 bit" : bits > 5 ? "8 bit" : "4 bit";
  }

  /** {@return bits of one number in a format, scales within rows included} */
  public static double bits(String format) {
    Double peer = PEER_BITS.get(format);
    if (peer != null) {
      return peer;
    }
    Format known = Formats.byName(format);
    double code = known.element().storageBits();
    @Nullable BlockFormat block = known instanceof BlockFormat b ? b : null;
    return block != null && block.scalesWithinRow()
        ? code + (double) block.scale().bits() / (block.blockRows() * block.blockColumns())
        : code;
  }

  /** {@return the shape for a person} */
  public String shapeText() {
    if (emptyCall()) {
      return "of an empty function";
    }
    if (product()) {
      return shape.replace("x", " x ");
    }
    long elements = size(0) * size(1);
    return elements >= 1 << 20
        ? String.format(Locale.ROOT, "%d Mi elements", elements >> 20)
        : elements >= 1 << 10
            ? String.format(Locale.ROOT, "%d Ki elements", elements >> 10)
            : elements + " elements";
  }
}
