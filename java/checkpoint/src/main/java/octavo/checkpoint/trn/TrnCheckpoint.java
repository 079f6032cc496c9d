package octavo.checkpoint.trn;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import octavo.checkpoint.SafetensorsCheckpoint;
import octavo.checkpoint.SafetensorsEntry;
import octavo.checkpoint.SafetensorsType;
import octavo.format.Formats;
import octavo.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The safetensors files of a model, for Trainium 1 and 2: one file, or a folder of several.
 *
 * <p>Which tensor scales which codes follows from the names: {@code w} has {@code w_scale} or
 * {@code w_scale_inv} (the same, whatever its name says: the multiplier that decodes), and {@code
 * x.weight} may have {@code x.scale}. The two may lie in different files.
 */
public final class TrnCheckpoint {

  private final Path path;
  private final List<SafetensorsCheckpoint> files;
  private final Map<String, SafetensorsEntry> entries;

  private TrnCheckpoint(
      Path path, List<SafetensorsCheckpoint> files, Map<String, SafetensorsEntry> entries) {
    this.path = path;
    this.files = files;
    this.entries = entries;
  }

  /**
   * One tensor of E4M3FN codes.
   *
   * @param name its name
   * @param file the name of its file
   * @param shape its dimensions
   * @param scale the name of the tensor that scales it, if there is one
   * @param scaleType the type of that, if there is one
   * @param audit what becomes of its codes
   */
  public record Audited(
      String name,
      String file,
      List<Long> shape,
      @Nullable String scale,
      @Nullable SafetensorsType scaleType,
      TrnAudit audit) {}

  /**
   * Maps a model's files and reads what tensors they have.
   *
   * @param path a safetensors file, or a folder with such files
   * @param arena the lifetime of the mappings; a shared one lets several threads work
   * @return the files
   * @throws octavo.checkpoint.CheckpointException if one is not a whole and sound safetensors file
   * @throws IOException if one cannot be opened or mapped, two have a tensor of the same name, or
   *     there is none
   */
  public static TrnCheckpoint open(Path path, Arena arena) throws IOException {
    List<Path> paths = List.of(path);
    if (Files.isDirectory(path)) {
      try (Stream<Path> all = Files.list(path)) {
        paths =
            all.filter(file -> isSafetensors(file) && Files.isRegularFile(file)).sorted().toList();
      }
      if (paths.isEmpty()) {
        throw new IOException(path + ": no file in this folder ends in .safetensors");
      }
    }
    var files = new ArrayList<SafetensorsCheckpoint>();
    var entries = new LinkedHashMap<String, SafetensorsEntry>();
    for (Path file : paths) {
      SafetensorsCheckpoint opened = SafetensorsCheckpoint.open(file, arena);
      files.add(opened);
      for (SafetensorsEntry entry : opened.entries()) {
        if (entries.put(entry.name(), entry) != null) {
          throw new IOException(
              "%s: tensor '%s' is in another file of the folder too; name one file"
                  .formatted(file, entry.name()));
        }
      }
    }
    return new TrnCheckpoint(path, List.copyOf(files), entries);
  }

  static boolean isSafetensors(Path file) {
    return file.toString().endsWith(".safetensors");
  }

  /** {@return the file or folder} */
  public Path path() {
    return path;
  }

  /** {@return the files, in the order of their names} */
  public List<SafetensorsCheckpoint> files() {
    return files;
  }

  /** {@return the number of tensors of any type} */
  public int tensorCount() {
    return entries.size();
  }

  /** {@return the bytes of all E4M3FN codes: what an audit reads} */
  public long codeBytes() {
    return entries.values().stream()
        .filter(TrnCheckpoint::hasCodes)
        .mapToLong(entry -> entry.data().byteSize())
        .sum();
  }

  /**
   * {@return what becomes of every tensor of E4M3FN codes, in the files' order}
   *
   * @param progress is told of each piece how many bytes it had, from any thread
   * @throws IllegalStateException if the arena is closed
   */
  public List<Audited> audit(LongConsumer progress) {
    var audits = new ArrayList<Audited>();
    for (SafetensorsCheckpoint file : files) {
      for (SafetensorsEntry entry : file.entries()) {
        if (hasCodes(entry)) {
          Optional<SafetensorsEntry> scale = scale(entry.name());
          audits.add(
              new Audited(
                  entry.name(),
                  String.valueOf(file.file().getFileName()),
                  Arrays.stream(entry.shape()).boxed().toList(),
                  scale.map(SafetensorsEntry::name).orElse(null),
                  scale.map(SafetensorsEntry::type).orElse(null),
                  audit(entry, progress)));
        }
      }
    }
    return audits;
  }

  /** {@return what becomes of an entry's codes, whatever number of dimensions it has} */
  static TrnAudit audit(SafetensorsEntry entry, LongConsumer progress) {
    Tensor codes = Tensor.of(Formats.E4M3FN, entry.data(), entry.data().byteSize());
    return Trn.audit(codes, progress);
  }

  static boolean hasCodes(SafetensorsEntry entry) {
    return entry.type() == SafetensorsType.F8_E4M3;
  }

  /** {@return the tensor that scales the codes of a name, if there is one; the first if several} */
  Optional<SafetensorsEntry> scale(String name) {
    return scales(name).stream().findFirst();
  }

  /** {@return every tensor whose name makes it the scale of the codes of a name} */
  List<SafetensorsEntry> scales(String name) {
    Stream<String> candidates = Stream.of(name + "_scale", name + "_scale_inv");
    if (name.endsWith(".weight")) {
      String layer = name.substring(0, name.length() - "weight".length());
      candidates = Stream.concat(candidates, Stream.of(layer + "scale"));
    }
    return candidates.map(entries::get).filter(Objects::nonNull).toList();
  }
}
