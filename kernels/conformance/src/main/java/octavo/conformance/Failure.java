package octavo.conformance;

import octavo.spi.KernelId;

/**
 * What a kernel did wrong in a case.
 *
 * @param kernel the kernel
 * @param caseId the case
 * @param text lines for a person
 */
record Failure(KernelId kernel, String caseId, String text) {}
