package octavo.conformance;

import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Cases that are reported together.
 *
 * @param name what they have in common, such as the format of the input
 * @param cases makes the cases
 */
record CaseGroup(String name, Supplier<Stream<Case>> cases) {}
