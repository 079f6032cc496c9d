package octavo.bench.peer;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;

/** Loads the classes of a peer from its own jars. */
final class Classes {

  private Classes() {}

  static URLClassLoader of(Peer peer) {
    List<Path> jars = PeerFiles.jars(peer);
    URL[] urls = new URL[jars.size()];
    for (int i = 0; i < urls.length; i++) {
      try {
        urls[i] = jars.get(i).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalStateException(jars.get(i).toString(), e);
      }
    }
    return new URLClassLoader(peer.text(), urls, ClassLoader.getPlatformClassLoader());
  }
}
