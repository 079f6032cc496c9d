/** Test support: the suite that every provider of kernels is run through. */
module octavo.conformance {
  requires static org.jspecify;
  requires transitive octavo;
  requires transitive org.junit.jupiter.api;

  exports octavo.conformance;
}
