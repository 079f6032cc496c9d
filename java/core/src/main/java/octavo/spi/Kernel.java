package octavo.spi;

/**
 * One implementation of one operation. Every kernel of an operation returns the same bits as its
 * reference kernel.
 *
 * <p>A kernel writes the elements of its output and nothing else, as an output may be a part of a
 * larger tensor: neither bytes between rows, nor, behind an odd number of four-bit columns, the
 * other half of the last byte. It may be run by several threads at once.
 *
 * @param <R> the requests it judges
 */
public sealed interface Kernel<R extends Request>
    permits ConvertKernel, QuantizeKernel, DequantizeKernel, MatmulKernel, SparseMatmulKernel {

  /** {@return the name, unique among all kernels} */
  KernelId id();

  /** {@return the operation} */
  Op op();

  /** {@return the instructions it uses beyond what the host's Java offers everywhere} */
  default Isa isa() {
    return Isa.PORTABLE;
  }

  /**
   * {@return whether it is slow until the virtual machine has compiled it, so that another kernel
   * should run its first calls}
   */
  default boolean coldStart() {
    return false;
  }

  /**
   * {@return whether this kernel can run a request on a host, and at what cost}
   *
   * <p>A pure function: it reads nothing but its arguments, so that choices for other machines can
   * be tested on this one. Whether the backend is there, disabled or limited is not its business.
   *
   * @param request the call
   * @param host the machine
   */
  Verdict consider(R request, Host host);
}
