/**
 * Readers for checkpoint files.
 *
 * <p>A checkpoint is mapped, not loaded: opening one reads its directory, and a tensor's data is a
 * slice of the mapping. An {@link java.lang.foreign.Arena} that the caller names owns the mapping.
 * Files of more than 2 GiB are ordinary.
 *
 * <p>Files are not trusted. Whatever is wrong with one is reported as a {@link
 * octavo.checkpoint.CheckpointException} that says where; the operating system's own refusals (no
 * such file, no permission) stay the {@link java.io.IOException}s they are. One thing cannot be
 * checked: a file that is cut short by someone else while it is mapped makes reads of the lost part
 * fail with the JDK's {@link java.lang.InternalError}.
 *
 * <p>Everything here is immutable once opened and safe for use by as many threads as the arena
 * allows. No parameter accepts {@code null} and no method returns it, unless its type says so.
 */
@NullMarked
package octavo.checkpoint;

import org.jspecify.annotations.NullMarked;
