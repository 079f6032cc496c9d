package octavo.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import octavo.tensor.Tensor;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes a safetensors file of any size in little memory.
 *
 * <p>Tensors are declared first, with where their bytes will come from; {@link #write} then asks
 * for the bytes in pieces. The file is written beside its place, forced to the disk and moved there
 * when it is whole: nobody ever sees half of it, and a failure leaves what was there.
 *
 * {@snippet :
 * new SafetensorsWriter()
 *     .metadata("format", "pt")
 *     .add("norm.weight", norm)
 *     .write(Path.of("model.safetensors"));
 * }
 *
 * <p>As the format's own writer does, tensors of wide elements come first, so that all are aligned
 * to their elements, and the header is filled up with spaces to a multiple of 8 bytes; otherwise
 * the order is that of the declarations. Not safe for use by several threads.
 */
public final class SafetensorsWriter {

  /** Bytes that are asked for and written at once. */
  private static final int PIECE = 4 << 20;

  private static final int ALIGNMENT = 8;
  private static final JsonFactory JSON = new JsonFactory();

  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final List<Declared> tensors = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  private record Declared(
      String name, SafetensorsType type, List<Long> shape, long byteSize, Content content) {}

  /** Makes a writer without tensors. */
  public SafetensorsWriter() {}

  /** Where the bytes of a tensor come from. */
  public interface Content {

    /**
     * Gives a piece of the tensor's bytes. Pieces are asked for in order, each once.
     *
     * @param offset the first byte's position in the tensor
     * @param target takes as many bytes as it has; valid during the call only
     * @throws IOException if the bytes are not to be had; the writer gives up
     */
    void read(long offset, MemorySegment target) throws IOException;

    /**
     * {@return content that lies in memory}
     *
     * @param data the bytes
     */
    static Content of(MemorySegment data) {
      return (offset, target) -> MemorySegment.copy(data, offset, target, 0, target.byteSize());
    }
  }

  /**
   * Adds a text that the file holds about itself.
   *
   * @param name its name; a text of the same name is replaced
   * @param text the text
   * @return this
   */
  public SafetensorsWriter metadata(String name, String text) {
    metadata.put(name, text);
    return this;
  }

  /**
   * Declares a tensor.
   *
   * @param name its name
   * @param type the type of its elements
   * @param shape its dimensions; none for a scalar
   * @param content gives its bytes
   * @return this
   * @throws IllegalArgumentException if the name is taken or reserved, or the elements are no whole
   *     number of bytes below 2^60
   */
  public SafetensorsWriter add(String name, SafetensorsType type, long[] shape, Content content) {
    if (name.equals("__metadata__")) {
      throw new IllegalArgumentException(
          "a tensor must not be called __metadata__; that name is the file's own");
    }
    long byteSize;
    try {
      long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      if (Arrays.stream(shape).anyMatch(dimension -> dimension < 0)) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(shape) + " has a negative dimension");
      }
      byteSize = type.byteSize(count);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "'%s' %s%s has more than 2^63 bits".formatted(name, type, Arrays.toString(shape)), e);
    }
    if (!names.add(name)) {
      throw new IllegalArgumentException("there is a tensor called '" + name + "' already");
    }
    tensors.add(new Declared(name, type, Arrays.stream(shape).boxed().toList(), byteSize, content));
    return this;
  }

  /**
   * Declares a tensor of plain numbers. It is read when the file is written.
   *
   * @param name its name
   * @param tensor its numbers, consecutive in memory, in a format that the files have a type for
   * @return this
   * @throws IllegalArgumentException if the name is taken or reserved, the files have no such type,
   *     or the numbers are not consecutive
   */
  public SafetensorsWriter add(String name, Tensor tensor) {
    SafetensorsType type =
        tensor.format() instanceof octavo.format.ElementFormat format
            ? SafetensorsType.of(format).orElseThrow(() -> noType(name, tensor))
            : throwNoType(name, tensor);
    long byteSize = type.byteSize(tensor.size());
    if (tensor.data().byteSize() != byteSize || !tensor.unitColumnStride()) {
      throw new IllegalArgumentException(
          "'%s' %s is a view with gaps; copy it to a tensor of its own".formatted(name, tensor));
    }
    return add(name, type, tensor.shape(), Content.of(tensor.data()));
  }

  private static SafetensorsType throwNoType(String name, Tensor tensor) {
    throw noType(name, tensor);
  }

  private static IllegalArgumentException noType(String name, Tensor tensor) {
    return new IllegalArgumentException(
        "'%s' %s: safetensors files have no type for that format; write codes and scales as tensors"
            .formatted(name, tensor));
  }

  /**
   * Writes the file.
   *
   * @param file where it goes; what is there is replaced
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the header exceeds {@link SafetensorsCheckpoint#MAX_HEADER}
   */
  public void write(Path file) throws IOException {
    write(file, bytes -> {});
  }

  /**
   * Writes the file.
   *
   * @param file where it goes; what is there is replaced
   * @param progress is told of each piece how many bytes it had
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the header exceeds {@link SafetensorsCheckpoint#MAX_HEADER}
   */
  public void write(Path file, LongConsumer progress) throws IOException {
    // A stable sort: among equals the order of the declarations stays.
    List<Declared> ordered = new ArrayList<>(tensors);
    ordered.sort(Comparator.comparingInt((Declared tensor) -> tensor.type.bits()).reversed());
    byte[] header = header(ordered);
    Path beside = NewFile.beside(file);
    try {
      try (FileChannel channel =
              FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          Arena arena = Arena.ofConfined()) {
        writeAll(channel, ByteBuffer.wrap(header));
        MemorySegment piece = arena.allocate(PIECE, 64);
        for (Declared tensor : ordered) {
          for (long offset = 0; offset < tensor.byteSize; offset += PIECE) {
            MemorySegment part = piece.asSlice(0, Math.min(PIECE, tensor.byteSize - offset));
            tensor.content.read(offset, part);
            writeAll(channel, part.asByteBuffer());
            progress.accept(part.byteSize());
          }
        }
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private byte[] header(List<Declared> ordered) {
    var bytes = new ByteArrayOutputStream();
    try (JsonGenerator json =
        JSON.createGenerator(ObjectWriteContext.empty(), bytes, JsonEncoding.UTF8)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeName("__metadata__");
        json.writeStartObject();
        metadata.forEach((name, text) -> json.writeStringProperty(name, text));
        json.writeEndObject();
      }
      long begin = 0;
      for (Declared tensor : ordered) {
        long end = Math.addExact(begin, tensor.byteSize);
        json.writeName(tensor.name);
        json.writeStartObject();
        json.writeStringProperty("dtype", tensor.type.name());
        json.writeName("shape");
        json.writeStartArray();
        tensor.shape.forEach(json::writeNumber);
        json.writeEndArray();
        json.writeName("data_offsets");
        json.writeArray(new long[] {begin, end}, 0, 2);
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    int padded = Math.ceilDiv(bytes.size(), ALIGNMENT) * ALIGNMENT;
    if (padded > SafetensorsCheckpoint.MAX_HEADER) {
      throw new IllegalArgumentException(
          "a header of %d bytes; a file may have %d: write several files"
              .formatted(padded, SafetensorsCheckpoint.MAX_HEADER));
    }
    byte[] header = new byte[Long.BYTES + padded];
    Arrays.fill(header, (byte) ' ');
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(bytes.toByteArray());
    return header;
  }
}
