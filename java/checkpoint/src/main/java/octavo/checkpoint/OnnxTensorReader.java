package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import octavo.checkpoint.WireReader.Outer;

/**
 * Reads one {@code TensorProto}.
 *
 * <p>In two passes, since the fields come in any order and what the data should be is only known at
 * the end: the first notes what there is without touching data, the second, over the same bytes,
 * decodes typed data where there is any.
 */
final class OnnxTensorReader {

  /** More dimensions than anything computes with. */
  private static final int MAX_RANK = 64;

  /** Element counts up to this have byte sizes that fit in a {@code long}, whatever the type. */
  private static final long MAX_ELEMENTS = Long.MAX_VALUE / 128;

  private final WireReader in;
  private final OnnxExternalData external;
  private final Arena arena;

  private final Map<String, String> location = new HashMap<>();
  private long start;
  private String name = "";
  private long typeNumber;
  private long[] shape = {};
  private MemorySegment raw = MemorySegment.ofArray(new byte[0]);
  private int typedField;
  private boolean isExternal;

  private OnnxTensorReader(WireReader in, OnnxExternalData external, Arena arena) {
    this.in = in;
    this.external = external;
    this.arena = arena;
  }

  /** Reads the tensor whose tag has just been read. */
  static OnnxInitializer read(int tag, WireReader in, OnnxExternalData external, Arena arena)
      throws IOException {
    return new OnnxTensorReader(in, external, arena).read(tag);
  }

  private OnnxInitializer read(int tag) throws IOException {
    start = in.tagOffset();
    Outer graph = in.enter(tag, "initializer");
    long from = in.position();
    while (in.hasNext()) {
      field(in.tag());
    }
    long to = in.position();
    in.leave(graph);
    if (name.isEmpty()) {
      throw in.corrupt(start, "an initializer without a name", "nodes refer to it by name");
    }
    OnnxDataType type = type();
    var wanted =
        new OnnxTensorSize(
            "'" + name + "' " + type + Arrays.toString(shape), type, elements(), start);
    return new OnnxInitializer(name, type, shape, data(wanted, from, to));
  }

  private void field(int tag) throws IOException {
    switch (WireReader.number(tag)) {
      case OnnxFields.DIMS -> dims(tag);
      case OnnxFields.DATA_TYPE -> typeNumber = in.varint(tag, "data_type");
      case OnnxFields.SEGMENT ->
          throw in.unsupported(
              in.tagOffset(),
              "an initializer stored as a segment",
              "only whole tensors are read",
              "save the model again with a current exporter");
      case OnnxFields.FLOAT_DATA,
          OnnxFields.INT32_DATA,
          OnnxFields.STRING_DATA,
          OnnxFields.INT64_DATA,
          OnnxFields.DOUBLE_DATA,
          OnnxFields.UINT64_DATA ->
          typedData(tag);
      case OnnxFields.TENSOR_NAME -> name = in.string(tag, "an initializer's name");
      case OnnxFields.RAW_DATA -> raw = in.slice(tag, "raw_data");
      case OnnxFields.EXTERNAL_DATA -> externalEntry(tag);
      case OnnxFields.DATA_LOCATION -> {
        long value = in.varint(tag, "data_location");
        if (value != 0 && value != 1) {
          throw in.corrupt(
              in.tagOffset(), "data_location is " + value, "0 is in the file, 1 is external");
        }
        isExternal = value == 1;
      }
      default -> in.skip(tag);
    }
  }

  private void dims(int tag) throws IOException {
    if (WireReader.isLengthDelimited(tag)) {
      Outer tensor = in.enter(tag, "dims");
      while (in.hasNext()) {
        addDimension(in.varint("a dimension"));
      }
      in.leave(tensor);
    } else {
      addDimension(in.varint(tag, "a dimension"));
    }
  }

