package octavo.natives;

import octavo.spi.Host;
import octavo.spi.Isa;
import octavo.spi.KernelId;
import octavo.spi.Operand;
import octavo.spi.Verdict;
import octavo.spi.Verdict.Rejected;
import org.jspecify.annotations.Nullable;

/**
 * What all native kernels have in common: one kernel of one tier, called through one binding.
 *
 * @param binding how it is called
 * @param tier the tier
 * @param stem operation and family, as in its id
 */
record NativeKernel(Binding binding, Binding.Tier tier, String stem) {

  KernelId id() {
    return new KernelId(binding.backend(), stem, tier.isa().id());
  }

  /** {@return why no call of this tier can run on a host}, or {@code null} */
  @Nullable Rejected objection(Host host) {
    if (tier.isa() == Isa.PORTABLE || host.backend(binding.backend()).isas().contains(tier.isa())) {
      return null;
    }
    return new Rejected(
        "the processor or the operating system does not offer %s; kernels of other tiers run"
            .formatted(tier.isa().id()));
  }

  /** {@return why a tensor cannot be passed to the library}, or {@code null} */
  @Nullable Rejected objection(String name, Operand operand) {
    if (!operand.unitColumnStride()) {
      return new Rejected(
          "neighbouring columns of %s, or their scales, are not neighbours in memory; copy it to a"
                  .formatted(name)
              + " tensor where they are");
    }
    String objection = binding.objection(operand.storage());
    return objection == null ? null : new Rejected("%s %s".formatted(name, objection));
  }

  /** {@return the verdict on a request that nothing speaks against} */
  Verdict eligible(double work) {
    return new Verdict.Eligible(
        work * slowness() * (binding.backend().equals("jni") ? 1.05 : 1),
        "C++, operands decoded once");
  }

  /** {@return roughly how many times the time of the widest tier this one takes} */
  private double slowness() {
    return switch (tier.isa()) {
      case AVX512, AVX512VNNI -> 1;
      case AVX2, AVXVNNI, NEON, NEON_DOTPROD -> 1.7;
      case PORTABLE -> 10;
    };
  }
}
