package octavo.nki;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import octavo.tensor.Codes;

/**
 * A tile of whole numbers, {@code [partitions, free]} row-major and little endian: indices,
 * predicates and bit patterns, which tensors have no format for.
 *
 * <p>A view of memory, as tensors are: errors are the segment's own.
 *
 * @param type the type of the numbers
 * @param data exactly the numbers
 * @param partitions the rows
 * @param free the numbers in a row
 */
public record IntegerTile(IntegerType type, MemorySegment data, long partitions, long free) {

  /**
   * Checks that sizes fit.
   *
   * @throws IllegalArgumentException if the segment is not as large as the numbers
   */
  public IntegerTile {
    if (partitions < 0 || free < 0) {
      throw new IllegalArgumentException("an integer tile of [%d, %d]".formatted(partitions, free));
    }
    long needed = Math.multiplyExact(Math.multiplyExact(partitions, free), type.bytes());
    if (data.byteSize() != needed) {
      throw new IllegalArgumentException(
          "segment of %d bytes; %s [%d, %d] needs %d"
              .formatted(data.byteSize(), type.type(), partitions, free, needed));
    }
  }

  /**
   * {@return a tile of zeros in a Java array}
   *
   * @param type the type of the numbers
   * @param partitions the rows
   * @param free the numbers in a row
   */
  public static IntegerTile allocate(IntegerType type, int partitions, int free) {
    int bytes = Math.multiplyExact(Math.multiplyExact(partitions, free), type.bytes());
    return new IntegerTile(type, MemorySegment.ofArray(new byte[bytes]), partitions, free);
  }

  /** {@return the number of numbers} */
  public long size() {
    return partitions * free;
  }

  /**
   * {@return a number}
   *
   * @param partition its row
   * @param column its place in the row
   * @throws IndexOutOfBoundsException if it is outside
   */
  public long get(long partition, long column) {
    return get(index(partition, column));
  }

  /**
   * Writes a number's low bits.
   *
   * @param partition its row
   * @param column its place in the row
   * @param value the number
   * @throws IndexOutOfBoundsException if it is outside
   */
  public void set(long partition, long column, long value) {
    set(index(partition, column), value);
  }

  private long index(long partition, long column) {
    java.util.Objects.checkIndex(partition, partitions);
    java.util.Objects.checkIndex(column, free);
    return partition * free + column;
  }

  long get(long index) {
    long bits =
        switch (type.bytes()) {
          case 1 -> data.get(ValueLayout.JAVA_BYTE, index);
          case 2 -> data.get(Codes.SHORT, index << 1);
          default -> data.get(Codes.INT, index << 2);
        };
    return type.wrap(bits);
  }

  void set(long index, long value) {
    switch (type.bytes()) {
      case 1 -> data.set(ValueLayout.JAVA_BYTE, index, (byte) value);
      case 2 -> data.set(Codes.SHORT, index << 1, (short) value);
      default -> data.set(Codes.INT, index << 2, (int) value);
    }
  }

  /** {@return type and shape} */
  @Override
  public String toString() {
    return "%s [%d, %d]".formatted(type.type(), partitions, free);
  }
}
