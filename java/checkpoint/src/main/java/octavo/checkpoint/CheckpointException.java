package octavo.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A checkpoint file that cannot be read as what it should be: damaged, cut short, of another kind,
 * or using something that this library does not read.
 *
 * <p>The message names the file, the byte at which reading stopped, what was found there, what
 * would have been right, and what to do.
 */
public final class CheckpointException extends IOException {

  private static final long serialVersionUID = 1L;

  /** The byte of the file at which the offending value starts. */
  private final long offset;

  /**
   * Says what is wrong with a file.
   *
   * @param file the file
   * @param offset the byte of the file at which the offending value starts
   * @param found what was found there
   * @param limit what would have been right
   * @param remedy what to do about it
   */
  CheckpointException(Path file, long offset, String found, String limit, String remedy) {
    super(file + ": at byte " + offset + ": " + found + "; " + limit + "; " + remedy);
    this.offset = offset;
  }

  /** {@return the byte of the file at which the offending value starts} */
  public long offset() {
    return offset;
  }
}
