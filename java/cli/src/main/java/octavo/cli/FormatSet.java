package octavo.cli;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import octavo.format.Format;
import octavo.format.Formats;

/** Names sets of formats in few words. */
final class FormatSet {

  /** A set that lacks at most this many of its kind is named by what it lacks. */
  private static final int MOST_EXCEPTIONS = 3;

  private FormatSet() {}

  /**
   * {@return a set in words, such as {@code any block format, FP32, BF16}}
   *
   * @param formats the formats, at least one
   */
  static String describe(Collection<? extends Format> formats) {
    if (formats.containsAll(Formats.all())) {
      return "any format";
    }
    return Stream.of(
            part(formats, Formats.elements(), "any element format"),
            part(formats, Formats.blocks(), "any block format"))
        .filter(part -> !part.isEmpty())
        .reduce((a, b) -> a + ", " + b)
        .orElse("no format");
  }

  private static String part(
      Collection<? extends Format> formats, List<? extends Format> kind, String name) {
    List<String> inside = kind.stream().filter(formats::contains).map(Format::name).toList();
    List<String> outside =
        kind.stream().filter(one -> !formats.contains(one)).map(Format::name).toList();
    if (outside.isEmpty()) {
      return name;
    }
    return outside.size() <= MOST_EXCEPTIONS && outside.size() < inside.size()
        ? name + " but " + String.join(", ", outside)
        : String.join(", ", inside);
  }
}
