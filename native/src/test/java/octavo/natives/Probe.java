package octavo.natives;

import java.util.List;
import octavo.Ops;
import octavo.format.Formats;
import octavo.natives.ffm.FfmProvider;
import octavo.natives.jni.JniProvider;
import octavo.spi.BackendStatus;
import octavo.spi.KernelProvider;
import octavo.spi.Overrides;
import octavo.tensor.Tensor;

/**
 * The program of {@link LibraryLoadingTest}: says in a line each what became of the backends, and
 * multiplies with what is there.
 */
public final class Probe {

  private Probe() {}

  /**
   * Prints the status of both backends and a product.
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
    Tensor out = Tensor.allocateHeap(Formats.FP32, 1, 1);
    Ops.matmul(Tensor.of(new float[] {1, 2}, 1, 2), Tensor.of(new float[] {3, 4}, 1, 2), out);
    System.out.println("product " + out.get(0, 0));
  }
}
