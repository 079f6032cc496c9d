/**
 * The kernels in Java: the reference kernels, which are the definition, and the Vector API kernels.
 */
module octavo.kernels {
  requires octavo;
  requires static jdk.incubator.vector;
  requires static org.jspecify;

  provides octavo.spi.KernelProvider with
      octavo.kernels.ReferenceProvider,
      octavo.kernels.ScalarProvider,
      octavo.kernels.VectorProvider;
}
