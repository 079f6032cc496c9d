package octavo.checkpoint.trn;

import octavo.format.Formats;

/**
 * What becomes of a tensor's E4M3FN codes on Trainium 1 and 2.
 *
 * @param values the number of codes
 * @param nan those that are NaN already
 * @param exceeding those of numbers beyond 240
 * @param toInfinity those that E4M3 reads as infinity: of 256 and -256
 * @param toNan those of numbers that E4M3 reads as NaN: 288 to 448
 * @param largest the largest magnitude of a number, 0 if there is none
 * @param documented the error of {@link TrnRemedy#DOCUMENTED}
 * @param halved the error of {@link TrnRemedy#HALVE}
 */
public record TrnAudit(
    long values,
    long nan,
    long exceeding,
    long toInfinity,
    long toNan,
    float largest,
    RemedyError documented,
    RemedyError halved) {

  /**
   * How far a remedy's numbers, times its factor, are from the old ones. In units of the scale, so
   * that rows and blocks of other scales count alike.
   *
   * @param rms the root of the squared errors' sum over that of the squared numbers' sum
   * @param largestRelative the largest error of a number in proportion to it
   * @param toZero numbers other than zero that become zero
   */
  public record RemedyError(double rms, double largestRelative, long toZero) {}

  /** {@return whether codes can be used as they are: E4M3 reads all of them as E4M3FN does} */
  public boolean fits() {
    return exceeding == 0;
  }

  static TrnAudit of(CodeCounts counts) {
    long values = 0;
    long nan = 0;
    long toInfinity = 0;
    long toNan = 0;
    float largest = 0;
    for (int code = 0; code < 256; code++) {
      long count = counts.of(code);
      values += count;
      if (count == 0) {
        continue;
      }
      if (Formats.E4M3FN.isNan(code)) {
        nan += count;
        continue;
      }
      largest = Math.max(largest, Math.abs(Formats.E4M3FN.decode(code)));
      float read = Formats.E4M3.decode(code);
      toInfinity += Float.isInfinite(read) ? count : 0;
      toNan += Float.isNaN(read) ? count : 0;
    }
    return new TrnAudit(
        values,
        nan,
        toInfinity + toNan,
        toInfinity,
        toNan,
        largest,
        error(counts, TrnRemedy.DOCUMENTED),
        error(counts, TrnRemedy.HALVE));
  }

  private static RemedyError error(CodeCounts counts, TrnRemedy remedy) {
    double squares = 0;
    double errors = 0;
    double largest = 0;
    long toZero = 0;
    for (int code = 0; code < 256; code++) {
      long count = counts.of(code);
      double value = Formats.E4M3FN.decode(code);
      if (count == 0 || value == 0 || Double.isNaN(value)) {
        continue;
      }
      double changed = (double) Formats.E4M3.decode(remedy.code(code)) * remedy.factor();
      squares += count * value * value;
      errors += count * (changed - value) * (changed - value);
      largest = Math.max(largest, Math.abs((changed - value) / value));
      toZero += changed == 0 ? count : 0;
    }
    return new RemedyError(squares == 0 ? 0 : Math.sqrt(errors / squares), largest, toZero);
  }
}
