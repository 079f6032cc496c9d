package octavo.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the four-bit codes of a block lie in memory. Tensors hold them in {@link #PAIRS}; the other
 * orders are those of other projects' memory and files.
 */
public enum NibbleOrder {
  /** Two to a byte, the even element in the low half: PyTorch, gpt-oss, ONNX, Trainium's x4. */
  PAIRS {
    @Override
    int position(int element, int block) {
      return element;
    }
  },

  /** Two to a byte, the first half of the block in the low halves: GGUF's MXFP4 and NVFP4. */
  HALVES {
    @Override
    int position(int element, int block) {
      int half = block / 2;
      return element < half ? 2 * element : 2 * (element - half) + 1;
    }
  },

  /** One to a byte, in its low half: ml_dtypes in NumPy arrays. */
  BYTES {
    @Override
    int position(int element, int block) {
      return 2 * element;
    }
  };

  /** {@return the half byte in which an element lies, counted from the low half of byte 0} */
  abstract int position(int element, int block);

  /**
   * {@return the bytes that a block takes}
   *
   * @param block its elements, an even number
   */
  public int byteSize(int block) {
    return this == BYTES ? block : block / 2;
  }

  /**
   * {@return an element's code}
   *
   * @param bytes the block
   * @param offset the block's first byte
   * @param element the element's position in the block
   * @param block the block's elements
   */
  public int get(MemorySegment bytes, long offset, int element, int block) {
    int at = position(element, block);
    return bytes.get(ValueLayout.JAVA_BYTE, offset + (at >> 1)) >>> ((at & 1) << 2) & 0xF;
  }

  /**
   * Copies blocks from one order to another.
   *
   * @param in blocks in this order, one behind the other
   * @param order the other order
   * @param out as many blocks
   * @param block the elements of a block, an even number
   * @throws IllegalArgumentException if the memory is no whole number of blocks, or not the same
   *     number of them
   */
  public void copy(MemorySegment in, NibbleOrder order, MemorySegment out, int block) {
    long blocks = in.byteSize() / byteSize(block);
    if (block < 2
        || block % 2 != 0
        || blocks * byteSize(block) != in.byteSize()
        || blocks * order.byteSize(block) != out.byteSize()) {
      throw new IllegalArgumentException(
          "%d bytes in the order %s and %d in %s are not the same blocks of %d codes"
              .formatted(in.byteSize(), this, out.byteSize(), order, block));
    }
    for (long b = 0; b < blocks; b++) {
      long from = b * byteSize(block);
      long to = b * order.byteSize(block);
      for (int byteIndex = 0; byteIndex < order.byteSize(block); byteIndex++) {
        out.set(ValueLayout.JAVA_BYTE, to + byteIndex, (byte) 0);
      }
      for (int element = 0; element < block; element++) {
        int at = order.position(element, block);
        long target = to + (at >> 1);
        int other = out.get(ValueLayout.JAVA_BYTE, target);
        int code = get(in, from, element, block);
        out.set(ValueLayout.JAVA_BYTE, target, (byte) (other | code << ((at & 1) << 2)));
      }
    }
  }
}
