package octavo.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import octavo.Engine;
import octavo.bench.peer.Peer;
import octavo.bench.peer.PeerFiles;
import octavo.bench.peer.Peers;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code octavo bench}. */
@Command(
    name = "octavo bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    subcommands = Compare.class,
    description = {
      "Times Octavo's operations beside those of other libraries, each as a share of what this machine can do at most.",
      "Ends with a table, and writes results.json, results.md and results.html to target/bench."
    })
public final class Main implements Callable<Integer> {

  @Option(names = "--quick", description = "Rough figures of the main subjects, in some minutes.")
  private boolean quick;

  @Option(
      names = "--forks",
      paramLabel = "N",
      description = "Processes per subject (1 with --quick, else 2).")
  private Optional<Integer> forks = Optional.empty();

  @Option(names = "--no-peers", description = "Octavo alone.")
  private boolean noPeers;

  @Option(
      names = "--merge",
      description = "Keep the figures of the last run that this one does not measure again.")
  private boolean merge;

  @Option(
      names = "--resume",
      description = "As --merge, and measure only what has no figure in the last run.")
  private boolean resume;

  @Option(names = "--list", description = "Print the subjects and measure nothing.")
  private boolean list;

  @Option(
      names = "--page",
      paramLabel = "FILE",
      description = "Only write table and page of the results in this JSON file.")
  private Optional<Path> page = Optional.empty();

  @Parameters(
      arity = "0..*",
      paramLabel = "REGEX",
      description =
          "Only subjects op/shape/formats/by/threads in which one of these is found, as in"
              + " 'gemv/1x4096', 'MXFP4', '/ffm'.")
  private List<String> expressions = new ArrayList<>();

  private final Path home = Path.of(System.getProperty("bench.home", ".")).toAbsolutePath();

  /**
   * Runs the command.
   *
   * @param arguments see {@code --help}
   */
  public static void main(String[] arguments) {
    CommandLine line = new CommandLine(new Main());
    line.setExecutionExceptionHandler((e, command, parsed) -> {
      if (e instanceof IllegalArgumentException) {
        System.err.println("octavo bench: " + e.getMessage());
        return 2;
      }
      throw e;
    });
    System.exit(line.execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Path folder = Files.createDirectories(home.resolve("target").resolve("bench"));
    if (page.isPresent()) {
      return finish(Results.read(page.get()), folder);
    }
    List<Subject> subjects = chosen(Suite.subjects(quick), expressions);
    if (list) {
      subjects.forEach(subject -> System.out.println(subject.id()));
      return 0;
    }
    Path json = folder.resolve("results.json");
    Optional<Results> earlier =
        (merge || resume) && Files.exists(json)
            ? Optional.of(Results.read(json))
            : Optional.empty();
    if (resume && earlier.isPresent()) {
      Results last = earlier.get();
      subjects = subjects.stream().filter(subject -> !last.has(subject)).toList();
    }
    Engine engine = OctavoWork.engine();
    Machine machine = Machine.describe(engine, home);
    System.out.print(machine.text());
    List<Results.Missing> missing = new ArrayList<>();
    List<Results.PeerState> peers = new ArrayList<>();
    subjects = available(subjects, engine, peers, missing);
    List<MachineLimits.Measured> limits = MachineLimits.measure(engine.host());
    Path log = folder.resolve("jmh.log");
    Files.deleteIfExists(log);
    Measurement measurement = new Measurement(quick, forks.orElse(quick ? 1 : 2), log);
    List<Figure> figures = new ArrayList<>();
    for (int i = 0; i < subjects.size(); i++) {
      Subject subject = subjects.get(i);
      System.out.printf(Locale.ROOT, "[%3d/%d] %-66s ", i + 1, subjects.size(), subject.id());
      System.out.flush();
      try {
        Figure figure = measurement.of(subject);
        figures.add(figure);
        System.out.printf(
            Locale.ROOT,
            "%9.2f %-8s%s%n",
            figure.rate(),
            figure.unit(),
            Double.isNaN(figure.share())
                ? ""
                : String.format(Locale.ROOT, " %3.0f %% of the limit", 100 * figure.share()));
      } catch (Measurement.FailedException e) {
        missing.add(new Results.Missing(subject.id(), e.reason()));
        System.out.println("failed: " + e.reason());
      }
      results(machine, limits, peers, figures, missing, earlier).write(json);
    }
    return finish(results(machine, limits, peers, figures, missing, earlier), folder);
  }

  private static Results results(
      Machine machine,
      List<MachineLimits.Measured> limits,
      List<Results.PeerState> peers,
      List<Figure> figures,
      List<Results.Missing> missing,
      Optional<Results> earlier) {
    Results results =
        new Results(machine, limits, peers, new ArrayList<>(figures), new ArrayList<>(missing));
    return earlier.isPresent() ? results.with(earlier.get()) : results;
  }

  private static int finish(Results results, Path folder) throws IOException {
    Path markdown = folder.resolve("results.md");
    Files.writeString(markdown, Tables.markdown(results));
    Path html = folder.resolve("results.html");
    Page.write(results, html);
    System.out.print(Tables.text(results));
    System.out.println("\nJSON      " + folder.resolve("results.json").normalize());
    System.out.println("Markdown  " + markdown.normalize());
    System.out.println("charts    " + html.normalize());
    return 0;
  }

  /** {@return the subjects in which an expression is found, or all if there is none} */
  static List<Subject> chosen(List<Subject> subjects, List<String> expressions) {
    List<Pattern> patterns = new ArrayList<>();
    for (String expression : expressions) {
      try {
        patterns.add(Pattern.compile(expression));
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "'%s' is no regular expression: %s".formatted(expression, e.getMessage()), e);
      }
    }
    List<Subject> chosen =
        subjects.stream()
            .filter(subject ->
                patterns.isEmpty()
                    || patterns.stream().anyMatch(pattern -> pattern.matcher(subject.id()).find()))
            .toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "%s match none of the %d subjects; --list prints them"
              .formatted(expressions, subjects.size()));
    }
    return chosen;
  }

  /** {@return the subjects whose backend or peer is there} */
  private List<Subject> available(
      List<Subject> subjects,
      Engine engine,
      List<Results.PeerState> peers,
      List<Results.Missing> missing) {
    Map<Peer, String> states = new EnumMap<>(Peer.class);
    List<Subject> there = new ArrayList<>();
    for (Subject subject : subjects) {
      if (subject.emptyCall()) {
        if (engine.host().backend("jni").available()) {
          there.add(subject);
        }
      } else if (subject.octavo()) {
        if (subject.layout() || engine.host().backend(subject.library()).available()) {
          there.add(subject);
        } else {
          missing.add(
              new Results.Missing(subject.id(), engine.host().backend(subject.library()).detail()));
        }
      } else if (!noPeers
          && states
              .computeIfAbsent(Peer.of(subject.contender()), Main::state)
              .startsWith("present")) {
        there.add(subject);
      }
    }
    states.forEach((peer, state) -> {
      peers.add(new Results.PeerState(peer.text(), peer.version(), state));
      System.out.println("peer      " + peer.text() + " " + peer.version() + ": " + state);
    });
    return there;
  }

  private static String state(Peer peer) {
    return PeerFiles.fetch(peer)
        .map(reason -> "absent: " + reason)
        .orElseGet(() -> "present" + Peers.detail(peer));
  }
}
