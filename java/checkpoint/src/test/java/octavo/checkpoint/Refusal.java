package octavo.checkpoint;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Insists that something is refused, and that the refusal says why. */
final class Refusal {

  private Refusal() {}

  static CheckpointException of(Executable action, String part) {
    var refusal = assertThrows(CheckpointException.class, action);
    String message = String.valueOf(refusal.getMessage());
    assertTrue(message.contains(part), message);
    return refusal;
  }
}
