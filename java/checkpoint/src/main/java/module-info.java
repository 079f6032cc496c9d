/**
 * Checkpoint files and tensors: reads weights where they lie in a mapped file.
 *
 * <p>protobuf-java is an automatic module: its name is in its manifest and will not change.
 */
@SuppressWarnings("requires-automatic")
module octavo.checkpoint {
  requires static transitive org.jspecify;
  requires transitive octavo;
  requires com.google.protobuf;

  exports octavo.checkpoint;
}
