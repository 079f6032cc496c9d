package octavo.checkpoint.trn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;
import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.tensor.Codes;
import octavo.tensor.Tensor;

/**
 * E4M3FN tensors and Trainium 1 and 2, whose E4M3 ends at 240.
 *
 * {@snippet :
 * TrnAudit audit = Trn.audit(weights); // E4M3FN with any scales
 * if (!audit.fits()) {
 *   weights = Trn.rescale(weights, TrnRemedy.DOCUMENTED, arena); // E4M3, scales times 448/240
 * }
 * }
 *
 * <p>A file is audited with {@link TrnCheckpoint}.
 */
public final class Trn {

  private Trn() {}

  /**
   * {@return what becomes of a tensor's codes}: how many exceed 240, what Trainium's E4M3 would
   * read them as, and how exact the remedies are
   *
   * <p>Reads the codes once; on several threads where the tensor's arena allows it.
   *
   * @param tensor E4M3FN codes with scales of any kind or none, rows at any distance
   * @throws IllegalArgumentException if its elements are no E4M3FN, or its columns no neighbours
   */
  public static TrnAudit audit(Tensor tensor) {
    return audit(tensor, bytes -> {});
  }

  /**
   * {@return what becomes of a tensor's codes}
   *
   * @param tensor as for {@link #audit(Tensor)}
   * @param progress is told of each piece how many bytes it had, from any thread
   */
  static TrnAudit audit(Tensor tensor, LongConsumer progress) {
    check(tensor);
    var counts = new CodeCounts();
    Tensor matrix = tensor.matrix();
    if (matrix.rows() <= 1 || matrix.stride(0) == matrix.columns()) {
      counts.add(tensor.data(), progress);
    } else {
      for (long i = 0; i < matrix.rows(); i++) {
        counts.add(matrix.slice(0, i, i + 1).data(), progress);
      }
    }
    return TrnAudit.of(counts);
  }

  /**
   * {@return a tensor of nearly the same numbers in Trainium's E4M3}: codes by the remedy, scales
   * times its factor
   *
   * @param tensor E4M3FN codes with FP32 scales for the tensor, rows or blocks
   * @param remedy the factor
   * @param arena owns the result
   * @throws IllegalArgumentException if its elements are no E4M3FN with FP32 scales, or its columns
   *     no neighbours
   */
  public static Tensor rescale(Tensor tensor, TrnRemedy remedy, Arena arena) {
    check(tensor);
    if (!(tensor.format() instanceof BlockFormat format) || !format.scale().equals(Formats.FP32)) {
      throw new IllegalArgumentException(
          "%s has no FP32 scales to take the factor; give it one of 1 with Tensor.ofBlocks"
              .formatted(tensor));
    }
    BlockFormat result = Formats.scaled(Formats.E4M3, format.blockRows(), format.blockColumns());
    Tensor out = Tensor.allocate(arena, result, tensor.shape());
    Tensor from = tensor.matrix();
    Tensor to = out.matrix();
    for (long i = 0; i < from.rows(); i++) {
      remedy.codes(row(from, i), row(to, i));
    }
    Tensor scalesFrom = tensor.scales().matrix();
    Tensor scalesTo = out.scales().matrix();
    for (long i = 0; i < scalesFrom.rows(); i++) {
      for (long k = 0; k < scalesFrom.columns(); k++) {
        float scale = remedy.scale(scalesFrom.get(i, k));
        scalesTo.setCode(Float.floatToRawIntBits(scale), i, k);
      }
    }
    return out;
  }

  private static MemorySegment row(Tensor matrix, long i) {
    long start = Codes.byteSize(matrix.element(), i * matrix.stride(0));
    return matrix.data().asSlice(start, matrix.columns());
  }

  private static void check(Tensor tensor) {
    if (!tensor.element().equals(Formats.E4M3FN)) {
      throw new IllegalArgumentException(
          "%s: only E4M3FN has numbers that Trainium's E4M3 lacks the codes of".formatted(tensor));
    }
    if (!tensor.unitColumnStride()) {
      throw new IllegalArgumentException(
          "%s: its columns are no neighbours in memory; copy it".formatted(tensor));
    }
  }
}
