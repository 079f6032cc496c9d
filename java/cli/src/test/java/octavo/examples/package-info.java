/** The samples in the README: compiled and run by the tests. */
@NullMarked
package octavo.examples;

import org.jspecify.annotations.NullMarked;
