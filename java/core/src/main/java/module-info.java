/**
 * Octavo's language: formats, tensors, operations, and the interface to kernels. Needs nothing but
 * {@code java.base} and no flags; kernels come from providers.
 */
module octavo {
  requires static transitive org.jspecify;

  exports octavo;
  exports octavo.dispatch;
  exports octavo.format;
  exports octavo.math;
  exports octavo.op;
  exports octavo.spi;
  exports octavo.tensor;

  uses octavo.spi.KernelProvider;
}
