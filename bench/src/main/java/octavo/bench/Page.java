package octavo.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Results as one HTML page that needs nothing else: ECharts and the figures are within. */
final class Page {

  private static final String ECHARTS =
      "/META-INF/resources/webjars/echarts/5.3.1/dist/echarts.min.js";

  private Page() {}

  /** Writes the page, in whole or not at all. */
  static void write(Results results, Path file) throws IOException {
    String page =
        resource("page.html")
            .replace("/*ECHARTS*/", resource(ECHARTS).replace("</script", "<\\/script"))
            .replace("/*RESULTS*/", results.json().replace("</", "<\\/"));
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(beside, page);
    Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the class path lacks " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
