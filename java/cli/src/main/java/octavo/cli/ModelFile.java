package octavo.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import octavo.checkpoint.ModelArchive;
import octavo.checkpoint.OnnxCheckpoint;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX model on disk: a file of its own, or in a jar as Maven repositories have them.
 *
 * @param file the .onnx file, or a jar or zip that holds exactly one
 * @param cache where a compressed model is unpacked to
 */
record ModelFile(Path file, Path cache) {

  /** Names the default model, or the folder it is in. Not an override, so not {@code octavo.*}. */
  static final String PROPERTY = "cli.models";

  private static final byte[] ZIP = {'P', 'K', 3, 4};

  /** {@return where models that the user names are unpacked to: a folder of the user's cache} */
  static Path userCache() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path base =
        configured != null && !configured.isBlank()
            ? Path.of(configured)
            : Path.of(System.getProperty("user.home", "."), ".cache");
    return base.resolve("octavo").resolve("models");
  }

  /**
   * {@return the model that the build brings}
   *
   * <p>It is what the system property {@value #PROPERTY} names, or lies in a folder {@code models}
   * near this class's own jar or folder, where the build puts it.
   *
   * @throws CommandFailure if there is none
   */
  static ModelFile bundled() throws IOException {
    String named = System.getProperty(PROPERTY, "");
    List<Path> places = named.isEmpty() ? nearby() : List.of(Path.of(named));
    for (Path place : places) {
      if (!Files.isDirectory(place)) {
        if (!named.isEmpty()) {
          return new ModelFile(place, userCache());
        }
        continue;
      }
      Optional<Path> model = firstModel(place);
      if (model.isPresent()) {
        return new ModelFile(model.get(), place);
      }
    }
    throw new CommandFailure(
        "no model in %s; './mvnw -B verify' fetches one, or name your own: --model FILE"
            .formatted(places));
  }

  private static List<Path> nearby() {
    CodeSource source = ModelFile.class.getProtectionDomain().getCodeSource();
    try {
      Path own = source == null ? null : Path.of(source.getLocation().toURI());
      return own == null ? List.of() : modelsAbove(own);
    } catch (URISyntaxException e) {
      return List.of();
    }
  }

  /**
   * {@return the folders for models beside a jar or class folder, and beside the folder it is in}
   */
  private static List<Path> modelsAbove(Path own) {
    return Stream.<@Nullable Path>iterate(own.getParent(), p -> p != null, Path::getParent)
        .limit(2)
        .map(parent -> parent.resolve("models"))
        .toList();
  }

  private static Optional<Path> firstModel(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).min(Comparator.naturalOrder());
    }
  }

  /**
   * Maps the model.
   *
   * @param arena the lifetime of the mapping
   * @return the model's weights
   * @throws CommandFailure if the file is no model, nor an archive of exactly one
   * @throws IOException if it cannot be read, or is damaged
   */
  OnnxCheckpoint open(Arena arena) throws IOException {
    if (Files.isDirectory(file)) {
      throw new CommandFailure(file + " is a folder; name the .onnx or .jar file in it");
    }
    if (!isZip()) {
      return OnnxCheckpoint.open(file, arena);
    }
    ModelArchive archive = ModelArchive.open(file, arena);
    List<String> models =
        archive.entries().stream().filter(entry -> entry.endsWith(".onnx")).toList();
    if (models.size() != 1) {
      throw new CommandFailure(
          "%s holds %s; it must hold one .onnx file"
              .formatted(file, models.isEmpty() ? "no .onnx file" : models));
    }
    return archive.onnx(models.getFirst(), cache);
  }

  private boolean isZip() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return java.util.Arrays.equals(in.readNBytes(ZIP.length), ZIP);
    }
  }
}
