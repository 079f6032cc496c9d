package octavo.bench.peer;

import octavo.bench.Contender;
import octavo.bench.Subject;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.format.Overflow;
import octavo.format.Rounding;

/** Makes the {@link Contender} for a subject of a peer. */
public final class Peers {

  /** The error of FP32 sums, in units of the product of the norms. */
  static final double TOLERANCE_FP32 = 1e-5;

  /** The error where left operands are quantized to eight bits within the call. */
  static final double TOLERANCE_INT8 = 1e-2;

  private static final long ROTATED_BYTES = 96L << 20;

  private Peers() {}

  /** {@return the contender for a subject, its files being there} */
  public static Contender contender(Subject subject) {
    return switch (Peer.of(subject.library())) {
      case OPENBLAS -> new OpenBlas(subject);
      case ONEDNN -> new OneDnn(subject);
      case ONNX_RUNTIME -> new OnnxRuntime(subject);
      case GGML -> subject.product() ? new GgmlProduct(subject) : new GgmlConversion(subject);
      case JLAMA -> new Jlama(subject);
    };
  }

  /** {@return what is worth knowing of a peer that is there, with a comma before; or nothing} */
  public static String detail(Peer peer) {
    try {
      return switch (peer) {
        case OPENBLAS -> ", its kernels for " + OpenBlas.kernel();
        case GGML -> ", " + Ggml.cpu().getFileName();
        default -> "";
      };
    } catch (IllegalStateException | IllegalArgumentException e) {
      return ", but: " + e.getMessage();
    }
  }

  /** {@return how many copies of the weights are used in turn, so that no cache holds them} */
  static int copies(Subject subject) {
    return subject.op().equals("gemv") ? (int) Math.ceil(ROTATED_BYTES / subject.weightBytes()) : 1;
  }

  /**
   * Compares a code with that of the nearest number. One off is let pass: oneDNN rounds to FP16
   * first, which makes ties of numbers that are none.
   *
   * @throws IllegalStateException if it is further off
   */
  static void requireCode(ElementFormat format, int code, float value) {
    int expected =
        Formats.byName(format.name())
            .element()
            .encode(value, Rounding.NEAREST_EVEN, Overflow.SATURATE, 0);
    if (Math.abs(code - expected) > 1) {
      throw new IllegalStateException(
          "%s of %s has code %d, not %d".formatted(format.name(), value, code, expected));
    }
  }
}
