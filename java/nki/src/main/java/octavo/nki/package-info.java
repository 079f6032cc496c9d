/**
 * What a NeuronCore computes, on any JVM: {@link octavo.nki.Nisa} has the instructions of {@code
 * nki.isa}, {@link octavo.nki.NeuronCore} what each generation allows, {@link octavo.nki.MxTile}
 * and {@link octavo.nki.MxLayout} the packed layouts.
 *
 * <p><b>What is exact and what is not.</b> Formats, layouts, scale rules, the rounding and the
 * saturation of casts are those of AWS's documentation, to the bit. Nothing public defines the
 * order in which the Tensor Engine adds, the polynomials of the Scalar Engine, or the generator
 * behind stochastic rounding; there the definitions are Octavo's own ({@link
 * octavo.spi.MatmulKernel}, {@link octavo.nki.ActivationFunction}, {@link
 * octavo.format.StochasticBits}) and results agree with a device to a tolerance only. AWS compares
 * its own references with devices at a relative 2e-2.
 *
 * <p>Sources: AWS Neuron SDK documentation as of SDK 2.31 (NKI 0.6), {@code nki.isa}, {@code
 * nki.language}, the architecture guides of Trainium, Trainium2 and Trainium3, and the guide to
 * MXFP matrix multiplication; where those are silent, the references that AWS publishes with its
 * kernels, under their own names.
 *
 * <p>No parameter accepts {@code null} and no method returns it, unless marked otherwise.
 */
@NullMarked
package octavo.nki;

import org.jspecify.annotations.NullMarked;
