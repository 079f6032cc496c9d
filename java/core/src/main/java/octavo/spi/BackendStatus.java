package octavo.spi;

import java.util.List;

/**
 * Whether a backend can run on a host.
 *
 * @param backend its name: one of {@link Overrides#BACKENDS}
 * @param available whether its kernels can run
 * @param detail what was found: version, path, width; if not available, why, and the remedy
 * @param isas the instruction sets that both the backend and the processor have, ascending
 * @param vectorBits the width of its vectors in bits; 0 where there is no single one
 */
public record BackendStatus(
    String backend, boolean available, String detail, List<Isa> isas, int vectorBits) {

  /** Copies the list. */
  public BackendStatus {
    isas = List.copyOf(isas);
  }

  /**
   * {@return the status of a backend that cannot run}
   *
   * @param backend its name
   * @param reason why, and the remedy
   */
  public static BackendStatus absent(String backend, String reason) {
    return new BackendStatus(backend, false, reason, List.of(), 0);
  }
}
