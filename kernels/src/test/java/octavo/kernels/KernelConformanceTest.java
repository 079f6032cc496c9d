package octavo.kernels;

import octavo.conformance.KernelConformance;

class KernelConformanceTest extends KernelConformance {

  KernelConformanceTest() {
    super("reference", "scalar", "vector");
  }
}
