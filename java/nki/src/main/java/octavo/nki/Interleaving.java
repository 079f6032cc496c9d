package octavo.nki;

/**
 * Which four contraction indices share a packed element (x4). With {@code P} partitions the
 * contraction has {@code K = 4 P} indices; element {@code c} of the packed element in partition
 * {@code p} is index {@link #index}.
 *
 * <p>Any order gives the same dot product if both operands have it. It decides, however, which 32
 * numbers share a scale (8 partitions by 4), so that it is part of the contract on bits.
 *
 * <p>Sources: AWS Neuron SDK, guide to MXFP matrix multiplication and Trainium3 architecture guide
 * for {@link #STRIDED}; nki-library's quantization references ("1x32") and neuronx-distributed's
 * quad rows for {@link #NEIGHBOURS}.
 */
public enum Interleaving {
  /**
   * Four indices K/4 apart: 128 apart in a full tile of 128 partitions. An operand of more
   * partitions is a stack of such tiles, the last of which may have fewer partitions and a shorter
   * distance: {@code k = 512 t + c * P_t + (p mod 128)}, {@code t = p div 128}, {@code P_t} the
   * partitions of tile {@code t}.
   */
  STRIDED {
    @Override
    public long index(long partitions, long partition, int element) {
      long tile = partition / NeuronCore.PARTITIONS;
      return 4 * NeuronCore.PARTITIONS * tile
          + element * tilePartitions(partitions, tile)
          + partition % NeuronCore.PARTITIONS;
    }
  },

  /**
   * Four neighbours: {@code k = 4 p + c}. A scale then serves 32 consecutive indices, as in the OCP
   * specification's blocks and in checkpoints, which become tiles without being quantized anew.
   */
  NEIGHBOURS {
    @Override
    public long index(long partitions, long partition, int element) {
      return 4 * partition + element;
    }
  };

  /**
   * {@return the contraction index at a place}
   *
   * @param partitions the operand's partitions
   * @param partition one of them
   * @param element 0 to 3
   */
  public abstract long index(long partitions, long partition, int element);

  /** {@return the partitions of a tile of a stack} */
  static long tilePartitions(long partitions, long tile) {
    return Math.min(NeuronCore.PARTITIONS, partitions - tile * NeuronCore.PARTITIONS);
  }
}
