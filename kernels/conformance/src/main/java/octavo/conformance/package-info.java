/**
 * The conformance suite: every kernel that a host can run, on declared products of formats, shapes,
 * layouts, memories and values, gives the bits of the reference kernel.
 *
 * <p>Test support. A module that brings kernels extends {@link
 * octavo.conformance.KernelConformance} in its tests and names its backends; the kernels come from
 * the registry.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.conformance;

import org.jspecify.annotations.NullMarked;
