package octavo.conformance;

import java.util.List;

/**
 * Combines declared lists without their full product: for each combination an entry of every list
 * is drawn, always the same ones in every run. Drawn rather than walked in step, because two lists
 * walked in step may meet in the same pairs only.
 */
final class Rotation {

  private int combination;

  /** Goes to the next combination. */
  void advance() {
    combination++;
  }

  /**
   * {@return this combination's entry of a list}
   *
   * @param list the list
   * @param draw a number that tells the lists of a combination apart
   */
  <T> T pick(List<T> list, int draw) {
    int hash = (combination * 31 + draw) * 0x9E37_79B1;
    hash = (hash ^ hash >>> 15) * 0x85EB_CA6B;
    return list.get(Math.floorMod(hash ^ hash >>> 13, list.size()));
  }
}
