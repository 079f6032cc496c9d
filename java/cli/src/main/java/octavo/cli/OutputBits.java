package octavo.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The bits of a backend's results, kept to compare them with another's. Every NaN counts as the
 * same NaN; nothing else does: 0 and -0 differ.
 */
final class OutputBits {

  private static final int CANONICAL_NAN = 0x7FC0_0000;

  private final List<String> names = new ArrayList<>();
  private final List<int[]> bits = new ArrayList<>();
  private final List<Integer> widths = new ArrayList<>();

  /** Starts with no results. */
  OutputBits() {}

  /**
   * Copies the bits of a result.
   *
   * @param name what it is, for messages
   * @param result an FP32 matrix of consecutive rows
   */
  void add(String name, Tensor result) {
    int[] copy = result.data().toArray(Codes.INT);
    for (int i = 0; i < copy.length; i++) {
      copy[i] = Float.isNaN(Float.intBitsToFloat(copy[i])) ? CANONICAL_NAN : copy[i];
    }
    names.add(name);
    bits.add(copy);
    widths.add(Math.toIntExact(result.columns()));
  }

  /** {@return how many numbers these are} */
  long size() {
    return bits.stream().mapToLong(one -> one.length).sum();
  }

  /** {@return the first 16 hexadecimal digits of the SHA-256 of all bits, little endian} */
  String digest() {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (int[] one : bits) {
      ByteBuffer bytes =
          ByteBuffer.allocate(one.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asIntBuffer().put(one);
      sha.update(bytes);
    }
    return HexFormat.of().formatHex(sha.digest()).substring(0, 16);
  }

  /**
   * How many bits patterns differ.
   *
   * @param count the numbers whose bits differ
   * @param first where the first of them is and what the bits are; {@code null} if there is none
   */
  record Mismatches(long count, @Nullable String first) {}

  /**
   * {@return how these bits differ from others}
   *
   * @param expected the bits to compare with, of results of the same shapes
   */
  Mismatches mismatches(OutputBits expected) {
    if (!names.equals(expected.names) || !widths.equals(expected.widths)) {
      throw new IllegalArgumentException(
          "results of %s against %s".formatted(names, expected.names));
    }
    long count = 0;
    String first = null;
    for (int r = 0; r < bits.size(); r++) {
      int[] ours = bits.get(r);
      int[] theirs = expected.bits.get(r);
      for (int i = 0; i < ours.length; i++) {
        if (ours[i] != theirs[i]) {
          count++;
          if (first == null) {
            first =
                "%s row %d column %d: %08x, expected %08x"
                    .formatted(
                        names.get(r), i / widths.get(r), i % widths.get(r), ours[i], theirs[i]);
          }
        }
      }
    }
    return new Mismatches(count, first);
  }
}
