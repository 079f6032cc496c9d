/**
 * Checkpoint files and tensors: reads weights where they lie in a mapped file, writes them, and
 * makes them fit for Trainium.
 */
module octavo.checkpoint {
  requires static transitive org.jspecify;
  requires transitive octavo;
  requires com.google.protobuf;
  requires tools.jackson.core;

  exports octavo.checkpoint;
  exports octavo.checkpoint.trn;
}
