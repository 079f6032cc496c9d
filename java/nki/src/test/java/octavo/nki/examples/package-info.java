/** Programs in the style of NKI kernels: compiled and run by the tests. */
@NullMarked
package octavo.nki.examples;

import org.jspecify.annotations.NullMarked;
