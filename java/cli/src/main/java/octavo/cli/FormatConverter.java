package octavo.cli;

import octavo.format.Format;
import octavo.format.Formats;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a format, in any case. */
final class FormatConverter implements ITypeConverter<Format> {

  FormatConverter() {}

  @Override
  public Format convert(String name) {
    try {
      return Formats.byName(name);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
