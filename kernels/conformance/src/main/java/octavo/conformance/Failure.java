package octavo.conformance;

/**
 * What a kernel did wrong in a case.
 *
 * @param kernel its id; of a case that could not be run at all, the reference
 * @param caseId the case
 * @param text lines for a person
 */
record Failure(String kernel, String caseId, String text) {}
