package octavo.natives;

import java.util.ArrayList;
import java.util.List;
import octavo.spi.BackendStatus;
import octavo.spi.Isa;
import octavo.spi.Kernel;

/** The kernels of a loaded library. */
public final class NativeKernels {

  private NativeKernels() {}

  /**
   * {@return the kernels of every tier that a library was built with}, also of those that this
   * machine cannot run
   *
   * @param binding how they are called
   */
  public static List<Kernel<?>> of(Binding binding) {
    List<Kernel<?>> kernels = new ArrayList<>();
    for (Binding.Tier tier : binding.tiers()) {
      kernels.add(new ConvertNative(binding, tier));
      kernels.add(new QuantizeNative(binding, tier));
      kernels.add(new DequantizeNative(binding, tier));
      kernels.add(new MatmulPlainNative(binding, tier));
      kernels.add(new MatmulBlockNative(binding, tier));
    }
    return List.copyOf(kernels);
  }

  /**
   * {@return the status of a backend whose library is loaded}
   *
   * @param binding how it is called
   * @param detail what was loaded from where
   */
  public static BackendStatus status(Binding binding, String detail) {
    List<Isa> isas =
        binding.tiers().stream()
            .filter(Binding.Tier::runs)
            .map(Binding.Tier::isa)
            .sorted()
            .toList();
    return new BackendStatus(binding.backend(), true, detail, isas, 0);
  }
}
