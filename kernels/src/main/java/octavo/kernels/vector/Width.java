package octavo.kernels.vector;

import java.util.Locale;
import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * The widths of vectors that the Vector API kernels exist in. Every kernel exists in every width on
 * every machine, since the Vector API computes any width anywhere; {@link #objection} says which
 * are worth running.
 */
public enum Width {
  /** Four FP32 lanes: SSE and Advanced SIMD. */
  BITS_128(128, Isa.PORTABLE, 2.5),
  /** Eight FP32 lanes: AVX2. */
  BITS_256(256, Isa.AVX2, 1.6),
  /** Sixteen FP32 lanes: AVX-512. */
  BITS_512(512, Isa.AVX512, 1.0);

  private final int bits;
  private final Isa x86;
  private final double slowness;

  Width(int bits, Isa x86, double slowness) {
    this.bits = bits;
    this.x86 = x86;
    this.slowness = slowness;
  }

  /** {@return the width in bits} */
  public int bits() {
    return bits;
  }

  /** {@return the FP32 lanes} */
  public int lanes() {
    return bits / Float.SIZE;
  }

  /** {@return the width as kernel ids spell it} */
  public String variant() {
    return Integer.toString(bits);
  }

  /** {@return roughly how many times the time of the widest kernel this width takes} */
  public double slowness() {
    return slowness;
  }

  /** {@return the instructions that this width needs on this machine's architecture} */
  public Isa isa() {
    return isa(System.getProperty("os.arch", ""));
  }

  /**
   * {@return the instructions that this width needs}
   *
   * @param arch the architecture, as {@code os.arch} spells it
   */
  public Isa isa(String arch) {
    return switch (arch.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64" -> x86;
      case "aarch64" -> Isa.NEON;
      default -> Isa.PORTABLE;
    };
  }

  /**
   * {@return why kernels of this width should not run on a host}, or {@code null} if they should
   *
   * @param host the machine
   */
  public Verdict.@Nullable Rejected objection(Host host) {
    if (!host.optimizingCompiler()) {
      return new Verdict.Rejected(
          "the Java virtual machine runs without C2, and interpreted Vector API code is slower than"
              + " plain loops");
    }
    if (!host.fma()) {
      return new Verdict.Rejected(
          "the processor has no fused multiply-add, which Vector API code would emulate slowly");
    }
    int forced = host.overrides().vectorBits();
    if (forced != 0) {
      return forced == bits ? null : new Verdict.Rejected("-Doctavo.vector.bits=" + forced);
    }
    int preferred = host.backend("vector").vectorBits();
    return bits <= preferred
        ? null
        : new Verdict.Rejected(
            "the host's vectors have "
                + preferred
                + " bits; -Doctavo.vector.bits="
                + bits
                + " emulates wider ones, slowly");
  }
}
