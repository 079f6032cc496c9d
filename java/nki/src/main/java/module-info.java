/**
 * AWS Trainium's Neuron Kernel Interface (NKI) on ordinary tensors: its number formats, layouts and
 * instructions as its documentation states them. Needs no flags; kernels come from providers.
 */
module octavo.nki {
  requires transitive octavo;
  requires static transitive org.jspecify;

  exports octavo.nki;
}
