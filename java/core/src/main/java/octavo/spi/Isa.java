package octavo.spi;

import java.util.Arrays;
import java.util.Locale;

/**
 * Instruction sets that kernels are built for, by architecture in ascending order. {@code
 * octavo.isa.max} limits which a kernel may use.
 */
public enum Isa {
  /** Whatever every processor of the architecture has. */
  PORTABLE,
  /** x86: AVX2, FMA and F16C. */
  AVX2,
  /** x86: AVX2 with the VNNI byte dot products. */
  AVXVNNI,
  /** x86: AVX-512 F, BW, VL and DQ. */
  AVX512,
  /** x86: AVX-512 with VNNI. */
  AVX512VNNI,
  /** Arm: Advanced SIMD. */
  NEON,
  /** Arm: Advanced SIMD with the byte dot products. */
  NEON_DOTPROD;

  /**
   * {@return whether this is a later instruction set of the same architecture than a limit}; any is
   * later than {@link #PORTABLE}
   *
   * @param limit the limit
   */
  public boolean exceeds(Isa limit) {
    boolean comparable = limit == PORTABLE || arm() == limit.arm();
    return this != PORTABLE && comparable && compareTo(limit) > 0;
  }

  private boolean arm() {
    return compareTo(NEON) >= 0;
  }

  /** {@return the name as kernel ids, overrides and the native library spell it} */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * {@return the instruction set with an id}
   *
   * @param id such as {@code avx2}
   * @throws IllegalArgumentException if there is none; the message lists the ids
   */
  public static Isa byId(String id) {
    return Arrays.stream(values())
        .filter(isa -> isa.id().equals(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no instruction set is called '%s'; valid are %s"
                    .formatted(id, Arrays.stream(values()).map(Isa::id).toList())));
  }
}
