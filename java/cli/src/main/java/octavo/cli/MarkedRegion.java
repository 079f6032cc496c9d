package octavo.cli;

/**
 * The lines of a text between {@code <!-- name:begin -->} and {@code <!-- name:end -->}, where a
 * generated part of a document goes.
 *
 * @param name the name in the markers
 */
record MarkedRegion(String name) {

  private String begin() {
    return "<!-- " + name + ":begin -->\n";
  }

  private String end() {
    return "<!-- " + name + ":end -->";
  }

  /**
   * {@return what is between the markers}
   *
   * @param text the document
   * @throws IllegalArgumentException if it does not have both markers, each once, in order
   */
  String of(String text) {
    return text.substring(start(text), stop(text));
  }

  /**
   * {@return the document with other lines between the markers}
   *
   * @param text the document
   * @param content the lines, each ended
   * @throws IllegalArgumentException if it does not have both markers, each once, in order
   */
  String replace(String text, String content) {
    return text.substring(0, start(text)) + content + text.substring(stop(text));
  }

  private int start(String text) {
    int at = text.indexOf(begin());
    if (at < 0 || text.indexOf(begin(), at + 1) >= 0 || text.indexOf(end(), at) < 0) {
      throw new IllegalArgumentException(
          "the lines '%s' and '%s' must each be there once, in this order"
              .formatted(begin().strip(), end()));
    }
    return at + begin().length();
  }

  private int stop(String text) {
    return text.indexOf(end(), start(text));
  }
}
