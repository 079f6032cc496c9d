package octavo.checkpoint.trn;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import octavo.checkpoint.SafetensorsCheckpoint;
import octavo.checkpoint.SafetensorsEntry;
import octavo.checkpoint.SafetensorsType;
import octavo.checkpoint.SafetensorsWriter;
import octavo.checkpoint.SafetensorsWriter.Content;
import octavo.format.ElementFormat;
import octavo.format.Formats;
import octavo.tensor.Codes;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites a model's files so that Trainium 1 and 2 can read their E4M3FN codes: a {@link
 * TrnRemedy} on all tensors of such codes that have a scale, and on their scales.
 *
 * <ul>
 *   <li>F32 scales stay F32; BF16 and F16 scales become F32, since the product of a scale and
 *       448/240 has more digits than they hold;
 *   <li>F8_E8M0 scales hold powers of two alone, so only {@link TrnRemedy#HALVE} can change them;
 *   <li>tensors without a scale stay as they are if they fit, and are refused otherwise;
 *   <li>all else is copied, byte for byte;
 *   <li>the files get the note {@value #NOTE} among their metadata; files that have it are refused.
 * </ul>
 *
 * <p>Files are read and written in pieces, and appear at their place when they are whole.
 */
public final class TrnRescale {

  /** The name of the note in a file's metadata that says what was done to it. */
  public static final String NOTE = "octavo.trn.rescaled";

  private static final int E8M0_LARGEST = 0xFE;

  private final TrnCheckpoint in;
  private final TrnRemedy remedy;

  /** The name of the codes that each changed scale belongs to. */
  private final Map<String, String> scales = new HashMap<>();

  private int rescaled;
  private int kept;
  private int widened;

  /**
   * What was done.
   *
   * @param rescaled tensors of codes that were rescaled
   * @param kept tensors of codes without a scale, which fit and were kept
   * @param widened scales that became F32
   */
  public record Result(int rescaled, int kept, int widened) {}

  /**
   * Finds out what is to be done, and whether it can be.
   *
   * @param in the files
   * @param remedy the factor
   * @throws IOException if they cannot be rescaled: done already, no codes, a scale missing or of a
   *     type that cannot hold its product
   */
  public TrnRescale(TrnCheckpoint in, TrnRemedy remedy) throws IOException {
    this.in = in;
    this.remedy = remedy;
    for (SafetensorsCheckpoint file : in.files()) {
      String note = file.metadata().get(NOTE);
      if (note != null) {
        throw new IOException(
            "%s was rescaled already, by %s; rescale the files it was made from"
                .formatted(file.file(), note));
      }
      for (SafetensorsEntry entry : file.entries()) {
        if (TrnCheckpoint.hasCodes(entry)) {
          plan(file, entry);
        }
      }
    }
    if (rescaled + kept == 0) {
      throw new IOException(in.path() + " has no F8_E4M3 tensor; there is nothing to rescale");
    }
  }

  private void plan(SafetensorsCheckpoint file, SafetensorsEntry codes) throws IOException {
    List<SafetensorsEntry> candidates = in.scales(codes.name());
    if (candidates.size() > 1) {
      throw new IOException(
          "%s: '%s' has two scales, %s and %s; leave one"
              .formatted(file.file(), codes.name(), candidates.get(0), candidates.get(1)));
    }
    Optional<SafetensorsEntry> scale = candidates.stream().findFirst();
    if (scale.isEmpty()) {
      TrnAudit audit = TrnCheckpoint.audit(codes, bytes -> {});
      if (!audit.fits()) {
        throw new IOException(
            "%s: %s has no scale, and %d numbers beyond 240; quantize it anew, or add a scale of 1"
                .formatted(file.file(), codes, audit.exceeding()));
      }
      kept++;
      return;
    }
    SafetensorsType type = scale.get().type();
    switch (type) {
      case F32 -> {}
      case BF16, F16 -> widened++;
      case F8_E8M0 -> {
        if (remedy != TrnRemedy.HALVE) {
          throw new IOException(
              "%s: the scale %s holds powers of two, which %s is none of; halve instead"
                  .formatted(file.file(), scale.get(), remedy.ratio()));
        }
      }
      default ->
          throw new IOException(
              "%s: the scale %s is none of F32, BF16, F16 and F8_E8M0; write it as F32"
                  .formatted(file.file(), scale.get()));
    }
    String other = scales.put(scale.get().name(), codes.name());
    if (other != null) {
      throw new IOException(
          "%s: %s would scale both '%s' and '%s'; give each a scale of its own"
              .formatted(file.file(), scale.get(), other, codes.name()));
    }
    rescaled++;
  }

  /** {@return the bytes that will be written, headers left out} */
  public long byteSize() {
    long bytes = 0;
    for (SafetensorsCheckpoint file : in.files()) {
      for (SafetensorsEntry entry : file.entries()) {
        bytes += widens(entry) ? entry.elementCount() * Float.BYTES : entry.data().byteSize();
      }
    }
    return bytes;
  }

  private boolean widens(SafetensorsEntry entry) {
    return scales.containsKey(entry.name())
        && (entry.type() == SafetensorsType.BF16 || entry.type() == SafetensorsType.F16);
  }

  /**
   * Writes the files: a file to a file, a folder to a new folder, which also gets all other files
   * of the old one.
   *
   * @param out the file, which is replaced if it is there, or the folder, which must not be there
   * @param progress is told of each piece how many bytes it had
   * @return what was done
   * @throws IOException if a file cannot be written, or a product is not finite; then nothing is at
   *     {@code out} that was not there before
   */
  public Result write(Path out, LongConsumer progress) throws IOException {
    if (!Files.isDirectory(in.path())) {
      writer(in.files().getFirst()).write(out, progress);
    } else if (Files.exists(out)) {
      throw new IOException(out + " is there already; name a folder that is not");
    } else {
      Path beside = out.resolveSibling("." + out.getFileName() + "." + UUID.randomUUID());
      try {
        copyOthers(in.path(), beside);
        for (SafetensorsCheckpoint file : in.files()) {
          writer(file).write(beside.resolve(file.file().getFileName()), progress);
        }
        Files.move(beside, out, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(beside);
      }
    }
    return new Result(rescaled, kept, widened);
  }

  private SafetensorsWriter writer(SafetensorsCheckpoint file) {
    var writer = new SafetensorsWriter();
    file.metadata().forEach(writer::metadata);
    writer.metadata(NOTE, remedy.ratio());
    for (SafetensorsEntry entry : file.entries()) {
      boolean isCodes = TrnCheckpoint.hasCodes(entry) && in.scale(entry.name()).isPresent();
      SafetensorsType type = widens(entry) ? SafetensorsType.F32 : entry.type();
      writer.add(entry.name(), type, entry.shape(), isCodes ? codes(entry) : content(entry));
    }
    return writer;
  }

  private Content codes(SafetensorsEntry entry) {
    return (offset, target) ->
        remedy.codes(entry.data().asSlice(offset, target.byteSize()), target);
  }

  private Content content(SafetensorsEntry entry) {
    if (!scales.containsKey(entry.name())) {
      return Content.of(entry.data());
    }
    return entry.type() == SafetensorsType.F8_E8M0 ? exponents(entry) : floats(entry);
  }

  private Content floats(SafetensorsEntry entry) {
    ElementFormat format = entry.type().format().orElseThrow();
    return (offset, target) -> {
      long first = offset / Float.BYTES;
      for (long i = 0; i < target.byteSize() / Float.BYTES; i++) {
        float scale = format.decode(Codes.get(entry.data(), format, first + i));
        float product = remedy.scale(scale);
        if (Float.isInfinite(product) && Float.isFinite(scale)) {
          throw new IOException(
              "%s [%d] is %s; its product with %s exceeds F32"
                  .formatted(entry, first + i, scale, remedy.ratio()));
        }
        target.setAtIndex(Codes.FLOAT, i, product);
      }
    };
  }

  private static Content exponents(SafetensorsEntry entry) {
    return (offset, target) -> {
      for (long i = 0; i < target.byteSize(); i++) {
        int code = entry.data().get(ValueLayout.JAVA_BYTE, offset + i) & 0xFF;
        if (code == E8M0_LARGEST) {
          throw new IOException(
              "%s [%d] is %s, the largest scale there is; it cannot be doubled"
                  .formatted(entry, offset + i, Formats.E8M0.decode(code)));
        }
        boolean isNan = code > E8M0_LARGEST;
        target.set(ValueLayout.JAVA_BYTE, i, (byte) (isNan ? code : code + 1));
      }
    };
  }

  private static void copyOthers(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      List<Path> paths = all.toList();
      for (Path path : paths) {
        Path target = to.resolve(from.relativize(path).toString());
        boolean isOurs = from.equals(path.getParent()) && TrnCheckpoint.isSafetensors(path);
        if (!isOurs || !Files.isRegularFile(path)) {
          Files.copy(path, target);
        }
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
