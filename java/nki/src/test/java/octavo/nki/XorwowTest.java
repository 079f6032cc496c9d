package octavo.nki;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class XorwowTest {

  /**
   * The first numbers from the state of Marsaglia's paper, as the unit test of D's standard library
   * lists them for its Xorshift192 (std.random): not ours.
   */
  private static final long[] PUBLISHED = {
    246875399L,
    3690007200L,
    1264581005L,
    3906711041L,
    1866187943L,
    2481925219L,
    2464530826L,
    1604040631L,
    3653403911L
  };

  @Test
  void publishedNumbers() {
    Xorwow xorwow = Xorwow.marsaglia();
    long[] numbers = new long[PUBLISHED.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Integer.toUnsignedLong(xorwow.nextInt());
    }
    assertArrayEquals(PUBLISHED, numbers);
  }

  @Test
  void continuesFromItsState() {
    Xorwow xorwow = Xorwow.ofSeed(1);
    for (int i = 0; i < 100; i++) {
      xorwow.nextInt();
    }
    Xorwow other = Xorwow.ofState(xorwow.state());
    for (int i = 0; i < 100; i++) {
      assertEquals(xorwow.nextInt(), other.nextInt());
    }
  }

  @Test
  void refusesStatesItCannotLeave() {
    assertThrows(IllegalArgumentException.class, () -> Xorwow.ofState(0, 0, 0, 0, 0, 7));
    assertThrows(IllegalArgumentException.class, () -> Xorwow.ofState(1, 2, 3, 4, 5));
  }

  /**
   * The GpSimd Engine's instructions, in a partition of Marsaglia's state and one that follows it.
   */
  @Test
  void rng() {
    Nisa nisa = Nisa.on(NeuronCore.V3);
    int[] begin = Xorwow.marsaglia().state();
    IntegerTile states = IntegerTile.allocate(IntegerType.UINT32, 2, 6);
    for (int i = 0; i < 6; i++) {
      states.set(0, i, begin[i]);
      states.set(1, i, begin[i]);
    }
    states.set(1, 5, begin[5] + 1);
    nisa.randSetState(states);
    IntegerTile wide = IntegerTile.allocate(IntegerType.UINT32, 2, 4);
    nisa.rng(wide);
    IntegerTile narrow = IntegerTile.allocate(IntegerType.UINT8, 2, 5);
    nisa.rng(narrow);
    for (int i = 0; i < 4; i++) {
      assertEquals(PUBLISHED[i], wide.get(0, i));
      // The Weyl sequence is added to the output: one more at the start is one more for ever.
      assertEquals((PUBLISHED[i] + 1) & 0xFFFF_FFFFL, wide.get(1, i));
    }
    for (int i = 0; i < 5; i++) {
      assertEquals(PUBLISHED[4 + i] & 0xFF, narrow.get(0, i));
    }
    Xorwow same = Xorwow.marsaglia();
    for (int i = 0; i < 9; i++) {
      same.nextInt();
    }
    nisa.randGetState(states);
    for (int i = 0; i < 6; i++) {
      assertEquals(same.state()[i], (int) states.get(0, i));
    }
    NeuronCoreTest.assertRefused("exists from", () -> Nisa.on(NeuronCore.V2).rng(wide));
    NeuronCoreTest.assertRefused("six uint32", () -> nisa.randSetState(wide));
  }
}
