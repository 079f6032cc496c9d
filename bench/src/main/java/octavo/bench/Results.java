package octavo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/**
 * Everything that a run gave.
 *
 * @param machine where
 * @param limits what the machine can do at most
 * @param peers who else was there, or why not
 * @param figures what was measured
 * @param missing what was not, and why
 */
record Results(
    Machine machine,
    List<MachineLimits.Measured> limits,
    List<PeerState> peers,
    List<Figure> figures,
    List<Missing> missing) {

  /**
   * A peer of a run.
   *
   * @param name its name
   * @param version its version
   * @param state what is known of it, or why it was absent
   */
  record PeerState(String name, String version, String state) {}

  /**
   * A subject without a figure.
   *
   * @param subject the {@link Subject#id}
   * @param reason why there is none
   */
  record Missing(String subject, String reason) {}

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(tools.jackson.databind.SerializationFeature.INDENT_OUTPUT)
          .build();

  /** {@return the results in a file} */
  static Results read(Path file) {
    return JSON.readValue(file.toFile(), Results.class);
  }

  /** Writes a file, in whole or not at all. */
  void write(Path file) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    JSON.writeValue(beside.toFile(), this);
    Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /** {@return the results as JSON in one line, for a page} */
  String json() {
    return JSON.writer()
        .without(tools.jackson.databind.SerializationFeature.INDENT_OUTPUT)
        .writeValueAsString(this);
  }

  /** {@return whether there is a figure of a subject} */
  boolean has(Subject subject) {
    return figures.stream().anyMatch(figure -> figure.subject().equals(subject.id()));
  }

  /** {@return these results with what an earlier run measured besides} */
  Results with(Results earlier) {
    Set<String> here = figures.stream().map(Figure::subject).collect(Collectors.toSet());
    List<Figure> all = new ArrayList<>(figures);
    earlier.figures.stream().filter(figure -> !here.contains(figure.subject())).forEach(all::add);
    Map<String, Integer> order = new HashMap<>();
    for (Subject subject : Suite.subjects(false)) {
      order.put(subject.id(), order.size());
    }
    all.sort(
        java.util.Comparator.comparingInt(
            figure -> order.getOrDefault(figure.subject(), Integer.MAX_VALUE)));
    Set<String> measured = all.stream().map(Figure::subject).collect(Collectors.toSet());
    List<Missing> lacking = new ArrayList<>(missing);
    earlier.missing.stream()
        .filter(old -> missing.stream().noneMatch(fresh -> fresh.subject().equals(old.subject())))
        .filter(old -> !measured.contains(old.subject()))
        .forEach(lacking::add);
    List<PeerState> others = new ArrayList<>(peers);
    earlier.peers.stream()
        .filter(old -> peers.stream().noneMatch(peer -> peer.name().equals(old.name())))
        .forEach(others::add);
    return new Results(machine, limits, others, all, lacking);
  }

  /** {@return the fastest peer at a shape with weights or codes of the same width} */
  Optional<Figure> bestPeer(Figure figure) {
    Subject subject = figure.of();
    return figures.stream()
        .filter(other -> {
          Subject candidate = other.of();
          return !candidate.octavo()
              && candidate.op().equals(subject.op())
              && candidate.shape().equals(subject.shape())
              && candidate.threads() == subject.threads()
              && candidate.family().equals(subject.family());
        })
        .min(java.util.Comparator.comparingDouble(Figure::medianTime));
  }

  /** {@return OpenBLAS at a shape} */
  Optional<Figure> openBlas(Figure figure) {
    Subject subject = figure.of();
    return figures.stream()
        .filter(other -> {
          Subject candidate = other.of();
          return candidate.contender().equals("OpenBLAS")
              && candidate.op().equals(subject.op())
              && candidate.shape().equals(subject.shape())
              && candidate.threads() == subject.threads();
        })
        .findFirst();
  }
}
