package octavo.checkpoint;

/**
 * How much data a tensor must have by its type and shape.
 *
 * @param tensor the tensor's name, type and shape, for messages
 * @param type its type
 * @param elements the product of its shape
 * @param offset the byte of the file at which the tensor starts
 */
record OnnxTensorSize(String tensor, OnnxDataType type, long elements, long offset) {

  /** {@return the bytes of the data in memory} */
  long byteSize() {
    return type.byteSize(elements);
  }

  /** Insists that there is as much as there must be. */
  void check(long found, String unit, long wanted, WireReader in) throws CheckpointException {
    if (found != wanted) {
      throw in.corrupt(
          offset,
          tensor + " has " + found + " " + unit + " of data",
          "by its type and shape it has " + wanted);
    }
  }
}
