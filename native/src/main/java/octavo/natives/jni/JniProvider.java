package octavo.natives.jni;

import java.util.List;
import octavo.natives.NativeKernels;
import octavo.natives.NativeLibrary;
import octavo.natives.NativeLibrary.Location;
import octavo.spi.BackendStatus;
import octavo.spi.Kernel;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/** Backend {@code jni}: the native kernels through JNI. */
public final class JniProvider implements KernelProvider {

  static final String BACKEND = "jni";

  /** Made by {@link java.util.ServiceLoader}. */
  public JniProvider() {}

  @Override
  public BackendStatus probe(Overrides overrides) {
    return switch (NativeLibrary.locate(overrides)) {
      case Location.Absent(String reason) -> BackendStatus.absent(BACKEND, reason);
      case Location.Found found ->
          switch (JniLibrary.load(found)) {
            case JniLibrary.Refused(String reason) -> BackendStatus.absent(BACKEND, reason);
            case JniLibrary.Loaded loaded ->
                NativeKernels.status(new JniBinding(loaded.tiers()), loaded.detail());
          };
    };
  }

  @Override
  public List<Kernel<?>> kernels(BackendStatus status) {
    JniLibrary.Loaded loaded = JniLibrary.loaded();
    return status.available() && loaded != null
        ? NativeKernels.of(new JniBinding(loaded.tiers()))
        : List.of();
  }
}