  private void addDimension(long dimension) throws CheckpointException {
    if (dimension < 0) {
      throw in.corrupt(in.tagOffset(), "a dimension is " + dimension, "it is at least 0");
    }
    if (shape.length == MAX_RANK) {
      throw in.corrupt(
          in.tagOffset(), "more than " + MAX_RANK + " dimensions", MAX_RANK + " are read");
    }
    shape = Arrays.copyOf(shape, shape.length + 1);
    shape[shape.length - 1] = dimension;
  }

  private void typedData(int tag) throws IOException {
    int field = WireReader.number(tag);
    boolean isEmpty = false;
    if (WireReader.isLengthDelimited(tag)) {
      long length = in.length(tag, "typed data");
      in.take(length, "typed data");
      isEmpty = length == 0 && field != OnnxFields.STRING_DATA;
    } else {
      in.skip(tag);
    }
    if (isEmpty) {
      return;
    }
    if (typedField != 0 && typedField != field) {
      throw in.corrupt(
          in.tagOffset(),
          "data in field " + field + " after data in field " + typedField,
          "a tensor has its data in one field");
    }
    typedField = field;
  }

  private void externalEntry(int tag) throws IOException {
    long entryStart = in.tagOffset();
    Outer tensor = in.enter(tag, "external_data");
    String key = "";
    String value = "";
    while (in.hasNext()) {
      int entryTag = in.tag();
      switch (WireReader.number(entryTag)) {
        case OnnxFields.KEY -> key = in.string(entryTag, "a key of external_data");
        case OnnxFields.VALUE -> value = in.string(entryTag, "a value of external_data");
        default -> in.skip(entryTag);
      }
    }
    in.leave(tensor);
    if (location.putIfAbsent(key, value) != null) {
      throw in.corrupt(entryStart, "external_data has '" + key + "' twice", "keys are distinct");
    }
  }

  private OnnxDataType type() throws CheckpointException {
    if (typeNumber == 0) {
      throw in.corrupt(start, "'" + name + "' has no data_type", "an initializer has one");
    }
    int number = typeNumber == (int) typeNumber ? (int) typeNumber : 0;
    return OnnxDataType.of(number)
        .orElseThrow(() ->
            in.unsupported(
                start,
                "'" + name + "' has data_type " + typeNumber,
                "types 1 to " + OnnxDataType.values().length + " are known",
                "save the model for an earlier version of ONNX"));
  }

  private long elements() throws CheckpointException {
    long count = 1;
    boolean isEmpty = false;
    for (long dimension : shape) {
      isEmpty |= dimension == 0;
      // Zeros are left out of the product, so that the others are bounded wherever a zero stands.
      long factor = Math.max(dimension, 1);
      if (count > MAX_ELEMENTS / factor) {
        throw in.corrupt(
            start,
            "'" + name + "' has shape " + Arrays.toString(shape),
            "a shape's product is at most " + MAX_ELEMENTS);
      }
      count *= factor;
    }
    return isEmpty ? 0 : count;
  }

  private MemorySegment data(OnnxTensorSize wanted, long from, long to) throws IOException {
    boolean isRaw = raw.byteSize() > 0;
    if ((isRaw ? 1 : 0) + (typedField != 0 ? 1 : 0) + (isExternal ? 1 : 0) > 1) {
      throw in.corrupt(start, wanted.tensor() + " has data in two places", "data is in one");
    }
    if (wanted.type() == OnnxDataType.STRING && (isRaw || isExternal)) {
      throw in.corrupt(
          start, wanted.tensor() + " has its data as bytes", "strings are in string_data");
    }
    if (typedField != 0 && typedField != wanted.type().typedField()) {
      throw in.corrupt(
          start,
          wanted.tensor() + " has its data in field " + typedField,
          "that type has it in field " + wanted.type().typedField());
    }
    if (isExternal) {
      return external.slice(location, wanted, in);
    }
    if (typedField != 0) {
      return OnnxTypedData.read(in.over(from, to, "initializer"), wanted, arena);
    }
    if (wanted.type() == OnnxDataType.STRING) {
      wanted.check(0, "strings", wanted.elements(), in);
    } else {
      wanted.check(raw.byteSize(), "bytes", wanted.byteSize(), in);
    }
    return raw;
  }
}
