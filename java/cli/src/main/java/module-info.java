/**
 * The command line.
 *
 * <p>Reads nothing but models and system properties; writes nothing but the cache of unpacked
 * models.
 *
 * <p>ascii-table is an automatic module; its name follows from the file's.
 */
@SuppressWarnings("requires-automatic")
module octavo.cli {
  requires octavo;
  requires octavo.checkpoint;
  requires static org.jspecify;
  requires info.picocli;
  requires ascii.table;
  requires me.tongfei.progressbar;
  requires tools.jackson.databind;

  opens octavo.cli to
      info.picocli,
      tools.jackson.databind;
}
