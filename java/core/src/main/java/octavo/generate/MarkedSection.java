package octavo.generate;

/**
 * A part of a Markdown file that is generated, between the comments {@code <!-- name:begin -->} and
 * {@code <!-- name:end -->}, each on a line of its own.
 *
 * @param name the name in the comments
 */
public record MarkedSection(String name) {

  /** {@return the comment before the generated text} */
  public String begin() {
    return "<!-- " + name + ":begin -->";
  }

  /** {@return the comment behind the generated text} */
  public String end() {
    return "<!-- " + name + ":end -->";
  }

  /**
   * {@return what stands between the comments now, without blank lines around it}
   *
   * @param file the text of a file
   * @throws IllegalArgumentException if it does not have both comments, once each and in order
   */
  public String in(String file) {
    return file.substring(contentStart(file), file.indexOf(end())).strip();
  }

  /**
   * {@return the file with other text between the comments}
   *
   * @param file the text of a file
   * @param content the text, in lines
   * @throws IllegalArgumentException if the file does not have both comments, once each and in
   *     order
   */
  public String replace(String file, String content) {
    return file.substring(0, contentStart(file))
        + "\n\n"
        + content.strip()
        + "\n\n"
        + file.substring(file.indexOf(end()));
  }

  private int contentStart(String file) {
    int begin = file.indexOf(begin());
    int end = file.indexOf(end());
    boolean once = begin == file.lastIndexOf(begin()) && end == file.lastIndexOf(end());
    if (begin < 0 || end < begin || !once) {
      throw new IllegalArgumentException(
          "the text between %s and %s is generated; each must be there once, in this order"
              .formatted(begin(), end()));
    }
    return begin + begin().length();
  }
}
