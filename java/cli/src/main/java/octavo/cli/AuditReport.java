package octavo.cli;

import java.util.Comparator;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import octavo.checkpoint.trn.TrnAudit;
import octavo.checkpoint.trn.TrnCheckpoint.Audited;

/**
 * What {@code octavo audit} found.
 *
 * @param path the file or folder
 * @param files the number of files
 * @param tensorCount the number of tensors of any type
 * @param audited the number of E4M3FN tensors
 * @param values the number of their codes
 * @param exceeding those beyond 240
 * @param exceedingTensors the number of tensors that have such
 * @param toInfinity codes that E4M3 reads as infinity
 * @param toNan codes of numbers that E4M3 reads as NaN
 * @param nan codes that are NaN already
 * @param tensors each tensor
 */
record AuditReport(
    String path,
    int files,
    int tensorCount,
    int audited,
    long values,
    long exceeding,
    int exceedingTensors,
    long toInfinity,
    long toNan,
    long nan,
    List<Audited> tensors) {

  /** Rows of the table unless all are asked for. */
  private static final int SHOWN = 40;

  static AuditReport of(String path, int files, int tensorCount, List<Audited> tensors) {
    List<TrnAudit> audits = tensors.stream().map(Audited::audit).toList();
    return new AuditReport(
        path,
        files,
        tensorCount,
        tensors.size(),
        audits.stream().mapToLong(TrnAudit::values).sum(),
        audits.stream().mapToLong(TrnAudit::exceeding).sum(),
        (int) audits.stream().filter(audit -> !audit.fits()).count(),
        audits.stream().mapToLong(TrnAudit::toInfinity).sum(),
        audits.stream().mapToLong(TrnAudit::toNan).sum(),
        audits.stream().mapToLong(TrnAudit::nan).sum(),
        tensors);
  }

  /**
   * {@return the report for a person}
   *
   * @param all whether to list all tensors
   */
  String text(boolean all) {
    var text = new StringBuilder();
    var out = new Formatter(text, Locale.ROOT);
    out.format("%s: %,d tensors in %d file%s%n", path, tensorCount, files, files == 1 ? "" : "s");
    if (audited == 0) {
      out.format("no F8_E4M3 tensors: nothing to check%n");
      return text.toString();
    }
    out.format("%,d tensors are F8_E4M3 (E4M3FN), with %,d numbers%n", audited, values);
    if (nan > 0) {
      out.format("%,d of the numbers are NaN already%n", nan);
    }
    if (exceeding == 0) {
      out.format("no number exceeds 240: Trainium 1 and 2 read all codes as they are meant%n");
    } else {
      out.format(
          "%,d numbers (%s) in %,d tensors exceed 240: read as Trainium's E4M3, %,d are infinite"
              + " and %,d NaN%n",
          exceeding, percent((double) exceeding / values), exceedingTensors, toInfinity, toNan);
    }
    List<Audited> rows = shown(all);
    if (!rows.isEmpty()) {
      text.append('\n').append(table(rows));
      int left = (all ? audited : exceedingTensors) - rows.size();
      if (left > 0) {
        out.format("and %,d more: --all lists every tensor%n", left);
      }
    }
    if (exceeding > 0) {
      text.append('\n');
      out.format(
          "rescale: root of mean squares and largest error of a number, in proportion to it,%n");
      out.format("of 'octavo rescale' (by 448/240, as AWS documents); halve: of --remedy halve.%n");
      List<Audited> unscaled =
          tensors.stream()
              .filter(tensor -> tensor.scale() == null && !tensor.audit().fits())
              .toList();
      if (!unscaled.isEmpty()) {
        out.format(
            "%,d of the tensors have no scale that could take the factor: %s%n",
            unscaled.size(),
            unscaled.stream()
                .limit(5)
                .map(AuditReport::printable)
                .collect(Collectors.joining(", ")));
      }
    }
    return text.toString();
  }

  private List<Audited> shown(boolean all) {
    if (all) {
      return tensors;
    }
    return tensors.stream()
        .filter(tensor -> !tensor.audit().fits())
        .sorted(
            Comparator.comparingDouble(
                (Audited tensor) -> -(double) tensor.audit().exceeding() / tensor.audit().values()))
        .limit(SHOWN)
        .toList();
  }

  private static String table(List<Audited> rows) {
    var table =
        new TextTable(
            List.of(
                "tensor",
                "shape",
                "largest",
                "> 240",
                "share",
                "to Inf",
                "to NaN",
                "rescale rms",
                "max",
                "halve rms"));
    for (Audited tensor : rows) {
      TrnAudit audit = tensor.audit();
      table.row(
          List.of(
              printable(tensor),
              tensor.shape().stream().map(Object::toString).collect(Collectors.joining("x")),
              Float.toString(audit.largest()).replaceFirst("\\.0$", ""),
              count(audit.exceeding()),
              audit.values() == 0 ? "-" : percent((double) audit.exceeding() / audit.values()),
              count(audit.toInfinity()),
              count(audit.toNan()),
              percent(audit.documented().rms()),
              percent(audit.documented().largestRelative()),
              percent(audit.halved().rms())));
    }
    return table.render();
  }

  /** {@return a tensor's name without characters that would steer a terminal} */
  private static String printable(Audited tensor) {
    return tensor.name().replaceAll("\\p{Cntrl}", "?");
  }

  private static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  private static String percent(double share) {
    return share == 0 ? "0" : String.format(Locale.ROOT, "%.3g%%", 100 * share);
  }
}
