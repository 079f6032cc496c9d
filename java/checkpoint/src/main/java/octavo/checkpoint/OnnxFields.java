package octavo.checkpoint;

/**
 * The numbers of the protobuf fields that are read, from {@code onnx.proto}, message by message.
 */
final class OnnxFields {

  // ModelProto
  static final int IR_VERSION = 1;
  static final int GRAPH = 7;

  // GraphProto
  static final int NODE = 1;
  static final int INITIALIZER = 5;

  // NodeProto
  static final int NODE_INPUT = 1;
  static final int NODE_OUTPUT = 2;
  static final int NODE_NAME = 3;
  static final int NODE_OP_TYPE = 4;
  static final int NODE_ATTRIBUTE = 5;
  static final int NODE_DOMAIN = 7;

  // AttributeProto
  static final int ATTRIBUTE_NAME = 1;
  static final int ATTRIBUTE_FLOAT = 2;
  static final int ATTRIBUTE_INT = 3;
  static final int ATTRIBUTE_INTS = 8;

  // TensorProto
  static final int DIMS = 1;
  static final int DATA_TYPE = 2;
  static final int SEGMENT = 3;
  static final int FLOAT_DATA = 4;
  static final int INT32_DATA = 5;
  static final int STRING_DATA = 6;
  static final int INT64_DATA = 7;
  static final int TENSOR_NAME = 8;
  static final int RAW_DATA = 9;
  static final int DOUBLE_DATA = 10;
  static final int UINT64_DATA = 11;
  static final int EXTERNAL_DATA = 13;
  static final int DATA_LOCATION = 14;

  // StringStringEntryProto
  static final int KEY = 1;
  static final int VALUE = 2;

  private OnnxFields() {}
}
