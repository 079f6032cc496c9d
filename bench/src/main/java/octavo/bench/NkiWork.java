package octavo.bench;

import java.lang.foreign.Arena;
import octavo.Engine;
import octavo.format.BlockFormat;
import octavo.format.Formats;
import octavo.nki.MxLayout;
import octavo.nki.MxTile;
import octavo.nki.NeuronCore;
import octavo.nki.TiledMatmul;
import octavo.tensor.Tensor;

/** NKI's products on one backend, and its layouts, which are the same for all. */
final class NkiWork {

  private NkiWork() {}

  static Contender of(Subject subject) {
    return subject.product() ? new Product(subject) : new Layout(subject);
  }

  private static MxTile tile(Subject subject, String format, int dimension, Arena arena) {
    Tensor blocks =
        Numbers.tensor(
            OctavoWork.engine(),
            arena,
            Formats.byName(format),
            subject.size(dimension),
            subject.size(2),
            1 + dimension);
    return MxLayout.pack(blocks, arena);
  }

  /** {@code nc_matmul_mx} of whole operands: changing their layouts takes part of the time. */
  private static final class Product implements Contender {
    private final Arena arena = Arena.ofAuto();
    private final Subject subject;
    private final TiledMatmul matmul;
    private final MxTile stationary;
    private final MxTile moving;
    private final Tensor out;

    Product(Subject subject) {
      this.subject = subject;
      matmul = new TiledMatmul(NeuronCore.V4, OctavoWork.engine(subject));
      stationary = tile(subject, subject.source(), 0, arena);
      moving = tile(subject, subject.target(), 1, arena);
      out = Tensor.allocate(arena, Formats.FP32, subject.size(0), subject.size(1));
    }

    @Override
    public void run() {
      matmul.matmulMx(out, stationary, moving);
    }

    /** The first and last rows and columns. */
    @Override
    public void check() {
      Engine reference = OctavoWork.engine("reference");
      for (boolean last : new boolean[] {false, true}) {
        long i = last ? out.rows() - 2 : 0;
        long j = last ? out.columns() - 64 : 0;
        Tensor expected = Tensor.allocate(arena, Formats.FP32, 2, 64);
        new TiledMatmul(NeuronCore.V4, reference)
            .matmulMx(
                expected,
                stationary.slice(0, stationary.partitions(), i, i + 2),
                moving.slice(0, moving.partitions(), j, j + 64));
        Tensor part = out.slice(0, i, i + 2).slice(1, j, j + 64);
        OctavoWork.requireSameNumbers(subject, part, expected);
      }
    }
  }

  /** Blocks of rows to tiles or back, from memory that no cache holds. */
  private static final class Layout implements Contender {
    private final Subject subject;
    private final boolean pack;
    private final Tensor[] blocks;
    private final MxTile[] tiles;
    private int turn;

    Layout(Subject subject) {
      this.subject = subject;
      pack = subject.op().equals("pack");
      int copies = (int) Math.ceil(OctavoWork.ROTATED_BYTES / subject.bytesMoved());
      blocks = new Tensor[copies];
      tiles = new MxTile[copies];
      BlockFormat format = (BlockFormat) Formats.byName(subject.source());
      long rows = subject.size(0);
      long columns = subject.size(1);
      for (int i = 0; i < copies; i++) {
        // Confined to this thread, as many threads are another subject.
        Arena arena = subject.threads() == 1 ? Arena.ofConfined() : Arena.ofAuto();
        blocks[i] = Numbers.tensor(OctavoWork.engine(), arena, format, rows, columns, i);
        tiles[i] = MxTile.allocate(arena, format.element(), Math.ceilDiv(columns, 128) * 32, rows);
        MxLayout.pack(blocks[i], tiles[i]);
      }
    }

    @Override
    public void run() {
      turn = turn + 1 == blocks.length ? 0 : turn + 1;
      if (pack) {
        MxLayout.pack(blocks[turn], tiles[turn]);
      } else {
        MxLayout.unpack(tiles[turn], blocks[turn]);
      }
    }

    /** Number by number, as the layout is defined. */
    @Override
    public void check() {
      Tensor rows = blocks[turn];
      MxTile tile = tiles[turn];
      for (long f = 0; f < rows.rows(); f += 61) {
        for (long k = 0; k < rows.columns(); k++) {
          float scaled = rows.get(f, k);
          float packed = tile.get(k / 4, f, (int) (k % 4));
          if (Float.floatToIntBits(scaled) != Float.floatToIntBits(packed)) {
            throw new IllegalStateException(
                "%s: number %d of row %d is %s, in the tile %s"
                    .formatted(subject.id(), k, f, scaled, packed));
          }
        }
      }
    }
  }
}
