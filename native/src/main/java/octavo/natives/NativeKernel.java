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

  /** {@return the verdict on a request that reads one tensor and writes another} */
  Verdict consider(Operand in, Operand out, Host host) {
    Rejected objection = objection(host);
    if (objection == null) {
      objection = NativeFormats.objection(in.format().element());
    }
    if (objection == null) {
      objection = NativeFormats.objection(out.format().element());
    }
    if (objection == null) {
      objection = objection("the input", in);
    }
    if (objection == null) {
      objection = objection("the output", out);
    }
    return objection != null ? objection : eligible(1.4, "C++, vectors without branches");
  }

  /** {@return the verdict on a request that nothing speaks against} */
  Verdict eligible(double work, String note) {
    return new Verdict.Eligible(
        work * slowness() * (binding.backend().equals("jni") ? 1.05 : 1), note);
  }

  /** {@return a tensor of a running call} */
  static <T> T present(@Nullable T tensor) {
    if (tensor == null) {
      throw new IllegalStateException("a part of a call ran after its end");
    }
    return tensor;
  }

  /** {@return roughly how many times the time of the widest tier this one takes} */
  private double slowness() {
    return switch (tier.isa()) {
      case AVX512VNNI -> 0.9;
      case AVX512 -> 1;
      case AVXVNNI, NEON_DOTPROD -> 1.5;
      case AVX2, NEON -> 1.7;
      case PORTABLE -> 10;
    };
  }
}
