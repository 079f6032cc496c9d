package octavo.natives;

import java.util.List;
import octavo.natives.ffm.FfmProvider;
import octavo.natives.jni.JniProvider;
import octavo.spi.BackendStatus;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;

/** The program of {@link LibraryLoadingTest}: says in a line each what became of the backends. */
public final class Probe {

  private Probe() {}

  /**
   * Prints the status of both backends.
   *
   * @param arguments none
   */
  public static void main(String... arguments) {
    for (KernelProvider provider : List.of(new FfmProvider(), new JniProvider())) {
      BackendStatus status = provider.probe(Overrides.ofSystemProperties());
      System.out.println(
          "%s %s %s"
              .formatted(
                  status.backend(), status.available() ? "available" : "absent", status.detail()));
    }
  }
}
