package octavo.format;

/**
 * How the numbers of a tensor are represented: one code per element, or codes with block scales.
 */
public sealed interface Format permits ElementFormat, BlockFormat {

  /**
   * {@return the specification's own name, such as {@code E4M3FN} or {@code MXFP4}; unique among
   * the formats}
   */
  String name();

  /** {@return the format of one element's code: this format itself if it has no scales} */
  ElementFormat element();
}
