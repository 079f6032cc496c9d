package octavo.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import octavo.format.ElementFormat;
import octavo.tensor.Tensor;

/**
 * A named tensor of a safetensors file.
 *
 * <p>Its elements are row-major and little-endian. They start at whatever byte the file has them
 * at: read them with the {@code _UNALIGNED} layouts of {@link java.lang.foreign.ValueLayout}.
 */
public final class SafetensorsEntry {

  private final String name;
  private final SafetensorsType type;
  private final long[] shape;
  private final MemorySegment data;

  SafetensorsEntry(String name, SafetensorsType type, long[] shape, MemorySegment data) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.data = data.asReadOnly();
  }

  /** {@return the name, unique in its file} */
  public String name() {
    return name;
  }

  /** {@return the type of the elements} */
  public SafetensorsType type() {
    return type;
  }

  /** {@return the lengths of the dimensions, outermost first; empty for a scalar} */
  public long[] shape() {
    return shape.clone();
  }

  /** {@return the number of elements: the product of the shape} */
  public long elementCount() {
    return data.byteSize() * Byte.SIZE / type.bits();
  }

  /** {@return the elements, read-only: a slice of the mapped file} */
  public MemorySegment data() {
    return data;
  }

  /**
   * {@return the elements as a tensor}, which shares {@link #data()}; a scalar has the shape [1]
   *
   * @throws UnsupportedOperationException if there is no {@linkplain SafetensorsType#format format}
   *     for the type, or if rows of 4-bit elements start within a byte, as tensors' do not
   * @throws IllegalArgumentException if a tensor cannot have that many dimensions
   */
  public Tensor tensor() {
    ElementFormat format =
        type.format()
            .orElseThrow(() ->
                new UnsupportedOperationException(
                    this + ": tensors have no format of that type; read its data()"));
    long[] dimensions = shape.length == 0 ? new long[] {1} : shape;
    long columns = dimensions[dimensions.length - 1];
    if (columns * type.bits() % Byte.SIZE != 0 && elementCount() != columns) {
      throw new UnsupportedOperationException(
          this + ": its rows start within bytes, those of a tensor on bytes; read its data()");
    }
    return Tensor.of(format, data, dimensions);
  }

  /** {@return name, type and shape} */
  @Override
  public String toString() {
    return name + " " + type + Arrays.toString(shape);
  }
}
