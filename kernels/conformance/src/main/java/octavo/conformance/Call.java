package octavo.conformance;

import java.util.List;
import octavo.Engine;
import octavo.dispatch.Plan.Considered;
import octavo.spi.Kernel;
import octavo.spi.Request;

/** A case with memory: what a kernel is run on. */
interface Call {

  /** {@return the description that kernels judge} */
  Request request();

  /**
   * {@return what each kernel of the operation says, overrides included}, after the checks that the
   * facade makes
   *
   * @throws UnsupportedOperationException if no kernel can run the call
   */
  List<Considered> verdicts(Engine engine);

  /** {@return the operands that a kernel reads} */
  List<Guarded> inputs();

  /** {@return the operand that a kernel writes} */
  Guarded output();

  /** Fills the inputs with the case's values. */
  void fill(long seed);

  /** Runs a kernel of the operation. */
  void run(Kernel<?> kernel);
}
