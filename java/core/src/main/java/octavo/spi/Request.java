package octavo.spi;

import java.util.List;

/** The description of one call: all that a kernel's verdict may depend on, besides the host. */
public sealed interface Request
    permits ConvertRequest, QuantizeRequest, DequantizeRequest, MatmulRequest, SparseMatmulRequest {

  /** {@return the operation} */
  Op op();

  /** {@return the tensors of the call, the output last} */
  List<Operand> operands();
}
