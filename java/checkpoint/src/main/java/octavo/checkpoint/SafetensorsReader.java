package octavo.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** Reads the header of a safetensors file, trusting nothing in it. */
final class SafetensorsReader {

  private static final String METADATA = "__metadata__";
  private static final String REMEDY = "get the file again, or write it again";
  private static final int LENGTH_BYTES = Long.BYTES;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** An object of objects of arrays: nothing is nested deeper, but what is passed over. */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(64)
                  .maxNameLength(1 << 20)
                  .maxStringLength((int) SafetensorsCheckpoint.MAX_HEADER)
                  .build())
          .build();

  private final Path file;
  private final MemorySegment bytes;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final List<Declared> declared = new ArrayList<>();

  /** The header's claim about one tensor. */
  private record Declared(
      String name, SafetensorsType type, List<Long> shape, long begin, long end, long offset) {

    long[] dimensions() {
      return shape.stream().mapToLong(Long::longValue).toArray();
    }
  }

  SafetensorsReader(Path file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  SafetensorsCheckpoint read() throws IOException {
    long fileSize = bytes.byteSize();
    if (fileSize < LENGTH_BYTES) {
      throw corrupt(
          0,
          "a file of " + fileSize + " bytes",
          "a safetensors file begins with 8 bytes, the length of its header");
    }
    long headerSize = bytes.get(LONG, 0);
    if (headerSize < 0 || headerSize > SafetensorsCheckpoint.MAX_HEADER) {
      throw corrupt(
          0,
          "a header of " + Long.toUnsignedString(headerSize) + " bytes",
          "it may have " + SafetensorsCheckpoint.MAX_HEADER);
    }
    if (headerSize > fileSize - LENGTH_BYTES) {
      throw corrupt(
          0,
          "a header of " + headerSize + " bytes",
          "after its length the file has " + (fileSize - LENGTH_BYTES));
    }
    MemorySegment header = bytes.asSlice(LENGTH_BYTES, headerSize);
    if (headerSize == 0 || header.get(ValueLayout.JAVA_BYTE, 0) != '{') {
      throw corrupt(
          LENGTH_BYTES,
          headerSize == 0
              ? "an empty header"
              : "byte 0x%02x".formatted(header.get(ValueLayout.JAVA_BYTE, 0)),
          "the header is a JSON object and begins with {");
    }
    try (JsonParser json =
        JSON.createParser(ObjectReadContext.empty(), new SegmentStream(header, 0))) {
      readHeader(json);
    } catch (JacksonException e) {
      throw corrupt(
          LENGTH_BYTES + Math.max(0, e.getLocation() == null ? 0 : e.getLocation().getByteOffset()),
          "a header that is no JSON (" + e.getOriginalMessage().replaceAll("\\s+", " ") + ")",
          "the header is one JSON object without repeated names");
    }
    return new SafetensorsCheckpoint(
        file, Collections.unmodifiableMap(metadata), entries(LENGTH_BYTES + headerSize));
  }

  private void readHeader(JsonParser json) throws IOException {
    json.nextToken();
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      expect(json, json.nextToken(), JsonToken.START_OBJECT, "'" + shown(name) + "'", "an object");
      if (name.equals(METADATA)) {
        readMetadata(json);
      } else {
        declared.add(readTensor(json, name));
      }
    }
    if (json.nextToken() != null) {
      throw corrupt(at(json), "more after the header's object", "only spaces may follow it");
    }
  }

  private void readMetadata(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      expect(
          json,
          json.nextToken(),
          JsonToken.VALUE_STRING,
          "'" + shown(name) + "' of " + METADATA,
          "a text");
      metadata.put(name, json.getString());
    }
  }

  private Declared readTensor(JsonParser json, String name) throws IOException {
    long offset = at(json);
    String tensor = "'" + shown(name) + "'";
    SafetensorsType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      switch (json.currentName()) {
        case "dtype" -> type = readType(json, tensor);
        case "shape" -> shape = readNumbers(json, "the shape of " + tensor);
        case "data_offsets" -> offsets = readNumbers(json, "data_offsets of " + tensor);
        default -> {
          json.nextToken();
          json.skipChildren();
        }
      }
    }
    if (type == null || shape == null || offsets == null) {
      throw corrupt(offset, tensor + " lacks " + missing(type, shape), "a tensor has all three");
    }
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw corrupt(
          offset,
          "data_offsets of " + tensor + " are " + Arrays.toString(offsets),
          "they are two, begin and end");
    }
    return new Declared(
        name, type, Arrays.stream(shape).boxed().toList(), offsets[0], offsets[1], offset);
  }

  private static String missing(@Nullable SafetensorsType type, long @Nullable [] shape) {
    return type == null ? "dtype" : shape == null ? "shape" : "data_offsets";
  }

  private SafetensorsType readType(JsonParser json, String tensor) throws IOException {
    expect(json, json.nextToken(), JsonToken.VALUE_STRING, "dtype of " + tensor, "a text");
    String type = json.getString();
    long offset = at(json);
    return SafetensorsType.of(type)
        .orElseThrow(() ->
            new CheckpointException(
                file,
                offset,
                "dtype of " + tensor + " is '" + shown(type) + "'",
                "known are " + Arrays.toString(SafetensorsType.values()),
                "convert the tensor to one of them"));
  }

  private long[] readNumbers(JsonParser json, String what) throws IOException {
    expect(json, json.nextToken(), JsonToken.START_ARRAY, what, "an array of whole numbers");
    long[] numbers = new long[4];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(
          json, json.currentToken(), JsonToken.VALUE_NUMBER_INT, what, "an array of whole numbers");
      boolean isLong = json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      if (!isLong || json.getLongValue() < 0) {
        throw corrupt(
            at(json), what + " has " + shown(json.getString()), "numbers are 0 to 2^63 - 1");
      }
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * count);
      }
      numbers[count++] = json.getLongValue();
    }
    return Arrays.copyOf(numbers, count);
  }

  private void expect(
      JsonParser json, @Nullable JsonToken token, JsonToken wanted, String what, String kind)
      throws CheckpointException {
    if (token != wanted) {
      String found = token == null ? "missing" : token.name().toLowerCase(java.util.Locale.ROOT);
      throw corrupt(at(json), what + " is " + found, "it is " + kind);
    }
  }

  /** Insists that the tensors cover the data without gap or overlap, and gives each its part. */
  private SequencedMap<String, SafetensorsEntry> entries(long dataStart) throws IOException {
    long dataSize = bytes.byteSize() - dataStart;
    declared.sort(Comparator.comparingLong(Declared::begin).thenComparingLong(Declared::end));
    var entries = new LinkedHashMap<String, SafetensorsEntry>();
    long next = 0;
    for (Declared tensor : declared) {
      String name = "'" + shown(tensor.name) + "'";
      long size = size(tensor, name);
      if (tensor.end - tensor.begin != size) {
        throw corrupt(
            tensor.offset,
            "%s has %d bytes of data".formatted(name, tensor.end - tensor.begin),
            "%s%s has %d".formatted(tensor.type, tensor.shape, size));
      }
      if (tensor.begin != next) {
        throw corrupt(
            tensor.offset,
            "the data of %s begin at %d".formatted(name, tensor.begin),
            "the tensor before ends at %d, and data have neither gaps nor overlaps"
                .formatted(next));
      }
      if (tensor.end > dataSize) {
        throw corrupt(
            tensor.offset,
            "the data of %s end at %d".formatted(name, tensor.end),
            "after its header the file has %d bytes".formatted(dataSize));
      }
      next = tensor.end;
      MemorySegment data = bytes.asSlice(dataStart + tensor.begin, size);
      entries.put(
          tensor.name, new SafetensorsEntry(tensor.name, tensor.type, tensor.dimensions(), data));
    }
    if (next != dataSize) {
      throw corrupt(
          dataStart + next,
          (dataSize - next) + " bytes after the last tensor",
          "tensors cover all of the data");
    }
    return entries;
  }

  private long size(Declared tensor, String name) throws IOException {
    try {
      long count = 1;
      for (long dimension : tensor.shape) {
        count = Math.multiplyExact(count, dimension);
      }
      return tensor.type.byteSize(count);
    } catch (ArithmeticException e) {
      throw corrupt(
          tensor.offset,
          "%s is %s%s".formatted(name, tensor.type, tensor.shape),
          "a tensor has less than 2^63 bits");
    } catch (IllegalArgumentException e) {
      throw corrupt(
          tensor.offset,
          "%s: %s".formatted(name, e.getMessage()),
          "elements of less than a byte fill whole bytes");
    }
  }

  private long at(JsonParser json) {
    return LENGTH_BYTES + Math.max(0, json.currentTokenLocation().getByteOffset());
  }

  /** A name as part of one line, however long and strange it is. */
  private static String shown(String name) {
    String line = name.replaceAll("\\p{Cntrl}", "?");
    return line.length() <= 120 ? line : line.substring(0, 120) + "...";
  }

  private CheckpointException corrupt(long offset, String found, String limit) {
    return new CheckpointException(file, offset, found, limit, REMEDY);
  }
}
