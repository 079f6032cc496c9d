/**
 * The command {@code octavo}: one class per subcommand, {@link octavo.cli.Main} the root.
 *
 * <p>Results go to standard output, progress and errors to standard error. The exit status is 0, 1
 * for a failure, or 2 for a wrong command line.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.cli;

import org.jspecify.annotations.NullMarked;
