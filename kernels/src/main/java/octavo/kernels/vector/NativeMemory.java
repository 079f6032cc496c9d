package octavo.kernels.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What C2 must know of a segment before it meets a loop of vectors. */
public final class NativeMemory {
  /*
   * A segment's base and address are virtual calls to C2, which inlines them by the profile of the
   * Vector API's own methods; and all users of a process share that. Once vectors have been loaded
   * from arrays, byte[] and float[] segments say, or slices of them been made, nothing is inlined
   * any more: vectors and slices become objects, and a loop takes 600 times as long (measured, 256
   * bits: 144 in place of 0.21 ns per element). After SEGMENT.cast(segment), which C2 compiles to a
   * comparison of classes, the calls have one target whatever the profile says. Loops then need no
   * slices to be quick: bounds, thread and lifetime are checked before the loop.
   *
   * What cannot be cured here: where a process has used vectors of two widths, C2 no longer knows
   * a vector's class from the classes that exist, and guards each call by the class it has seen. In
   * four of 46 processes that ran the kernels of 128 bits after loads of 256, one loop or other then
   * made an object of a vector in each turn (nearestWide, floats8 and unpack4 were seen), though all
   * of its calls had been compiled to instructions; with one width in none of 38.
   */

  /** The class of segments of native memory; those of mapped files are its subclass. */
  public static final Class<? extends MemorySegment> SEGMENT =
      Arena.global().allocate(1).getClass();

  private NativeMemory() {}
}
