package octavo.cli;

/** Ends a command with exit status 1 and one line on standard error. */
final class CommandFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what failed.
   *
   * @param message one line, with the remedy
   */
  CommandFailure(String message) {
    super(message);
  }
}
