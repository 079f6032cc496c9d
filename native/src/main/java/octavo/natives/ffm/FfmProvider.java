package octavo.natives.ffm;

import java.util.List;
import octavo.natives.NativeKernels;
import octavo.natives.NativeLibrary;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.BackendStatus;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/** Backend {@code ffm}: the native kernels through the Foreign Function and Memory API. */
public final class FfmProvider implements KernelProvider {

  static final String BACKEND = "ffm";

  /** Made by {@link java.util.ServiceLoader}. */
  public FfmProvider() {}

  @Override
  public BackendStatus probe(Overrides overrides) {
    return switch (NativeLibrary.locate(overrides)) {
      case Location.Absent(String reason) -> BackendStatus.absent(BACKEND, reason);
      case Location.Found found ->
          switch (FfmLibrary.load(found.kernels())) {
            case FfmLibrary.Refused(String reason) -> BackendStatus.absent(BACKEND, reason);
            case FfmLibrary.Loaded loaded ->
                NativeKernels.status(new FfmBinding(loaded.tiers()), loaded.detail());
          };
    };
  }

  @Override
  public List<Kernel<?>> kernels(BackendStatus status) {
    FfmLibrary.Loaded loaded = FfmLibrary.loaded();
    return status.available() && loaded != null
        ? NativeKernels.of(new FfmBinding(loaded.tiers()))
        : List.of();
  }
}
